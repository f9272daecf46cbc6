"""What the clock starts."""

import dagster as dg

from evoke_pipelines.jobs import refresh_corpus

weekly_refresh = dg.ScheduleDefinition(
    name="weekly_refresh",
    job=refresh_corpus,
    cron_schedule="0 4 * * 1",
    description="Mondays at four: list the collections again, work on what changed.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

SCHEDULES = [weekly_refresh]
