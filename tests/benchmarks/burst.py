"""What a drop costs in a burst, beside what it costs alone, and what that is made of.

    python -m tests.benchmarks.burst HOME

HOME is a finished home of the demo. Both ways are runs of Dagster over rendered pieces,
each dropped for the first time, in a process of their own, as the daemon starts them:
what a run loads is loaded once, for one drop as for many.
"""

import cProfile
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import dagster as dg

from evoke_core.drops.drop import Drop, drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_pipelines.definitions import defs
from evoke_pipelines.environment import read_configuration, read_environment
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, one_run_over
from tests.benchmarks.graph import need_release
from tests.benchmarks.row import Row, compare

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_BATCH = 32
_HERE = "--here"  # then ids: the run itself
_ROUNDS = 2  # of one, batch, batch, one
_LOOKED_AT = (
    "(read_ticket)|(find_audio)|(options_of)|(listen)|(ask)|(select)|(describe_board)|"
    "(render_page)|(render_picture)|(tile)|(preview)|(keep_lyrics)|(shelve)|(_settle)|"
    "(record)|(_materialization)|(hang_gallery)|(open_desk)|(open_index)"
)


def rows() -> Iterator[Row]:
    """Measure in EVOKE_HOME, where a release is published first if none is."""
    need_release()
    yield _drop_batch()


def main() -> None:
    """Print the row and, from one more burst under the profiler, its parts."""
    if sys.argv[1] == _HERE:
        _compose_here(sys.argv[2:])
        return
    os.environ["EVOKE_HOME"] = str(Path(sys.argv[1]).resolve())
    sys.stdout.write(f"{_drop_batch()}\n")
    drops = _dropped(open_store(read_environment().store), _BATCH)
    with cProfile.Profile() as profile:
        _compose_here([drop.drop_id for drop in drops])
    pstats.Stats(profile).sort_stats("cumulative").print_stats(rf"\(({_LOOKED_AT})\)")


def _drop_batch() -> Row:
    store = open_store(read_environment().store)
    _compose(_dropped(store, _BATCH))  # makes the pictures' small copies
    heard = {drops: _listening_s(store, drops) for drops in (1, _BATCH)}
    beyond: dict[int, list[float]] = {1: [], _BATCH: []}
    for _ in range(_ROUNDS):
        for drops in (1, _BATCH, _BATCH, 1):
            seconds = _compose(_dropped(store, drops))
            beyond[drops].append((seconds - heard[drops]) / drops)
    return compare(
        "drop_batch",
        beyond[_BATCH],
        beyond[1],
        f"a drop of {_BATCH} against one, both beyond listening to it; demo profile, "
        "local store, a process a run, medians of ABBA",
    )


def _dropped(store: Store, drops: int) -> list[Drop]:
    """Drop pieces with their tickets, under names that never were there."""
    for found in store.listing("heard/"):  # nothing is recalled of an earlier round
        store.delete(found.key)
    folder = f"drops/{time.time_ns():x}"
    made = []
    for number, audio in enumerate(_pieces(store, drops)):
        key = f"{folder}/{number}.flac"
        store.write(key, audio)
        drop = drop_of(key, str(store.etag(key)))
        write_ticket(store, drop, 0)
        made.append(drop)
    return made


def _pieces(store: Store, wanted: int) -> Iterator[bytes]:
    for found in islice(store.listing("tracks/"), wanted):
        yield store.read(found.key)


def _compose(drops: list[Drop]) -> float:
    """Time a run in a process of its own, from its start to its end."""
    started = time.perf_counter()
    ids = [drop.drop_id for drop in drops]
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.burst", _HERE]
    subprocess.run([*command, *ids], check=True)
    return time.perf_counter() - started


def _compose_here(ids: list[str]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(AUDIO_DROPS_NAME, ids)
        _run(instance, "compose_boards", one_run_over(ids))


def _run(instance: dg.DagsterInstance, job: str, tags: dict[str, str]) -> float:
    started = time.perf_counter()
    defs.resolve_job_def(job).execute_in_process(
        instance=instance, run_config=_QUIET, tags=tags
    )
    return time.perf_counter() - started


def _listening_s(store: Store, drops: int) -> float:
    """Time what the encoder and its analysis take for the first pieces."""
    pieces = list(_pieces(store, drops))
    rules = read_configuration(read_environment())[0].audio
    started = time.perf_counter()
    for audio in pieces:
        listen(audio, HandcraftedMusicEncoder(), rules)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
