"""What the drop sensor asks for, on a real ephemeral instance."""

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from evoke_core.drops import ledger
from evoke_core.drops.drop import Drop, observe
from evoke_core.drops.notices import Notice
from evoke_core.drops.sweep import Sweep, dump_sweep, load_sweep
from evoke_core.drops.tick import TickRules
from evoke_core.drops.tickets import find_ticket, read_ticket
from evoke_core.errors import ConfigError
from evoke_core.storage.local import LocalStore
from evoke_core.storage.store import StoredObject
from evoke_pipelines import sensors
from evoke_pipelines.definitions import defs
from evoke_pipelines.partitions import AUDIO_DROPS_NAME
from evoke_pipelines.sensors import audio_drop_sensor

PROFILE = SimpleNamespace(
    name="demo", drops=SimpleNamespace(trigger="listing", queue_url=None)
)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def put(store: LocalStore, key: str, *, age_s: float = 60.0) -> None:
    store.write(key, b"sound")
    then = time.time() - age_s
    os.utime(store.locate(key), (then, then))


def listed(store: LocalStore) -> list[Drop]:
    return observe(store.listing("drops/"), now_s=time.time())


def ids(store: LocalStore) -> list[str]:
    return [drop.drop_id for drop in listed(store)]


def tick(
    store: LocalStore,
    instance: dg.DagsterInstance,
    cursor: str | None = None,
    profile: object = PROFILE,
) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={"store": store, "run_profile": profile},
        definitions=defs,
    )
    return audio_drop_sensor(context)


def launch(
    result: dg.SensorResult,
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.FAILURE,
) -> None:
    """Do what the daemon does with a result."""
    for request in result.dynamic_partitions_requests:
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions(AUDIO_DROPS_NAME, request.partition_keys)
        else:
            for gone in request.partition_keys:
                instance.delete_dynamic_partition(AUDIO_DROPS_NAME, gone)
    for request in result.run_requests:
        create_run_for_test(
            instance, "compose_boards", tags=dict(request.tags), status=status
        )


def span(request: dg.RunRequest) -> tuple[str, str]:
    return (
        request.tags["dagster/asset_partition_range_start"],
        request.tags["dagster/asset_partition_range_end"],
    )


def test_new_songs_become_partitions_and_one_run(store, instance) -> None:
    put(store, "drops/a.mp3")
    put(store, "drops/set/b.flac")
    put(store, "drops/set/c.url")
    result = tick(store, instance)

    assert result.dynamic_partitions_requests[0].partition_keys == ids(store)
    [request] = result.run_requests
    assert span(request) == (ids(store)[0], ids(store)[-1])
    assert request.tags["dagster/max_retries"] == "0"


def test_one_song_is_asked_for_by_its_partition(store, instance) -> None:
    put(store, "drops/a.mp3")

    [request] = tick(store, instance).run_requests
    assert request.partition_key.startswith("a-")


def test_a_run_can_find_every_song_that_it_is_asked_for(store, instance) -> None:
    put(store, "drops/a.mp3")
    put(store, "drops/b.mp3")
    tick(store, instance)

    assert [read_ticket(store, drop.drop_id) for drop in listed(store)] == listed(store)


def test_a_song_in_the_ledger_is_not_asked_for_again(store, instance) -> None:
    put(store, "drops/a.mp3")
    put(store, "drops/b.mp3")
    a, b = listed(store)
    ledger.record(store, a, "board", "boards/a/board.html")
    ledger.record(store, b, "quarantine", "quarantine/b.json")
    result = tick(store, instance)

    assert result.run_requests == []
    assert "2 songs in file://" in result.skip_reason.skip_message
    assert "none of them due" in result.skip_reason.skip_message


def test_a_song_that_is_still_being_written_waits(store, instance) -> None:
    put(store, "drops/a.mp3", age_s=0.0)
    result = tick(store, instance)

    assert result.run_requests == []
    assert "1 still being written" in result.skip_reason.skip_message


def test_sidecars_and_hidden_files_are_no_songs(store, instance) -> None:
    for name in ("a.txt", "a.lrc", "a.json", ".a.mp3.part"):
        put(store, f"drops/{name}")

    assert tick(store, instance).run_requests == []


def test_while_a_run_composes_boards_nothing_else_is_asked_for(store, instance) -> None:
    put(store, "drops/a.mp3")
    result = tick(store, instance)
    launch(result, instance, dg.DagsterRunStatus.STARTED)

    assert isinstance(tick(store, instance, result.cursor), dg.SkipReason)


def test_a_run_that_was_started_by_hand_counts_too(store, instance) -> None:
    put(store, "drops/a.mp3")
    create_run_for_test(
        instance,
        "__ASSET_JOB",
        asset_selection=frozenset([dg.AssetKey("audio_drop_board")]),
        status=dg.DagsterRunStatus.STARTED,
    )

    assert isinstance(tick(store, instance), dg.SkipReason)


