"""Which runs are under way, so that nobody asks for the same work twice."""

from collections.abc import Collection

import dagster as dg

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

# A sensor counts broken runs and asks again by itself, so Dagster is not to.
NO_RETRIES = {"dagster/max_retries": "0"}


def is_under_way(
    instance: dg.DagsterInstance, jobs: Collection[str], assets: Collection[dg.AssetKey]
) -> bool:
    """Say whether a run of these is under way, asked for here or by hand."""
    return any(
        run.job_name in jobs or not (run.asset_selection or set()).isdisjoint(assets)
        for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    )
