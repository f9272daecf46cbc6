"""What may lie beside a dropped song under its stem: options and lyrics.

`song.json` says how the board should be, `song.lrc` or `song.txt` holds the words. A
sidecar that changes later makes no new drop; it counts when the song is served again.
Sidecars stay where they are, since songs of the same stem share them.

Lyrics are kept at `lyrics/<drop_id>` and not in the board's folder: that folder is what
people copy and serve to others, and the words are not ours to hand on.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from evoke_core.boards.options import PLAIN, BoardOptions, read_options
from evoke_core.drops.drop import PREFIX, Drop
from evoke_core.memory.lyrics import decode_lyrics
from evoke_core.storage.store import Store

LYRICS = "lyrics/"
_SUFFIXES = (".lrc", ".txt")  # words with times are preferred
_MOST_BYTES = 4_194_304  # as much as audio memory reads


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The words of a song.

    Args:
        text: Lines end in a line feed; an lrc keeps its times in brackets.
        suffix: ".lrc" or ".txt".
    """

    text: str
    suffix: str


def options_of(store: Store, drop: Drop) -> BoardOptions:
    """Read how the board should be; plain where nothing is said.

    Raises:
        TrackRefused: With the reason bad_options.
    """
    key = _beside(drop, ".json")
    try:
        raw = store.read(key)
    except KeyError:
        return PLAIN
    return read_options(raw, name=key.removeprefix(PREFIX))


def keep_lyrics(store: Store, drop: Drop) -> str | None:
    """Keep the words that lie beside a song with its drop.

    Returns:
        What a reader should know where they can't be used; else None.
    """
    for suffix in _SUFFIXES:
        key = _beside(drop, suffix)
        try:
            raw = store.read(key)
        except KeyError:
            continue
        text = _decode(raw)
        if text is None:
            return (
                f"{key.removeprefix(PREFIX)} is no text of at most {_MOST_BYTES} "
                "bytes, so the lyrics were left out"
            )
        store.write(f"{LYRICS}{drop.drop_id}{suffix}", text.encode())
        for other in _SUFFIXES:  # kept when the song was served before
            if other != suffix:
                store.delete(f"{LYRICS}{drop.drop_id}{other}")
        return None
    return None


def read_lyrics(store: Store, drop_id: str) -> Lyrics | None:
    """Return the words that were kept with a drop; None where there were none."""
    for suffix in _SUFFIXES:
        try:
            text = store.read(f"{LYRICS}{drop_id}{suffix}").decode()
        except KeyError:
            continue
        return Lyrics(text, suffix)
    return None


def _beside(drop: Drop, suffix: str) -> str:
    return str(PurePosixPath(drop.key).with_suffix(suffix))


def _decode(raw: bytes) -> str | None:
    text = decode_lyrics(raw) if len(raw) <= _MOST_BYTES else None
    return "\n".join(text.splitlines()) if isinstance(text, str) else None
