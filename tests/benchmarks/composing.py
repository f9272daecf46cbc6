"""What a board costs beyond the music encoder, and what that is made of.

    python -m tests.benchmarks.composing HOME SONG [SONG ...]

HOME is an EVOKE_HOME with a release (`make demo` leaves one); tiles and previews of
pictures that no board has shown yet are written into its store. Every song is composed
twice, so that the second time shows what pictures cost that were shown before. Nothing
is read from what was heard earlier.

Without arguments it prints the row `compose_share` of the benchmark table, measured in
the home of the environment on four minutes of sound.
"""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from evoke_core.boards import compose, pool
from evoke_core.boards.board import Song
from evoke_core.boards.desk import Desk, TileImages, open_desk
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.index.image_index import open_index
from evoke_core.music import listen
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.storage.local import LocalStore
from evoke_pipelines.environment import CONFIG_FOLDER, read_environment
from tests.benchmarks import listening
from tests.benchmarks.row import Row, at_most

_SHARE = 0.1
_MINUTES = 4
_STAGES: tuple[tuple[Any, str, str], ...] = (
    (listen, "decode_audio", "decode"),
    (listen, "analyse", "analysis"),
    (HandcraftedMusicEncoder, "encode", "encode"),
    (compose, "ask", "ask"),
    (pool, "_search", "search"),
    (pool, "reach_of", "reach"),
    (compose, "select", "choose"),
    (compose, "describe_board", "document"),
    (TileImages, "tile", "tile JPEGs"),
    (TileImages, "preview", "preview JPEGs"),
    (compose, "render_page", "page"),
    (compose, "render_picture", "PNG"),
)
Spent = dict[str, float]


def rows() -> list[Row]:
    """Compare composing, sound decoded and analysed, with full-size MuQ."""
    home = read_environment().home
    with tempfile.TemporaryDirectory() as folder, desk_of(home) as desk:
        song = Path(folder, f"{_MINUTES} minutes.ogg")
        listening._write_song(song, _MINUTES)
        first, _ = measure(song, desk)
    ours = sum(seconds for stage, seconds in first.items() if stage != "encode")
    _, folded, bf16 = listening.table(("library", "folded", "bf16"))
    muq = min(folded["song_cpu_s"], bf16["song_cpu_s"]) / 2
    said = (
        f"all but the music encoder, first board over {len(desk.pictures)} pictures, "
        f"against MuQ at its faster safe precision, both on {_MINUTES} minutes"
    )
    return [at_most("compose_share", ours, muq, _SHARE, said)]


@contextmanager
def desk_of(home: Path) -> Iterator[Desk]:
    """Open the desk of a home that forgets what it has heard."""
    store = LocalStore(home / "store")
    profile = load_run_profile(CONFIG_FOLDER, "demo")
    with open_index(str(home / "milvus.db")) as index:
        encoder, vocabulary = HandcraftedMusicEncoder(), load_vocabulary(CONFIG_FOLDER)
        yield open_desk(store, index, encoder, profile, vocabulary)


def measure(path: Path, desk: Desk) -> tuple[Spent, Spent]:
    """Compose a song twice; returns the seconds of each stage, each time.

    Pictures are cut anew the first time, whatever the store already holds.
    """
    first = _composed(path, replace(desk, images=TileImages(_Forgetful(desk.store))))
    return first, _composed(path, desk)


class _Forgetful:
    """A store whose tiles and previews are all still to be made; nothing is kept."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def read(self, key: str) -> bytes:
        if key.startswith(("tiles/", "previews/")):
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
