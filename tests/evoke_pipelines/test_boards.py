"""Boards of dropped songs: each its own success, failure, retry and line in the UI."""

import json
from functools import partial

import pytest

from evoke_core.drops import ledger
from evoke_core.errors import IndexUnavailable, IndexUnreachable
from evoke_core.serving import serve
from evoke_core.serving.patience import Patience
from evoke_pipelines.assets import boards
from tests.evoke_core.boards import conftest as world
from tests.evoke_pipelines.house import board_house, chord

store, index, encoder = world.store, world.index, world.encoder
run_profile, vocabulary, house = world.run_profile, world.vocabulary, board_house


def observed(house, song):
    """Read what stands beside a partition that failed."""
    records = house.instance.fetch_observations(house.asset.key, limit=10).records
    found = [r.asset_observation for r in records if r.partition_key == song.drop_id]
    return {name: value.value for name, value in found[0].metadata.items()}


def test_a_burst_opens_the_index_once_and_a_bad_song_fails_alone(house):
    good, bad, other = (
        house.drop("a.wav", chord()),
        house.drop("bad.mp3", b"this is a text"),
        house.drop("c.wav", chord(330)),
    )
    result = house.run(good, bad, other)
    assert not result.success  # so that the bad one is painted as failed
    assert house.done() == {good.drop_id, other.drop_id}
    assert house.resources["index"].opened == 1
    [failure] = [e for e in result.all_events if e.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert set(told.metadata) == {bad.drop_id}
    assert told.metadata[bad.drop_id].value.startswith("not_audio: ")
    said = observed(house, bad)
    assert said["reason"] == "not_audio"
    assert f"quarantine/{bad.drop_id}.json" in said["remedy"]
    gallery = house.store.read("boards/index.html").decode()
    assert good.drop_id in gallery
    assert other.drop_id in gallery


def test_a_board_is_shown_with_its_links_time_moods_picture_and_release(house):
    song = house.drop("set/blue chord.wav", chord())
    assert house.run(song).success
    said = house.shown()
    page = f"boards/{song.drop_id}/board.html"
    assert said["song"] == "set/blue chord.wav"
    assert said["title"] == "blue chord"
    assert said["board"] == said["location"] == house.store.locate(page)
    board = json.loads(house.store.read(page.replace(".html", ".json")))
    assert said["release"] == board["release"]["release_id"]
    assert said["moods"].split(", ")[0] == board["moods"][0]["mood"]
    assert said["tiles"] == len(board["tiles"])
    assert said["first_tiles"].startswith("![](data:image/webp;base64,")
    assert len(said["first_tiles"]) < 100_000
    parts = [said[f"seconds_{part}"] for part in ("reading", "composing", "storing")]
    assert said["seconds"] == pytest.approx(sum(parts), abs=0.02)


def test_names_that_are_no_utf8_reach_the_ui_spelt_out(house):
    good = house.drop("caf\udce9.wav", chord())
    bad = house.drop("b\udce9d.wav", b"this is a text")
    house.store.write("drops/b\udce9d.json", b"{")
    house.run(good, bad)
    assert house.done() == {good.drop_id}
    assert house.shown()["song"] == "caf\\udce9.wav"
    said = observed(house, bad)
    assert said["song"] == "b\\udce9d.wav"
    assert "b\\udce9d.json" in said["message"].encode().decode()


def data_version(house, song):
    events = house.instance.fetch_materializations(house.asset.key, limit=10).records
    return next(
        r.asset_materialization.tags["dagster/data_version"]
        for r in events
        if r.partition_key == song.drop_id
    )


def test_the_data_version_is_that_of_the_board_not_of_the_run(house):
    first, twin = house.drop("a.wav", chord()), house.drop("b.wav", chord())
    other = house.drop("c.wav", chord(330))
    house.run(first, twin, other)
    version = data_version(house, first)
    assert data_version(house, twin) == version  # the same sound, the same pictures
    assert data_version(house, other) != version
    house.run(first, by_hand=True)
    assert data_version(house, first) == version


def test_a_song_is_taken_out_of_quarantine_by_hand_alone(house):
    song = house.drop("a.wav", chord())
    house.store.write("drops/a.json", b"{")
    house.run(song)
    assert house.done() == set()
    house.store.write("drops/a.json", b'{"size": 4}')
    assert not house.run(song).success  # the sensor's run leaves it where it is
    assert house.run(song, by_hand=True).success
    assert house.done() == {song.drop_id}
    assert house.shown()["tiles"] == 4
    assert list(house.store.listing("quarantine/")) == []


def test_refused_songs_are_tried_again_in_a_range_by_hand_and_boards_stay(house):
    good, bad = house.drop("a.wav", chord()), house.drop("b.wav", chord(330))
    house.store.write("drops/b.json", b"{")
    house.run(good, bad)
    house.store.delete("drops/b.json")
    before = house.store.etag(f"boards/{good.drop_id}/board.json")
    assert house.run(good, bad, by_hand=True).success
    assert house.done() == {good.drop_id, bad.drop_id}
    assert house.store.etag(f"boards/{good.drop_id}/board.json") == before


def test_a_board_is_made_again_by_hand_alone(house):
    song = house.drop("a.wav", chord())
    house.run(song)
    before = house.store.etag(f"boards/{song.drop_id}/board.json")
    house.run(song)
    assert house.store.etag(f"boards/{song.drop_id}/board.json") == before
    house.run(song, by_hand=True)
    assert house.store.etag(f"boards/{song.drop_id}/board.json") != before


def test_a_song_that_was_deleted_before_its_run_fails_nothing(house):
    song = house.drop("a.wav", chord())
    house.store.delete(song.key)
    assert house.run(song).success
    assert house.done() == set()
    [entry] = house.store.listing("ledger/")
    assert json.loads(house.store.read(entry.key))["outcome"] == "gone"


def test_an_error_of_ours_fails_its_song_alone_with_a_traceback(house, monkeypatch):
    bad, good = house.drop("a.wav", chord()), house.drop("b.wav", chord(330))
    compose = serve.compose_board

    def stumble(song, *more):
        if song.board_id == bad.drop_id:
            raise ZeroDivisionError("a bug of ours")
        return compose(song, *more)

    monkeypatch.setattr(serve, "compose_board", stumble)
    result = house.run(bad, good)
    assert not result.success
    assert house.done() == {good.drop_id}
    assert ledger.recorded(house.store, [bad, good]) == {good.drop_id}
    [failure] = [e for e in result.all_events if e.is_step_failure]
    assert bad.drop_id in failure.step_failure_data.error.message
    assert "ZeroDivisionError" in failure.step_failure_data.error.cause.to_string()
    logged = [entry.user_message for entry in house.instance.all_logs(result.run_id)]
    assert any("Traceback" in line and "a bug of ours" in line for line in logged)


def test_an_index_that_is_away_is_waited_for(house, monkeypatch):
    waits = []
    monkeypatch.setattr(boards, "Patience", partial(Patience, sleep=waits.append))
    house.resources["index"].failures = [IndexUnreachable("another process holds it")]
    song = house.drop("a.wav", chord())
    assert house.run(song).success
    assert len(waits) == 1


def test_without_an_index_the_run_fails_and_the_song_stays_due(house):
    house.resources["index"].failures = [IndexUnavailable("made by another encoder")]
    song = house.drop("a.wav", chord())
    assert not house.run(song).success
    assert house.store.exists(song.key)
    assert ledger.recorded(house.store, [song]) == set()


def test_a_partition_without_a_ticket_is_found_by_its_song(house):
    song = house.drop("a.wav", chord())
    house.store.delete(f"tickets/{song.drop_id}.json")
    assert house.run(song).success
    assert house.done() == {song.drop_id}


def test_a_partition_that_nothing_is_known_of_fails_alone(house):
    song, lost = house.drop("a.wav", chord()), house.drop("b.wav", chord(330))
    house.store.delete(f"tickets/{lost.drop_id}.json")
    house.store.delete(lost.key)
    result = house.run(song, lost)
    assert not result.success
    assert house.done() == {song.drop_id}
    [failure] = [e for e in result.all_events if e.is_step_failure]
    told = failure.step_failure_data.user_failure_data.metadata[lost.drop_id]
    assert told.value.startswith("no_ticket: ")
