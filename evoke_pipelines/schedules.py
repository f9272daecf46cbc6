"""What the clock starts."""

import dagster as dg

from evoke_pipelines.jobs import refresh_corpus
from evoke_pipelines.partitions import EVERY_SHARD


@dg.schedule(
    job=refresh_corpus,
    cron_schedule="0 4 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Mondays at four (UTC): list the collections again, work on what "
    "changed. Bridge and release follow by themselves.",
)
def weekly_refresh(_: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for every shard; what did not change costs one small read."""
    return dg.RunRequest(tags=EVERY_SHARD)


SCHEDULES = [weekly_refresh]
