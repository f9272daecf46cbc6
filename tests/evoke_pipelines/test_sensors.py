"""What the drop sensor asks for, on a real ephemeral instance."""

import json
import os
import time
from pathlib import Path

import dagster as dg
import pytest

from evoke_core.drops.drop import observe
from evoke_core.storage.local import LocalStore
from evoke_pipelines.definitions import defs
from evoke_pipelines.partitions import AUDIO_DROPS_NAME
from evoke_pipelines.sensors import audio_drop_sensor


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


def put(store: LocalStore, key: str, *, age_s: float = 60.0) -> None:
    store.write(key, b"sound")
    then = time.time() - age_s
    os.utime(store.locate(key), (then, then))


def tick(store: LocalStore, instance: dg.DagsterInstance, cursor: str | None = None):
    context = dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={"store": store},
        definitions=defs,
    )
    return audio_drop_sensor(context)


def test_new_songs_become_partitions_and_one_run(store: LocalStore) -> None:
    put(store, "drops/a.mp3")
    put(store, "drops/set/b.flac")
    with dg.DagsterInstance.ephemeral() as instance:
        result = tick(store, instance)
    ids = [d.drop_id for d in observe(store.listing("drops/"), now_s=time.time())]
    assert result.dynamic_partitions_requests[0].partition_keys == ids
    [request] = result.run_requests
    assert request.tags["dagster/asset_partition_range_start"] == ids[0]
    assert request.tags["dagster/asset_partition_range_end"] == ids[-1]


def test_one_song_is_asked_for_by_its_partition(store: LocalStore) -> None:
    put(store, "drops/a.mp3")
    with dg.DagsterInstance.ephemeral() as instance:
        [request] = tick(store, instance).run_requests
    assert request.partition_key.startswith("a-")


def test_a_song_with_a_board_or_a_record_is_not_asked_for_again(
    store: LocalStore,
) -> None:
    put(store, "drops/a.mp3")
    put(store, "drops/b.mp3")
    a, b = (d.drop_id for d in observe(store.listing("drops/"), now_s=time.time()))
    store.write(f"boards/{a}/board.json", b"{}")
    store.write(f"quarantine/{b}.json", b"{}")
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(store, instance), dg.SkipReason)


def test_a_song_that_is_still_being_written_waits(store: LocalStore) -> None:
    put(store, "drops/a.mp3", age_s=0.0)
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(store, instance), dg.SkipReason)


def test_sidecars_and_hidden_files_are_no_songs(store: LocalStore) -> None:
    for name in ("a.txt", "a.lrc", "a.json", ".a.mp3.part"):
        put(store, f"drops/{name}")
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(store, instance), dg.SkipReason)


def test_a_song_whose_run_keeps_breaking_is_tried_three_times(
    store: LocalStore,
) -> None:
    put(store, "drops/a.mp3")
    with dg.DagsterInstance.ephemeral() as instance:
        cursor, asked = None, 0
        for _ in range(5):
            result = tick(store, instance, cursor)
            if isinstance(result, dg.SkipReason):
                break
            cursor, asked = result.cursor, asked + 1
    assert asked == 3
    assert set(json.loads(cursor).values()) == {3}


def test_a_range_runs_from_the_oldest_partition_to_the_newest(
    store: LocalStore,
) -> None:
    put(store, "drops/a.mp3")
    put(store, "drops/b.mp3")
    a, b = (d.drop_id for d in observe(store.listing("drops/"), now_s=time.time()))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [b])
        [request] = tick(store, instance).run_requests
    assert request.tags["dagster/asset_partition_range_start"] == b
    assert request.tags["dagster/asset_partition_range_end"] == a
