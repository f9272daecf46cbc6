"""What the world starts: dropped songs, finished boards, verdicts, ended refreshes."""

import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

import dagster as dg

from evoke_core.config.profile import RunProfile
from evoke_core.drops.batches import batches
from evoke_core.drops.drop import PREFIX, drop_of
from evoke_core.drops.ledger import recorded
from evoke_core.drops.notices import Notice, NoticeQueue
from evoke_core.drops.retire import RetireRules, retirable
from evoke_core.drops.sweep import dump_sweep, load_sweep
from evoke_core.drops.tick import Ask, Tick, TickRules, take_tick
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.errors import ConfigError
from evoke_core.reviews.inbox import INBOX, waiting
from evoke_core.storage.store import Store, digest
from evoke_pipelines.dead_runs import end_dead_runs
from evoke_pipelines.jobs import (
    compose_boards,
    curate_reviews,
    fit_bridge,
    publish_release,
    refresh_corpus,
)
from evoke_pipelines.memory_sensor import memory_sensor
from evoke_pipelines.partitions import (
    AUDIO_DROPS,
    AUDIO_DROPS_NAME,
    one_run_over,
)
from evoke_pipelines.under_way import NO_RETRIES, UNFINISHED, is_under_way

_TRIES = 3  # broken runs, of songs as of verdicts
_ASK = "evoke/ask"  # tag of a run: the request that it came from
_BOARDS = dg.AssetKey("audio_drop_board")
# Notices bring what is new; the walk over the listing only nets what they lost.
_BESIDE_NOTICES = TickRules(objects=2000)


@dg.sensor(
    job=compose_boards,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="""Asks for boards of songs in `drops/` of the store.

A song version is done once it stands in the ledger of the store; whatever is listed and
stands not there is asked for, up to 100 songs a run. A song whose run broke is tried
again in small company, then alone; after three broken runs it rests. To try it again,
materialise its partition of `audio_drop_board`.""",
)
def audio_drop_sensor(
    context: dg.SensorEvaluationContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.SensorResult | dg.SkipReason:
    """Songs in drops/ that have neither a board nor a quarantine record.

    The ledger in the store is the truth; the cursor only says where in the listing the
    next tick goes on.
    """
    end_dead_runs(context.instance)
    if is_under_way(context.instance, {compose_boards.name}, {_BOARDS}):
        return dg.SkipReason("a run is composing boards; what it leaves is seen next")
    queue = _queue(run_profile, store)
    rules = TickRules() if queue is None else _BESIDE_NOTICES
    late_s = time.monotonic() + rules.deadline_s

    def is_late() -> bool:
        return time.monotonic() > late_s

    notices = queue.receive(rules.drops, is_late=is_late) if queue else []
    tick = take_tick(
        store,
        load_sweep(context.cursor),
        launched=partial(_launched, context.instance),
        now_s=time.time(),
        noticed=[song for notice in notices for song in notice.songs],
        is_late=is_late,
        rules=rules,
    )
    known = context.instance.get_dynamic_partitions(AUDIO_DROPS_NAME)
    runs = batches(tick.asks, known, rules)
    requests = [_request(store, run) for run in runs]
    if queue:
        queue.delete(_ticketed(store, notices))
    asked = [ask.drop.drop_id for run in runs for ask in run]
    gone, kept = retirable(
        store, known, tick.sweep.kept, RetireRules(), spare=frozenset(asked)
    )
    new = [drop_id for drop_id in asked if drop_id not in known]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else told(tick, store.uri, notices),
        dynamic_partitions_requests=[
            *([AUDIO_DROPS.build_add_request(new)] if new else []),
            *([AUDIO_DROPS.build_delete_request(gone)] if gone else []),
        ],
        cursor=dump_sweep(replace(tick.next_sweep, kept=kept)),
    )


