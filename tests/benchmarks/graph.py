"""What the whole graph costs when nothing changed."""

import time

import dagster as dg

from evoke_pipelines.definitions import defs
from evoke_pipelines.partitions import EVERY_SHARD
from tests.benchmarks.row import Row, at_most

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_STEPS = {"refresh_corpus": EVERY_SHARD, "fit_bridge": {}, "publish_release": {}}


def rows() -> list[Row]:
    """Measure a first run and a second one in EVOKE_HOME, which is empty before."""
    with dg.DagsterInstance.ephemeral() as instance:
        first = _refresh(instance)
        again = _refresh(instance)
    said = "demo profile, 320 pictures and 48 pieces, Dagster's own time included"
    return [at_most("refresh_noop", again, first, 0.02, said)]


def _refresh(instance: dg.DagsterInstance) -> float:
    started = time.perf_counter()
    for step, tags in _STEPS.items():
        defs.resolve_job_def(step).execute_in_process(
            instance=instance, run_config=_QUIET, tags=tags
        )
    return time.perf_counter() - started