def test_a_song_whose_run_keeps_breaking_is_tried_three_times_and_then_named(
    store, instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "drops/a.mp3")
    cursor, asked, now_s = None, 0, time.time()
    for passed_s in range(0, 6000, 1000):
        monkeypatch.setattr(time, "time", partial(float, now_s + passed_s))
        result = tick(store, instance, cursor)
        launch(result, instance)
        cursor, asked = result.cursor, asked + len(result.run_requests)

    assert asked == 3
    message = result.skip_reason.skip_message
    assert f"1 rest after 3 broken runs ({ids(store)[0]})" in message
    assert "materialise their partitions to try again" in message


def test_the_third_try_waits_for_what_is_away(store, instance) -> None:
    put(store, "drops/a.mp3")
    for _ in range(2):
        launch(tick(store, instance), instance)

    assert tick(store, instance).run_requests == []


def test_a_request_that_never_became_a_run_is_no_try(store, instance) -> None:
    put(store, "drops/a.mp3")
    for _ in range(5):
        [request] = tick(store, instance).run_requests

    assert request.partition_key == ids(store)[0]
    assert find_ticket(store, ids(store)[0]).tries == 0


def test_after_a_broken_run_a_partition_and_a_new_song_run_apart(
    store, instance
) -> None:
    put(store, "drops/b.mp3")
    launch(tick(store, instance), instance)
    put(store, "drops/a.mp3")
    a, b = ids(store)
    requests = tick(store, instance).run_requests

    assert [request.partition_key for request in requests] == [a, b]


def test_a_range_holds_what_was_asked_for_and_nothing_else(store, instance) -> None:
    for name in "abc":
        put(store, f"drops/{name}.mp3")
    a, b, c = ids(store)
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [a, "stranger", c])
    requests = tick(store, instance).run_requests

    assert [request.partition_key for request in requests] == [b, a, c]


def test_a_tick_goes_on_where_the_last_one_stopped(
    store, instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcde":
        put(store, f"drops/{name}.mp3")
    monkeypatch.setattr(sensors, "TickRules", lambda: TickRules(objects=2, at_once=2))
    for drop in listed(store)[:4]:
        ledger.record(store, drop, "board", "")
    first = tick(store, instance)
    second = tick(store, instance, first.cursor)
    third = tick(store, instance, second.cursor)

    assert load_sweep(first.cursor).after == "drops/b.mp3"
    assert "2 songs" in first.skip_reason.skip_message
    assert "up to 'b.mp3'" in first.skip_reason.skip_message
    assert load_sweep(second.cursor).after == "drops/d.mp3"
    assert third.run_requests[0].partition_key.startswith("e-")
    assert load_sweep(third.cursor) == Sweep()


def test_a_listing_that_fails_asks_for_nothing_and_moves_nothing(
    store, instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "drops/a.mp3")

    def fail(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(PermissionError):
        tick(store, instance)


def test_partitions_beyond_the_limit_retire_once_they_are_recorded(
    store, instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        put(store, f"drops/{name}.mp3")
    rules = sensors.RetireRules(kept=1, at_once=10)
    monkeypatch.setattr(sensors, "RetireRules", lambda: rules)
    launch(tick(store, instance), instance)
    drops = listed(store)
    for drop in (drops[0], drops[2], drops[3]):
        ledger.record(store, drop, "board", "")
    result = tick(store, instance)
    launch(result, instance)

    left = instance.get_dynamic_partitions(AUDIO_DROPS_NAME)
    assert left == [drops[1].drop_id, drops[3].drop_id]
    assert load_sweep(result.cursor).kept == 1


class Queue:
    """A queue that hands out what it was given, once."""

    def __init__(self, notices: list[Notice]) -> None:
        self.notices, self.deleted = notices, []

    def receive(self, limit: int, *, is_late: object) -> list[Notice]:
        return self.notices

    def delete(self, notices: list[Notice]) -> None:
        self.deleted += [notice.receipt for notice in notices]


def test_a_message_is_deleted_once_its_song_has_a_ticket(
    store, instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def song(name: str) -> StoredObject:
        return StoredObject(f"drops/{name}.mp3", 5, f"e-{name}", 0.0)

    queue = Queue(
        [
            Notice("one", (song("a"),)),
            Notice("again", (song("a"),)),
            Notice("test event"),
            Notice("foreign", reason="of another bucket, other"),
            Notice("too many", (song("b"), song("c"))),
        ]
    )
    monkeypatch.setattr(sensors, "_queue", lambda *_: queue)
    monkeypatch.setattr(sensors, "_BESIDE_NOTICES", TickRules(drops=2))
    result = tick(store, instance)

    assert len(result.run_requests) == 1
    assert queue.deleted == ["one", "again", "test event"]


def test_a_folder_sends_no_notices(store, instance) -> None:
    profile = SimpleNamespace(
        name="team", drops=SimpleNamespace(trigger="sqs", queue_url="https://queue")
    )

    with pytest.raises(ConfigError, match="use trigger: listing"):
        tick(store, instance, profile=profile)


def test_an_old_cursor_is_a_walk_from_the_start(store, instance) -> None:
    put(store, "drops/a.mp3")
    past = dump_sweep(Sweep(after="drops/zzz"))

    assert tick(store, instance, past).run_requests == []
    assert len(tick(store, instance, '{"a-0123456789": 3}').run_requests) == 1
