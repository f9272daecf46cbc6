"""A finished board is followed by its image: asked for once, one run at a time."""

import json
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from evoke_core.config.memory import TINY
from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_core.memory.attempts import attempt
from evoke_core.memory.keepsake import refuse
from evoke_pipelines.assets.memory import REFUSED_TAG
from evoke_pipelines.definitions import defs
from evoke_pipelines.memory_sensor import memory_sensor
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, CURATED

ON = SimpleNamespace(name="memory", memory=TINY)
OFF = SimpleNamespace(name="demo", memory=None)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def shelve(store, name, *, dropped=True):
    """Put a board as serving leaves it: with a ticket where its song was dropped."""
    drop = drop_of(f"drops/{name}.mp3", "e")
    if dropped:
        write_ticket(store, drop, 0)
    store.write(f"boards/{drop.drop_id}/board.json", b"{}")
    return drop.drop_id


def tick(store, instance, cursor=None, profile=ON):
    context = dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={"store": store, "run_profile": profile},
        definitions=defs,
    )
    return memory_sensor(context)


def run_of(instance, status, **tags):
    return create_run_for_test(instance, "remember_songs", tags=tags, status=status)


def test_where_memory_is_off_the_sensor_says_so_in_one_line(store, instance):
    shelve(store, "a")

    skipped = tick(store, instance, profile=OFF)
    assert skipped.skip_message == "profile demo has no section memory:"


def test_boards_of_a_burst_are_asked_for_in_one_run(store, instance):
    ids = [shelve(store, name) for name in "abc"]
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, ids)

    [request] = tick(store, instance).run_requests
    assert request.job_name == "remember_songs"
    assert request.tags["dagster/asset_partition_range_start"] == ids[0]
    assert request.tags["dagster/asset_partition_range_end"] == ids[2]
    assert request.tags["dagster/priority"] == "-1"
    assert request.tags["dagster/max_retries"] == "0"


def test_a_partition_that_was_retired_is_added_again(store, instance):
    song = shelve(store, "a")

    result = tick(store, instance)
    assert result.dynamic_partitions_requests[0].partition_keys == [song]
    assert result.run_requests[0].partition_key == song


def test_a_board_of_the_curated_library_is_asked_for_by_its_track(store, instance):
    name, track = next(iter(CURATED.tracks.items()))
    told = {"track": {"source": track.library, "source_key": track.key}}
    store.write("boards/night-0123456789/board.json", json.dumps(told).encode())

    [request] = tick(store, instance).run_requests
    assert (request.job_name, request.partition_key) == ("remember_library", name)


def test_what_has_a_card_is_not_asked_for_again(store, instance):
    refuse(store, shelve(store, "a"), "gone", "its sound is gone")
    result = tick(store, instance)

    assert result.run_requests == []
    assert "1 boards seen" in result.skip_reason.skip_message


def test_while_a_run_draws_nothing_else_is_asked_for(store, instance):
    shelve(store, "a")
    run_of(instance, dg.DagsterRunStatus.STARTED)

    assert "is drawing" in tick(store, instance).skip_message


def test_a_run_that_was_started_by_hand_counts_too(store, instance):
    shelve(store, "a")
    create_run_for_test(
        instance,
        "__ASSET_JOB",
        asset_selection=frozenset([dg.AssetKey("audio_drop_memory")]),
        status=dg.DagsterRunStatus.STARTED,
    )

    assert isinstance(tick(store, instance), dg.SkipReason)


def test_after_a_broken_run_there_is_a_pause(store, instance):
    shelve(store, "a")
    run = run_of(instance, dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run)

    skipped = tick(store, instance)
    assert "the last run broke; the next in" in skipped.skip_message


def test_after_a_run_that_refused_songs_there_is_none(store, instance):
    shelve(store, "a")
    run = run_of(instance, dg.DagsterRunStatus.STARTED, **{REFUSED_TAG: "1"})
    instance.report_run_failed(run)

    assert len(tick(store, instance).run_requests) == 1


def test_a_song_over_which_a_run_broke_goes_alone_and_last(store, instance):
    bad, good = shelve(store, "a"), shelve(store, "b")
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [bad, good])
    with pytest.raises(RuntimeError), attempt(store, bad):
        raise RuntimeError("broken")

    assert tick(store, instance).run_requests[0].partition_key == good


def test_the_cursor_moves_only_where_nothing_is_asked_for(store, instance):
    song = shelve(store, "a")
    asked = tick(store, instance, cursor="boards/")
    refuse(store, song, "gone", "its sound is gone")
    done = tick(store, instance, asked.cursor)

    assert asked.cursor == "boards/"
    assert done.cursor == ""
