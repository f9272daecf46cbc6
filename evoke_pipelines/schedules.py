"""What the clock starts."""

import dagster as dg

from evoke_pipelines.jobs import refresh_corpus
from evoke_pipelines.partitions import EVERY_SHARD


@dg.schedule(
    job=refresh_corpus,
    cron_schedule="0 4 * * 1",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def weekly_refresh(_: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Mondays at four: list the collections again, work on what changed."""
    return dg.RunRequest(tags=EVERY_SHARD)


SCHEDULES = [weekly_refresh]
