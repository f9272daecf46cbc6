"""What may lie beside a dropped song under its stem: options and lyrics.

`song.json` says how the board should be, `song.lrc` or `song.txt` holds the words. A
sidecar that changes later makes no new drop; it counts when the song is served again.
Sidecars stay where they are, since songs of the same stem share them.

Lyrics are kept at `lyrics/<drop_id>` and not in the board's folder: that folder is what
people copy and serve to others, and the words are not ours to hand on.
"""

from contextlib import suppress
from pathlib import PurePosixPath

from evoke_core.boards.options import PLAIN, BoardOptions, read_options
from evoke_core.drops.drop import PREFIX, Drop
from evoke_core.memory.lyrics import LyricsRules, decode_lyrics
from evoke_core.storage.store import Store

LYRICS = "lyrics/"
_SUFFIXES = (".lrc", ".txt")  # words with times are preferred
_MOST_BYTES = LyricsRules().most_bytes  # more is read by nobody
_LONGEST_NAME, _LONGEST_KEY = 255, 1024  # bytes: of file systems, of S3


def options_of(store: Store, drop: Drop) -> BoardOptions:
    """Read how the board should be; plain where nothing is said.

    Raises:
        TrackRefused: With the reason bad_options.
    """
    key = _beside(drop, ".json")
    raw = _read(store, key)
    return PLAIN if raw is None else read_options(raw, name=key.removeprefix(PREFIX))


def keep_lyrics(store: Store, drop: Drop) -> str | None:
    """Keep the words that lie beside a song with its drop.

    Returns:
        What a reader should know where they can't be used; else None.
    """
    for suffix in _SUFFIXES:
        key = _beside(drop, suffix)
        raw = _read(store, key)
        if raw is None:
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


def kept_lyrics(store: Store, drop_id: str) -> str | None:
    """Return the words that were kept with a drop; None where there were none.

    Lines end in a line feed; an lrc keeps its times in brackets.
    """
    for suffix in _SUFFIXES:
        with suppress(KeyError):
            return store.read(f"{LYRICS}{drop_id}{suffix}").decode()
    return None


def _beside(drop: Drop, suffix: str) -> str:
    return str(PurePosixPath(drop.key).with_suffix(suffix))


def _read(store: Store, key: str) -> bytes | None:
    """Read a sidecar; None where there is none.

    One that is too large for any is not read: as many bytes stand for it as nobody
    takes.
    """
    name = key.rpartition("/")[2]
    # A song's name may be as long as names can be, and its sidecar's is longer.
    if len(_bytes(name)) > _LONGEST_NAME or len(_bytes(key)) > _LONGEST_KEY:
        return None
    if not store.exists(key):
        return None
    if _size_bytes(store, key) > _MOST_BYTES:
        return bytes(_MOST_BYTES + 1)
    try:
        return store.read(key)
    except KeyError:  # deleted meanwhile
        return None


def _size_bytes(store: Store, key: str) -> int:
    """Return what the listing says of a blob; 0 where it has gone."""
    folder = f"{key.rpartition('/')[0]}/"
    # A listing begins beyond a key: the first one without its end comes before it.
    for found in store.listing(folder, after=key[:-1]):
        if found.key >= key:
            return found.size_bytes if found.key == key else 0
    return 0


def _bytes(text: str) -> bytes:
    # Names of files that are no UTF-8 reach Python as lone surrogates.
    return text.encode(errors="surrogatepass")


def _decode(raw: bytes) -> str | None:
    text = decode_lyrics(raw) if len(raw) <= _MOST_BYTES else None
    return "\n".join(text.splitlines()) if isinstance(text, str) else None
