"""The code location: every stage, in the order in which data flows."""

import dagster as dg

from evoke_pipelines.assets import (
    board_report,
    boards,
    bridge,
    corpus,
    curation,
    directions,
    images,
    index,
    library,
    memory,
    memory_projection,
    music,
    pairs,
    playlists,
    release,
    report,
    reviews,
)
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.failures import failure_webhook
from evoke_pipelines.jobs import JOBS
from evoke_pipelines.policies import with_policies
from evoke_pipelines.resources import RESOURCES
from evoke_pipelines.schedules import SCHEDULES
from evoke_pipelines.sensors import SENSORS

STAGES = (
    corpus,
    images,
    curation,
    music,
    pairs,
    bridge,
    directions,
    index,
    release,
    boards,
    memory,
    memory_projection,
    library,
    playlists,
    board_report,
    report,
    reviews,
)

defs = dg.Definitions(
    assets=with_policies(dg.load_assets_from_modules(STAGES)),
    asset_checks=CHECKS,
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=[*SENSORS, failure_webhook],
    resources=RESOURCES,
    # What people select by hand runs as jobs do: models are loaded once.
    executor=dg.in_process_executor,
)
