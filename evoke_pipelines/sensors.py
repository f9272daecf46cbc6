"""What the world starts: dropped songs and verdicts, and refreshes that have ended."""

import json
import time

import dagster as dg

from evoke_core.drops.drop import PREFIX, observe, pending, recorded_drops
from evoke_core.reviews.inbox import INBOX, waiting
from evoke_core.storage.store import Store, digest
from evoke_pipelines.jobs import (
    compose_boards,
    curate_reviews,
    fit_bridge,
    publish_release,
    refresh_corpus,
)
from evoke_pipelines.partitions import AUDIO_DROPS, AUDIO_DROPS_NAME, one_run_over

_AT_ONCE = 100  # drops a run; more wait for the next
_TRIES = 3  # of a drop whose run broke; a refused one is recorded and not tried again
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    job=compose_boards,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def audio_drop_sensor(
    context: dg.SensorEvaluationContext, store: dg.ResourceParam[Store]
) -> dg.SensorResult | dg.SkipReason:
    """Songs in drops/ that have neither a board nor a quarantine record.

    The record in the store is the truth; the cursor only counts tries of drops whose
    run broke, so that a poisonous one does not run for ever.
    """
    if context.instance.get_runs(
        dg.RunsFilter(job_name=compose_boards.name, statuses=UNFINISHED), limit=1
    ):
        return dg.SkipReason("a run is composing boards; what it leaves is seen next")
    drops = observe(store.listing(PREFIX), now_s=time.time())
    tries: dict[str, int] = json.loads(context.cursor or "{}")
    open_ids = [drop.drop_id for drop in pending(drops, recorded_drops(store))]
    wanted = [each for each in open_ids if tries.get(each, 0) < _TRIES][:_AT_ONCE]
    if not wanted:
        return dg.SkipReason(
            f"{len(drops)} songs in {store.uri}/{PREFIX}, none of them new; "
            f"{len(open_ids)} given up after {_TRIES} broken runs"
        )
    order = list(context.instance.get_dynamic_partitions(AUDIO_DROPS_NAME))
    known = sorted(set(wanted) & set(order), key=order.index)
    new = [drop_id for drop_id in wanted if drop_id not in known]
    counted = {each: tries.get(each, 0) + (each in wanted) for each in open_ids}
    return dg.SensorResult(
        run_requests=[_request(known + new)],
        dynamic_partitions_requests=[AUDIO_DROPS.build_add_request(new)],
        cursor=json.dumps(counted),
    )


@dg.sensor(
    job=curate_reviews,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def verdict_sensor(
    context: dg.SensorEvaluationContext, store: dg.ResourceParam[Store]
) -> dg.SensorResult | dg.SkipReason:
    """Verdict files in reviews/inbox/, which the run takes out of it.

    The inbox is the truth; the cursor only counts the runs that were asked for the very
    same files, so that a broken run is tried again, but not for ever.
    """
    if context.instance.get_runs(
        dg.RunsFilter(job_name=curate_reviews.name, statuses=UNFINISHED), limit=1
    ):
        return dg.SkipReason("a run is taking verdicts; what it leaves is seen next")
    files = waiting(store.listing(INBOX), now_s=time.time())
    seen = digest([[found.key, found.etag] for found in files])
    before, _, tries = (context.cursor or "").partition(":")
    asked = int(tries) if before == seen else 0
    if not files:
        return dg.SkipReason(f"no verdict file in {store.uri}/{INBOX}")
    if asked >= _TRIES:
        return dg.SkipReason(f"{len(files)} verdict files, {_TRIES} runs of them broke")
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=f"{seen}:{asked + 1}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[refresh_corpus],
    request_job=fit_bridge,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def fit_after_refresh(_: dg.RunStatusSensorContext) -> dg.RunRequest:
    """A refreshed corpus teaches the bridge anew; unchanged, nothing is computed."""
    return dg.RunRequest()


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[fit_bridge],
    request_job=publish_release,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def publish_after_fit(_: dg.RunStatusSensorContext) -> dg.RunRequest:
    """A fitted bridge is judged and, if the gate lets it, served."""
    return dg.RunRequest()


def _request(drop_ids: list[str]) -> dg.RunRequest:
    """Ask for one run over drops in the order in which they became partitions.

    A range follows that order; drops between that have their board are skipped.
    """
    if len(drop_ids) == 1:
        return dg.RunRequest(partition_key=drop_ids[0])
    return dg.RunRequest(tags=one_run_over(drop_ids))


SENSORS = [audio_drop_sensor, verdict_sensor, fit_after_refresh, publish_after_fit]
