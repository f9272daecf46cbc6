"""Where a dropped song lies: in drops/, set aside in quarantine/, or done.

Every step can be repeated and none loses the song: it is written where it goes before
it is deleted where it was, and deleted only as the version that was read. A song is
looked for in all three places, so a run that was killed between them goes on.

Not here: what is to become of a song (serve), what has become of it (drops.ledger).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from evoke_core.drops.drop import QUARANTINE, Drop
from evoke_core.errors import TrackRefused
from evoke_core.storage.store import Store

DONE = "done/"
_NAME_BYTES = 180  # of the last segment; S3 takes 1,024 a key, file systems 255
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")
_REMEDY = (
    "drop a mended song; or, once the cause is gone, materialise the partition "
    "{drop_id} of audio_drop_board again, which reads the song from here"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A song's bytes and where they lie."""

    audio: bytes
    key: str


def find_audio(store: Store, drop: Drop, *, max_bytes: int | None = None) -> Found:
    """Read the version of a song that was dropped, wherever it has been moved.

    Args:
        store: Where it lies.
        drop: The song.
        max_bytes: Largest one that is read; it is held in memory.

    Raises:
        KeyError: It was deleted or overwritten before a run came to it.
        TrackRefused: `too_large`.
    """
    if max_bytes is not None and drop.size_bytes > max_bytes:
        raise TrackRefused(
            "too_large",
            f"{drop.source_key!r}: has {drop.size_bytes} bytes, at most {max_bytes} "
            "are read; drop it compressed, or raise drops.max_bytes",
        )
    try:
        return Found(store.read_as(drop.key, drop.etag), drop.key)
    except KeyError:
        aside = quarantine_key(drop)
    try:
        return Found(store.read(aside), aside)
    except KeyError:
        return Found(store.read(done_key(drop)), done_key(drop))


def set_aside(
    store: Store, drop: Drop, audio: bytes | None, refusal: TrackRefused, *, at: str
) -> None:
    """Copy a song beside a record that says why; the record is the decision.

    Args:
        store: Where it lies.
        drop: The song.
        audio: Its bytes, as they were dropped; None leaves it where it lies.
        refusal: Why.
        at: When, ISO 8601.
    """
    kept = drop.key
    if audio is not None:
        kept = quarantine_key(drop)
        store.write(kept, audio)
    record = {
        "drop_id": drop.drop_id,
        "source_key": drop.source_key,
        "key": drop.key,
        "etag": drop.etag,
        "audio": kept,
        "reason": refusal.reason,
        "message": str(refusal),
        "at": at,
        "remedy": _REMEDY.format(drop_id=drop.drop_id),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    # a file name that is no UTF-8 reaches Python as lone surrogates
    store.write(_record_key(drop), text.encode(errors="backslashreplace"))


def read_record(store: Store, drop: Drop) -> Mapping[str, Any]:
    """Read why a song was set aside; KeyError where it was not."""
    raw = store.read(_record_key(drop))
    try:
        record: dict[str, Any] = json.loads(raw)
        if all(isinstance(record[each], str) for each in ("reason", "message")):
            return record
    except (KeyError, TypeError, ValueError, RecursionError):
        pass  # somebody has mended or torn it
    return {
        "reason": "unreadable_record",
        "message": f"{_record_key(drop)} can't be read any more; "
        + _REMEDY.format(drop_id=drop.drop_id),
    }


def is_aside(store: Store, drop: Drop) -> bool:
    """Say whether a song has been set aside."""
    return store.exists(_record_key(drop))


def keep_done(store: Store, drop: Drop, found: Found) -> str:
    """Write a song where it stays once it has a board; returns its store key."""
    kept = done_key(drop)
    if found.key != kept:
        store.write(kept, found.audio)
    return kept


def clear_dropped(store: Store, drop: Drop) -> None:
    """Delete a song from drops/, unless somebody has put another one there."""
    store.delete_as(drop.key, drop.etag)


def clear_copied(store: Store, drop: Drop) -> None:
    """Delete a song from drops/ if it lies in quarantine, too."""
    if store.exists(quarantine_key(drop)):
        clear_dropped(store, drop)


def clear_aside(store: Store, drop: Drop) -> None:
    """Take a song with a board out of quarantine: the record first, then the audio."""
    store.delete(_record_key(drop))
    store.delete(quarantine_key(drop))


def quarantine_key(drop: Drop) -> str:
    """Return where a song lies that was set aside."""
    return f"{QUARANTINE}{drop.drop_id}/{_name(drop)}"


def done_key(drop: Drop) -> str:
    """Return where a song lies that was moved after its board was stored."""
    return f"{DONE}{drop.drop_id}/{_name(drop)}"


def _record_key(drop: Drop) -> str:
    return f"{QUARANTINE}{drop.drop_id}.json"


def _name(drop: Drop) -> str:
    """Take the file's own name, shortened before its suffix where it is very long."""
    path = PurePosixPath(drop.source_key)
    stem = path.name.removesuffix(path.suffix).encode(errors="surrogateescape")
    kept = stem[:_NAME_BYTES].decode(errors="ignore") or "song"
    suffix = path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
    return f"{kept}{suffix}"
