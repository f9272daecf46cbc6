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
    music,
    pairs,
    release,
    reviews,
)
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.jobs import JOBS
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
    board_report,
    reviews,
)

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(STAGES),
    asset_checks=CHECKS,
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=SENSORS,
    resources=RESOURCES,
)
