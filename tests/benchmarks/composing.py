"""What a board costs beyond the music encoder, and what that is made of.

    python -m tests.benchmarks.composing HOME SONG [SONG ...]

HOME is an EVOKE_HOME with a release (`make demo` leaves one); tiles of pictures that no
board has shown yet are written into its store. Every song is composed twice, so that
the second time shows what pictures cost that were shown before. Nothing is read from
what was heard earlier.

Without arguments it prints the row `compose_share` of the benchmark table, measured in
the home of the environment on four minutes of sound, and those of MuQ, which it is
measured against. Before the first, MuQ is measured; and again after the last.
"""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from evoke_core.boards import compose, pool
from evoke_core.boards.board import Song
from evoke_core.boards.desk import Desk, open_desk
from evoke_core.boards.tiles import TileImages
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.corpus.previews import cut_previews
from evoke_core.index.image_index import open_index
from evoke_core.music import listen
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.storage.local import LocalStore
from evoke_pipelines.environment import CONFIG_FOLDER, read_environment
from tests.benchmarks import listening
from tests.benchmarks.graph import need_release
from tests.benchmarks.row import Row, compare, failed

_MINUTES = 4
_BOARDS = 3
_STAGES: tuple[tuple[Any, str, str], ...] = (
    (listen, "decode_audio", "decode"),
    (listen, "analyse", "analysis"),
    (HandcraftedMusicEncoder, "encode", "encode"),
    (compose, "ask", "ask"),
    (pool, "_search", "search"),
    (pool, "reach_of", "reach"),
    (compose, "select", "choose"),
    (compose, "describe_board", "document"),
    (TileImages, "of_board", "pictures"),
    (compose, "render_page", "page"),
    (compose, "render_picture", "PNG"),
)
Spent = dict[str, float]


def rows(*, sound_s: int = 60) -> Iterator[Row]:
    """Compare composing, sound decoded and analysed, with full-size MuQ.

    Args:
        sound_s: Sound that MuQ is measured on, a multiple of 30.
    """
    if find_spec("muq") is None:
        for name in ("muq_4min", "muq_4min_int8", "compose_share"):
            yield failed(name, "muq is not installed (extra muq)")
        return
    need_release()
    muq = listening.table(listening.OF_THE_TABLE, sound_s=sound_s)
    home = read_environment().home
    with tempfile.TemporaryDirectory() as folder, desk_of(home) as desk:
        song = Path(folder, f"{_MINUTES} minutes.ogg")
        listening.write_song(song, _MINUTES)
        composed = [_first_time(song, desk) for _ in range(_BOARDS)]
        pictures = len(desk.pictures)
    muq += listening.table(listening.OF_THE_TABLE, sound_s=sound_s)
    yield from listening.muq_rows(muq)
    safe = [found["song_cpu_s"] / 2 for found in listening.fastest_safe(muq)]
    said = (
        f"all but the music encoder, first board over {pictures} pictures, against MuQ "
        f"at its faster safe precision, both on {_MINUTES} minutes"
    )
    yield compare("compose_share", composed, safe, said)


def _first_time(song: Path, desk: Desk) -> float:
    """Return the seconds of a board whose tiles are all still to be cut."""
    fresh = replace(desk, images=TileImages(_Forgetful(desk.store)))
    spent = _composed(song, fresh)
    return sum(seconds for stage, seconds in spent.items() if stage != "encode")


@contextmanager
def desk_of(home: Path) -> Iterator[Desk]:
    """Open the desk of a home that forgets what it has heard."""
    store = LocalStore(home / "store")
    profile = load_run_profile(CONFIG_FOLDER, "demo")
    with open_index(str(home / "milvus.db")) as index:
        encoder, vocabulary = HandcraftedMusicEncoder(), load_vocabulary(CONFIG_FOLDER)
        desk = open_desk(store, index, encoder, profile, vocabulary)
        # A home made before pictures were curated with their previews has none.
        shown = (picture["sha256"] for picture in desk.pictures.values())
        cut_previews(shown, store, report=lambda *_: None)
        yield desk


def measure(path: Path, desk: Desk) -> tuple[Spent, Spent]:
    """Compose a song twice; returns the seconds of each stage, each time.

    Tiles are cut anew the first time, whatever the store already holds.
    """
    first = _composed(path, replace(desk, images=TileImages(_Forgetful(desk.store))))
    return first, _composed(path, desk)


class _Forgetful:
    """A store whose tiles are all still to be made; nothing is kept."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def read(self, key: str) -> bytes:
        if key.startswith("tiles/"):
            raise KeyError(key)
        return bytes(self._store.read(key))

    def write(self, key: str, content: bytes) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def _composed(path: Path, desk: Desk) -> Spent:
    spent: Spent = defaultdict(float)
    open_stages: list[str] = []
    song = Song("benchmark", "drops", path.name, path.stem, None)
    with ExitStack() as stack:
        stack.enter_context(patch.object(listen, "recall", lambda *_: None))
        stack.enter_context(patch.object(listen, "remember", lambda *_: None))
        for owner, name, stage in _STAGES:
            timed = _timed(getattr(owner, name), stage, spent, open_stages)
            stack.enter_context(patch.object(owner, name, timed))
        started = time.perf_counter()
        compose.compose_board(song, path.read_bytes(), desk)
        total = time.perf_counter() - started
    spent["rest"] = total - sum(spent.values())
    return dict(spent)


def _timed(
    call: Callable[..., Any], stage: str, spent: Spent, open_stages: list[str]
) -> Callable[..., Any]:
    """Count a call's own seconds: what a stage within it takes is that stage's."""

    @wraps(call)
    def counted(*arguments: Any, **named: Any) -> Any:
        open_stages.append(stage)
        started = time.perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            seconds = time.perf_counter() - started
            open_stages.pop()
            spent[stage] += seconds
            if open_stages:
                spent[open_stages[-1]] -= seconds

    return counted


def main(arguments: list[str]) -> int:
    """Print the seconds of every stage, or the row of the table."""
    if not arguments:
        for row in rows():
            sys.stdout.write(f"{row}\n")
        return 0
    with desk_of(Path(arguments[0])) as desk:
        sys.stdout.write(f"{len(desk.pictures)} pictures\n")
        for song in map(Path, arguments[1:]):
            first, again = measure(song, desk)
            sys.stdout.write(f"{song.name}\n")
            for stage in first:
                times = f"{first[stage]:8.3f}{again.get(stage, 0.0):8.3f}"
                sys.stdout.write(f"  {stage:<16}{times}\n")
            totals = f"{sum(first.values()):8.3f}{sum(again.values()):8.3f}"
            sys.stdout.write(f"  {'all':<16}{totals}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
