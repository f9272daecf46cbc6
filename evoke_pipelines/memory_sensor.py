"""Finished boards ask for their images, behind everything else.

Which boards wait, and which of them are drawn next, is decided in `memory`; here is
what Dagster knows of earlier runs.
"""

import time
from collections.abc import Collection, Sequence
from itertools import takewhile
from urllib.parse import quote, unquote

import dagster as dg

from evoke_core.config.profile import RunProfile
from evoke_core.memory.due import look_for_boards
from evoke_core.memory.next_run import ImageRun, Shelves, choose_run, pause_s
from evoke_core.storage.store import Store
from evoke_pipelines.assets.memory import REFUSED_TAG
from evoke_pipelines.dead_runs import end_dead_runs
from evoke_pipelines.jobs import remember_library, remember_songs
from evoke_pipelines.partitions import (
    AUDIO_DROPS,
    AUDIO_DROPS_NAME,
    CURATED,
    one_run_over,
)
from evoke_pipelines.under_way import NO_RETRIES, is_under_way

_IMAGES = (dg.AssetKey("audio_drop_memory"), dg.AssetKey("library_memory"))
_BROKEN_SEEN = 6  # runs of images; by then the pause is the longest
_CURATED = {(track.library, track.key): name for name, track in CURATED.tracks.items()}


@dg.sensor(
    jobs=[remember_songs, remember_library],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="""Asks for the images of finished boards, where the profile has memory.

A board whose `memory.json` is absent, or older than the board, waits. One run at a time
draws up to 8 of them. A song over which a run broke is tried again alone; after three
broken runs its `memory.json` says so. To try it again, materialise its partition.""",
)
def memory_sensor(
    context: dg.SensorEvaluationContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.SensorResult | dg.SkipReason:
    """Boards without their image, which never keep other boards waiting.

    The store is the truth; the cursor only says where in the listing to go on.
    """
    if run_profile.memory is None:
        return dg.SkipReason(f"profile {run_profile.name} has no section memory:")
    end_dead_runs(context.instance)
    jobs = (remember_songs.name, remember_library.name)
    if is_under_way(context.instance, jobs, _IMAGES):
        return dg.SkipReason("a run is drawing images; what it leaves is seen next")
    pause_s = _pause_s(context.instance, jobs)
    if pause_s > 0:
        return dg.SkipReason(f"the last run broke; the next in {pause_s:.0f} s")
    look = look_for_boards(store, unquote(context.cursor or ""))
    known = context.instance.get_dynamic_partitions(AUDIO_DROPS_NAME)
    run = choose_run(store, look.waiting, Shelves(known, _CURATED))
    if run == ImageRun():
        told = f"{look.boards} boards seen, none of them waits for an image"
        return dg.SensorResult(skip_reason=told, cursor=quote(look.after))
    new = [each for each in run.dropped if each not in known]
    job = remember_songs if run.dropped else remember_library
    return dg.SensorResult(
        run_requests=[_image_request(job.name, run.dropped or run.tracks)],
        dynamic_partitions_requests=[AUDIO_DROPS.build_add_request(new)] if new else [],
        cursor=context.cursor,
    )


def _pause_s(instance: dg.DagsterInstance, jobs: Collection[str]) -> float:
    """Return the seconds until images are asked for again after runs that broke."""
    records = [
        record
        for job in jobs
        for record in instance.get_run_records(
            dg.RunsFilter(job_name=job), limit=_BROKEN_SEEN
        )
    ]
    records.sort(key=lambda record: record.create_timestamp, reverse=True)
    broken = list(takewhile(_is_broken, records))
    ended_s = (broken[0].end_time if broken else None) or 0.0
    return pause_s(len(broken), time.time() - ended_s)


def _is_broken(record: dg.RunRecord) -> bool:
    """Say whether a run failed otherwise than by refusing songs."""
    run = record.dagster_run
    return run.status == dg.DagsterRunStatus.FAILURE and REFUSED_TAG not in run.tags


def _image_request(job: str, keys: Sequence[str]) -> dg.RunRequest:
    tags = {"dagster/priority": "-1", **NO_RETRIES}  # boards are waited for
    if len(keys) == 1:
        return dg.RunRequest(job_name=job, partition_key=keys[0], tags=tags)
    return dg.RunRequest(job_name=job, tags=tags | one_run_over(keys))
