"""How often runs have tried to remember a song, so that none is tried for ever.

`private/memory/<id>/attempt.json` stands while a run works on the song. Where the run
ends well, or refuses the song, it goes; where it breaks or is killed, it stays, counts,
and says by what. So of a burst only the song that broke the run is charged with it.

Not here: which songs are asked for (due), what a refusal leaves (keepsake).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from evoke_core.errors import TrackRefused
from evoke_core.storage.store import Store

_KILLED = "its process ended without a word, killed or out of memory"
_LONGEST = 500  # characters of an error


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is known of runs that broke over a song.

    Args:
        count: How many, the one that goes on included.
        error: What ended the last of them.
    """

    count: int = 0
    error: str = ""


def read_attempts(store: Store, song_id: str) -> Attempts:
    """Read how often a song was tried; what can't be read was never tried."""
    try:
        told = json.loads(store.read(_key(song_id)))
        return Attempts(int(told["count"]), str(told["error"]))
    except (KeyError, TypeError, ValueError):
        return Attempts()


@contextmanager
def attempt(store: Store, song_id: str) -> Iterator[None]:
    """Count the work inside as one attempt, unless it ends well or in a refusal."""
    count = read_attempts(store, song_id).count + 1
    _write(store, song_id, Attempts(count, _KILLED))
    try:
        yield
    except TrackRefused:
        forget_attempts(store, song_id)
        raise
    except Exception as wrong:
        said = f"{type(wrong).__name__}: {wrong}"[:_LONGEST]
        _write(store, song_id, Attempts(count, said))
        raise
    forget_attempts(store, song_id)


def forget_attempts(store: Store, song_id: str) -> None:
    """Let a song have all its tries again."""
    store.delete(_key(song_id))


def _write(store: Store, song_id: str, attempts: Attempts) -> None:
    store.write(_key(song_id), json.dumps(asdict(attempts)).encode())


def _key(song_id: str) -> str:
    return f"private/memory/{song_id}/attempt.json"
