"""Songs that were dropped: what a listing shows, and which of it is a song.

What is to be done about them is decided in `tick`; what was done stands in `ledger`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from evoke_core.storage.store import StoredObject, digest

PREFIX = "drops/"
SOURCE = "drops"  # where a board says that a dropped song is from
QUARANTINE = "quarantine/"
# They belong to a song that lies beside them and make no board of their own.
SIDECARS = frozenset((".txt", ".lrc", ".json", ".csv", ".md"))
# What browsers and copying programs call a file that they have not finished.
_UNFINISHED = frozenset((".part", ".partial", ".crdownload", ".download", ".tmp"))
_NO_SONGS = frozenset(suffix[1:] for suffix in SIDECARS | _UNFINISHED)
_SLUG_CHARACTERS = 40
SETTLED_AFTER_S = 2.0  # a file that is still being copied changes within that
_SKEW_S = 300.0  # by which another machine's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Drop:
    """One version of one dropped song.

    Args:
        drop_id: Name of its partition and of its board's folder.
        key: Store key of the audio.
        source_key: The path below the drops folder.
        etag: The version, as the listing names it.
        size_bytes: Of this version; 0 where nothing says so.
    """

    drop_id: str
    key: str
    source_key: str
    etag: str
    size_bytes: int = field(default=0, compare=False)


def drop_of(key: str, etag: str, size_bytes: int = 0) -> Drop:
    """Name one version of the song at a key below PREFIX."""
    source_key = key.removeprefix(PREFIX)
    return Drop(
        drop_id=f"{slug(PurePosixPath(source_key).stem)}-{digest([key, etag])[:10]}",
        key=key,
        source_key=source_key,
        etag=etag,
        size_bytes=size_bytes,
    )


def slug(name: str) -> str:
    """Shorten a name to what ids, folders and addresses are made of, 1 to 40 signs."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words[:_SLUG_CHARACTERS] or "song"


def is_song(key: str) -> bool:
    """Say whether a key names a song, by its name alone; content decides later.

    Not songs: sidecars, hidden files, what a program has not finished, and the empty
    objects that S3's console puts where a folder is to be seen.
    """
    name = key.rpartition("/")[2]
    _, dot, suffix = name.rpartition(".")
    # By hand: pathlib would take most of a tick's time over 100,000 keys.
    return name[:1] not in ("", ".") and not (dot and suffix.lower() in _NO_SONGS)


def is_settled(found: StoredObject, *, now_s: float) -> bool:
    """Say whether a song is old enough to be whole.

    What changed just now may still be copied, also where the clock that stamps it is a
    little ahead; a stamp far in the future says nothing about that.
    """
    return not -_SKEW_S <= now_s - found.modified_s < SETTLED_AFTER_S


def observe(listing: Iterable[StoredObject], *, now_s: float) -> list[Drop]:
    """Read a successful listing of the drops folder.

    Args:
        listing: Objects below PREFIX.
        now_s: Seconds since the epoch; what changed just now is left to settle.

    Returns:
        One drop per song, in the order of the listing.
    """
    return [
        drop_of(found.key, found.etag, found.size_bytes)
        for found in listing
        if is_song(found.key) and is_settled(found, now_s=now_s)
    ]


def title_from_key(source_key: str) -> str:
    """Make a title of a file name: its signs between words become blanks."""
    stem = PurePosixPath(source_key).stem.replace("_", " ").strip()
    if " " not in stem and stem.count("-") > 1:  # "a-b-c"; one hyphen may be a word's
        stem = stem.replace("-", " ").strip()
    return stem or source_key