@dg.sensor(
    job=curate_reviews,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes verdict files out of `reviews/inbox/`, three times at most.",
)
def verdict_sensor(
    context: dg.SensorEvaluationContext, store: dg.ResourceParam[Store]
) -> dg.SensorResult | dg.SkipReason:
    """Verdict files in reviews/inbox/, which the run takes out of it.

    The inbox is the truth; the cursor only counts the runs that were asked for the very
    same files, so that what a run left lying is tried again, but not for ever.
    """
    if context.instance.get_runs(
        dg.RunsFilter(job_name=curate_reviews.name, statuses=UNFINISHED), limit=1
    ):
        return dg.SkipReason("a run is taking verdicts; what it leaves is seen next")
    files = waiting(store.listing(INBOX), now_s=time.time())
    seen = digest([[found.key, found.etag] for found in files])
    before, _, tries = (context.cursor or "").partition(":")
    asked = int(tries) if before == seen and tries.isdecimal() else 0
    if not files:
        return dg.SkipReason(f"no verdict file in {store.uri}/{INBOX}")
    if asked >= _TRIES:
        return dg.SkipReason(
            f"{len(files)} verdict files that {_TRIES} runs left lying; see their logs"
        )
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=f"{seen}:{asked + 1}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[refresh_corpus],
    request_job=fit_bridge,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A refreshed corpus teaches the bridge anew; unchanged, it computes "
    "nothing.",
)
def fit_after_refresh(_: dg.RunStatusSensorContext) -> dg.RunRequest:
    """A refreshed corpus teaches the bridge anew; unchanged, nothing is computed."""
    return dg.RunRequest()


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[fit_bridge],
    request_job=publish_release,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A fitted bridge is judged and, if the gate lets it, served.",
)
def publish_after_fit(_: dg.RunStatusSensorContext) -> dg.RunRequest:
    """A fitted bridge is judged and, if the gate lets it, served."""
    return dg.RunRequest()


def told(tick: Tick, uri: str, notices: Sequence[Notice] = ()) -> str:
    """Say to people why nothing is asked for."""
    sweep = tick.sweep
    foreign = [notice.reason for notice in notices if notice.reason]
    resting = ", ".join(sweep.named) + (", ..." * (sweep.resting > len(sweep.named)))
    where = "" if tick.ended else f" up to {sweep.after.removeprefix(PREFIX)!r}"
    parts = [
        f"{sweep.songs} songs in {uri}/{PREFIX}{where}, none of them due",
        f"{sweep.unsettled} still being written" * bool(sweep.unsettled),
        f"{sweep.resting} rest after {_TRIES} broken runs ({resting}): materialise "
        "their partitions to try again" * bool(sweep.resting),
        f"{sweep.odd} can't be fetched under their names; rename them"
        * bool(sweep.odd),
        f"{len(foreign)} messages left in the queue: {(foreign or [''])[0]}"
        * bool(foreign),
    ]
    return "; ".join(part for part in parts if part)


def _launched(instance: dg.DagsterInstance, requests: Collection[str]) -> set[str]:
    found = instance.get_runs(dg.RunsFilter(tags={_ASK: sorted(requests)}))
    return {run.tags[_ASK] for run in found}


def _request(store: Store, run: Sequence[Ask]) -> dg.RunRequest:
    """Give each drop its ticket and ask for one run over all of them.

    A range follows the order in which partitions were added.
    """
    name = secrets.token_hex(8)
    tags = {_ASK: name, **NO_RETRIES}
    for ask in run:
        write_ticket(store, ask.drop, ask.tries, ask=name, asked_s=time.time())
    ids = [ask.drop.drop_id for ask in run]
    if len(ids) == 1:
        return dg.RunRequest(partition_key=ids[0], tags=tags)
    return dg.RunRequest(tags=tags | one_run_over(ids))


def _queue(run_profile: RunProfile, store: Store) -> NoticeQueue | None:
    rules = run_profile.drops
    if rules.trigger == "listing":
        return None
    if not store.uri.startswith("s3://"):
        raise ConfigError(
            f"profile {run_profile.name}: drops.trigger is sqs, but the store is "
            f"{store.uri}; a folder sends no notices, use trigger: listing"
        )
    return NoticeQueue(str(rules.queue_url), store.uri)


def _ticketed(store: Store, notices: Sequence[Notice]) -> list[Notice]:
    """Return the messages whose songs all have a record or a ticket."""
    drops = [drop_of(song.key, song.etag) for each in notices for song in each.songs]
    kept = recorded(store, drops)
    kept |= {
        drop.drop_id
        for drop in drops
        if drop.drop_id not in kept and find_ticket(store, drop.drop_id)
    }
    return [
        notice
        for notice in notices
        if notice.reason is None
        and all(drop_of(song.key, song.etag).drop_id in kept for song in notice.songs)
    ]


SENSORS = [
    audio_drop_sensor,
    memory_sensor,
    verdict_sensor,
    fit_after_refresh,
    publish_after_fit,
]
