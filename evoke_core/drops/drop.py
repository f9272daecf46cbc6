"""Songs that were dropped: which of what a listing shows still wants a board.

Pure decisions over a listing and the records in the store; the sensor acts on them.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from evoke_core.storage.store import Store, StoredObject, digest

PREFIX = "drops/"
QUARANTINE = "quarantine/"
# They belong to a song that lies beside them and make no board of their own.
SIDECARS = frozenset((".txt", ".lrc", ".json", ".url", ".csv", ".md"))
_SETTLED_AFTER_S = 2.0  # a file that is still being copied changes within that


@dataclass(frozen=True, slots=True)
class Drop:
    """One version of one dropped song.

    Args:
        drop_id: Name of its partition and of its board's folder.
        key: Store key of the audio.
        source_key: The path below the drops folder.
    """

    drop_id: str
    key: str
    source_key: str


def observe(listing: Iterable[StoredObject], *, now_s: float) -> list[Drop]:
    """Read a successful listing of the drops folder.

    Args:
        listing: Objects below PREFIX.
        now_s: Seconds since the epoch; what changed just now is left to settle.

    Returns:
        One drop per song, in the order of the listing.
    """
    return [
        _drop(found)
        for found in listing
        if PurePosixPath(found.key).suffix.lower() not in SIDECARS
        and not PurePosixPath(found.key).name.startswith(".")
        and now_s - found.modified_s >= _SETTLED_AFTER_S
    ]


def pending(drops: Iterable[Drop], recorded: Collection[str]) -> list[Drop]:
    """Return the drops that have neither a board nor a quarantine record."""
    return [drop for drop in drops if drop.drop_id not in recorded]


def recorded_drops(store: Store) -> set[str]:
    """Return the ids that have a whole board or a quarantine record."""
    boards = {
        found.key.split("/")[1]
        for found in store.listing("boards/")
        if found.key.endswith("/board.json")
    }
    refused = {
        PurePosixPath(found.key).stem
        for found in store.listing(QUARANTINE)
        if found.key.count("/") == 1 and found.key.endswith(".json")
    }
    return boards | refused


def _drop(found: StoredObject) -> Drop:
    source_key = found.key.removeprefix(PREFIX)
    stem = PurePosixPath(source_key).stem
    slug = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40] or "song"
    return Drop(
        drop_id=f"{slug}-{digest([found.key, found.etag])[:10]}",
        key=found.key,
        source_key=source_key,
    )
