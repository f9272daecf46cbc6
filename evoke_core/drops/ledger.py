"""The record of which drops are done, the one truth about what is new.

A drop is done when its board or its quarantine record stands. Those are written first,
the ledger last; where a run died between, the next one finds them and writes the
ledger. One small blob a drop, `ledger/settled/<source key>~<etag>`: sorted nearly as
the drops themselves, so that a page of drops costs about one page of the ledger.

A version that was gone when a run came for it stands at `ledger/gone/…`, for people
only: put again, the same version is as new.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import takewhile
from typing import Literal

from evoke_core.drops.drop import Drop
from evoke_core.drops.tickets import write_ticket
from evoke_core.storage.store import Store, digest

Outcome = Literal["board", "quarantine", "gone"]
Version = tuple[str, str]  # source key and etag of a drop

_SETTLED = "ledger/settled/"
_GONE = "ledger/gone/"
# A bucket's key has 1,024 bytes, the store's own prefix included; a file's name 255.
_LONGEST_KEY = 500
_LONGEST_NAME = 180
_CUT = "~"  # between song and etag; no part of a key that stands as it is
_PLAIN = re.compile(r"(?:[^/.~\0][^/~\0]*)(?:/[^/.~\0][^/~\0]*)*")
_PLAIN_ETAG = re.compile(r"[0-9A-Za-z-]{1,64}")
_BESIDE = 1000  # entries of the ledger that are read in vain before it asks one by one


def record(store: Store, drop: Drop, outcome: Outcome, where: str) -> None:
    """Say how a drop ended, after its board or quarantine record stands.

    Args:
        store: Where the ledger lies.
        drop: The song.
        outcome: `gone`, where the version that was seen can no longer be fetched.
        where: Store key of the page or of the quarantine record; "" for `gone`.
    """
    entry = {
        "drop_id": drop.drop_id,
        "key": drop.key,
        "etag": drop.etag,
        "outcome": outcome,
        "where": where,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    folder = _GONE if outcome == "gone" else _SETTLED
    store.write(
        folder + _name(drop.source_key, drop.etag), json.dumps(entry, indent=1).encode()
    )
    if outcome == "gone":
        # Nothing broke: put again, it has all its tries.
        write_ticket(store, drop, 0)


def recorded(store: Store, drops: Iterable[Drop]) -> set[str]:
    """Return the ids of those drops that have a board or a quarantine record."""
    asked = {(drop.source_key, drop.etag): drop.drop_id for drop in drops}
    return {asked[version] for version in settled(store, asked)}


def settled(store: Store, versions: Iterable[Version]) -> set[Version]:
    """Return those versions of songs that have a board or a quarantine record.

    Reads the part of the ledger between the first and the last of them; where that is
    full of others (songs that were moved away), it asks for the rest by name. So n
    songs cost at most 2 n + 1,000 entries and n questions.
    """
    wanted = {_SETTLED + _name(*version): version for version in versions}
    if not wanted:
        return set()
    left = sorted(wanted)
    done: set[Version] = set()
    spare = 2 * len(left) + _BESIDE
    # A listing begins beyond a key: the first one without its end comes before it.
    for found in store.listing(_SETTLED, after=left[0][:-1]):
        if found.key in wanted:
            done.add(wanted[found.key])
        if found.key >= left[-1]:
            break
        spare -= 1
        if not spare:
            rest = (key for key in left if key > found.key)
            done.update(wanted[key] for key in rest if store.exists(key))
            break
    return done


def _name(source_key: str, etag: str) -> str:
    """Name a version within the ledger: as it is, or by its folder and a digest."""
    if not _PLAIN_ETAG.fullmatch(etag):
        etag = f"{_CUT}{digest(etag)}"
    if _PLAIN.fullmatch(source_key) and len(source_key) <= _LONGEST_NAME // 4:
        return f"{source_key}{_CUT}{etag}"
    segments = source_key.split("/")
    plain = list(takewhile(_is_plain, segments))
    short = len(_bytes(source_key)) <= _LONGEST_KEY
    if short and len(plain) == len(segments):
        return f"{source_key}{_CUT}{etag}"
    folder = "".join(f"{part}/" for part in plain if short)
    return f"{folder}{_CUT}{digest(source_key)}{_CUT}{etag}"


def _is_plain(segment: str) -> bool:
    return (
        _PLAIN.fullmatch(segment) is not None and len(_bytes(segment)) <= _LONGEST_NAME
    )


def _bytes(text: str) -> bytes:
    # Names of files that are no UTF-8 reach Python as lone surrogates.
    return text.encode(errors="surrogatepass")
