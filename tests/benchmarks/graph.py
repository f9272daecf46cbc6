"""What the whole graph costs when nothing changed; makes a home with a release."""

from collections.abc import Iterator

import dagster as dg

from evoke_core.release import CURRENT
from evoke_core.storage.address import open_store
from evoke_pipelines.definitions import defs
from evoke_pipelines.environment import read_environment
from evoke_pipelines.partitions import EVERY_SHARD
from tests.benchmarks.row import Row, compare, timed

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_STEPS = {"refresh_corpus": EVERY_SHARD, "fit_bridge": {}, "publish_release": {}}
_AGAIN = 5


def rows() -> Iterator[Row]:
    """Measure a first run and later ones in EVOKE_HOME, which is empty before."""
    with dg.DagsterInstance.ephemeral() as instance:
        first = timed(lambda: _refresh(instance))
        again = [timed(lambda: _refresh(instance)) for _ in range(_AGAIN)]
    said = "demo profile, 320 pictures and 48 pieces, Dagster's own time included"
    yield compare("refresh_noop", again, [first], said)


def need_release() -> None:
    """Run the graph in EVOKE_HOME where no release has been published yet."""
    if not open_store(read_environment().store).exists(CURRENT):
        with dg.DagsterInstance.ephemeral() as instance:
            _refresh(instance)


def _refresh(instance: dg.DagsterInstance) -> None:
    for step, tags in _STEPS.items():
        defs.resolve_job_def(step).execute_in_process(
            instance=instance, run_config=_QUIET, tags=tags
        )
