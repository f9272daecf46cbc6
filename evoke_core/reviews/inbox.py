"""Verdict files that were dropped: each is taken once, or set aside with its reason.

The files in the inbox are what waits, so a broken run loses nothing. What a verdict
must say is `verdict` and `ballot`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from evoke_core.drops.drop import is_settled
from evoke_core.reviews.ballot import Ballot, parse_ballot, resolve, write_ballot
from evoke_core.reviews.verdict import (
    MAX_BYTES,
    VerdictRefused,
    read_verdict,
    too_large,
)
from evoke_core.storage.store import Store, StoredObject, digest

INBOX = "reviews/inbox/"
TAKEN = "reviews/taken/"
BALLOTS = "reviews/ballots/"
REFUSED = "reviews/refused/"
_MOST_READ_BYTES = 64 * 1024 * 1024  # what is larger is named and stays where it lies


@dataclass(frozen=True, slots=True)
class Taken:
    """How one file ended.

    Args:
        name: Its name in the inbox.
        digest: Of its bytes; of name and version where it was not read.
        reason: Stable word; None if its ballot is in the store.
        message: The same for people.
    """

    name: str
    digest: str
    reason: str | None = None
    message: str | None = None


def waiting(listing: Iterable[StoredObject], *, now_s: float) -> list[StoredObject]:
    """Return the verdict files of a successful listing of the inbox.

    Args:
        listing: Objects below INBOX.
        now_s: Seconds since the epoch; what changed just now is left to settle.

    Returns:
        In the order of the listing; files that are not .json are not ours.
    """
    return [
        found
        for found in listing
        if PurePosixPath(found.key).suffix.lower() == ".json"
        and not PurePosixPath(found.key).name.startswith(".")
        and is_settled(found, now_s=now_s)
    ]


def take_verdicts(
    store: Store, files: Iterable[StoredObject], *, now: datetime
) -> list[Taken]:
    """Take files out of the inbox, one after the other.

    A file whose very bytes were taken before changes nothing. One that is far too large
    is refused each time, unread, and stays where it lies. Anything but a refusal
    propagates: it is not the file's fault, and the file stays to be tried again.

    Args:
        store: Holds inbox, studies and boards.
        files: What `waiting` returned.
        now: With its zone.
    """
    return [taken for found in files if (taken := _take(store, found, now))]


def read_ballots(store: Store) -> Iterator[Ballot]:
    """Read every ballot that was ever taken, in the order of their digests.

    Raises:
        VerdictRefused: `damaged_ballot`; what people said is not left out unseen.
    """
    for found in store.listing(BALLOTS):
        yield parse_ballot(store.read(found.key), key=found.key)


def _take(store: Store, found: StoredObject, now: datetime) -> Taken | None:
    if found.size_bytes > _MOST_READ_BYTES:
        return _leave(store, found, now)
    try:
        raw = store.read(found.key)
    except KeyError:  # taken back since the listing
        return None
    name, content = found.key.removeprefix(INBOX), digest(raw)
    taken = Taken(name, content)
    if not store.exists(f"{BALLOTS}{content}.json"):
        try:
            ballot = resolve(read_verdict(raw), content, store, now=now)
        except VerdictRefused as refusal:
            taken = Taken(name, content, refusal.reason, str(refusal))
            _set_aside(store, raw, taken, now)
        else:
            store.write(f"{TAKEN}{content}.json", raw)
            store.write(f"{BALLOTS}{content}.json", write_ballot(ballot))
    if store.etag(found.key) == found.etag:  # else another file came under its name
        store.delete(found.key)
    return taken


def _leave(store: Store, found: StoredObject, now: datetime) -> Taken:
    name, version = found.key.removeprefix(INBOX), digest([found.key, found.etag])
    refusal = too_large(found.size_bytes)
    taken = Taken(name, version, refusal.reason, str(refusal))
    _record(store, taken, (found.key, found.size_bytes), now)
    return taken


def _set_aside(store: Store, raw: bytes, taken: Taken, now: datetime) -> None:
    """Keep the bytes beside a record that says why; the record is written last."""
    moved = f"{REFUSED}{taken.digest}.verdict"
    store.write(moved, raw)
    _record(store, taken, (moved, len(raw)), now)


def _record(store: Store, taken: Taken, lying: tuple[str, int], now: datetime) -> None:
    """Write down why a file is refused, beside where it lies and its size in bytes."""
    place, size_bytes = lying
    record = {
        "file": taken.name,
        "size_bytes": size_bytes,
        "limit_bytes": MAX_BYTES,
        "moved_to": place,
        "reason": taken.reason,
        "message": taken.message,
        "refused_at": now.isoformat(timespec="seconds"),
    }
    store.write(
        f"{REFUSED}{taken.digest}.json",
        json.dumps(record, indent=1, ensure_ascii=False).encode(
            errors="backslashreplace"
        ),
    )
