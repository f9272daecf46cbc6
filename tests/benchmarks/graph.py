"""What the whole graph costs when nothing changed, and a drop in a batch."""

import math
import os
import tempfile
import time
from pathlib import Path

import dagster as dg

from evoke_core.config.profile import AudioRules
from evoke_core.drops.drop import observe
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.music.sources.synthesized.catalogue import (
    encode_flac,
    list_pieces,
    render,
)
from evoke_core.storage.address import open_store
from evoke_pipelines.definitions import defs
from evoke_pipelines.environment import read_environment
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, EVERY_SHARD, one_run_over
from tests.benchmarks.row import Row, at_most

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_STEPS = {"refresh_corpus": EVERY_SHARD, "fit_bridge": {}, "publish_release": {}}
_BATCH = 32


def rows() -> list[Row]:
    """Measure a first run, a second one, and drops alone and in a batch."""
    with tempfile.TemporaryDirectory() as home:
        return _in_home(Path(home))


def _in_home(home: Path) -> list[Row]:
    os.environ["EVOKE_HOME"] = str(home)
    with dg.DagsterInstance.ephemeral() as instance:
        first = _refresh(instance)
        again = _refresh(instance)
        alone = _drop(instance, 1)
        batch = _drop(instance, _BATCH)
    heard = _listening()
    said = "demo profile, 320 pictures and 48 pieces, Dagster's own time included"
    return [
        at_most("refresh_noop", again, first, 0.02, said),
        at_most(
            "drop_batch",
            batch / _BATCH - heard,
            alone - heard,
            0.2,
            f"a drop of {_BATCH} against one, both beyond listening to it",
        ),
    ]


def _listening() -> float:
    """Time what the music encoder and its analysis take for the dropped piece."""
    audio = encode_flac(render(list_pieces()[0]))
    started = time.perf_counter()
    listen(audio, HandcraftedMusicEncoder(), AudioRules(min_s=3, max_s=5400))
    return time.perf_counter() - started


def _refresh(instance: dg.DagsterInstance) -> float:
    return sum(_run(step, instance, tags=tags) for step, tags in _STEPS.items())


def _run(job: str, instance: dg.DagsterInstance, **options: object) -> float:
    started = time.perf_counter()
    defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        run_config=_QUIET,
        **options,  # type: ignore[arg-type]
    )
    return time.perf_counter() - started


def _drop(instance: dg.DagsterInstance, count: int) -> float:
    store = open_store(read_environment().store)
    audio = next(store.listing("tracks/")).key
    for number in range(count):
        store.write(f"drops/{count}/{number}.flac", store.read(audio))
    drops = observe(store.listing(f"drops/{count}/"), now_s=math.inf)
    ids = [drop.drop_id for drop in drops]
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, ids)
    return _run("compose_boards", instance, tags=one_run_over(ids))
