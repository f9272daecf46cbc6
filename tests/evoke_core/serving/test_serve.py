"""Drops end as a stored board, as a quarantine record or as gone, each on its own."""

import json
import os
from dataclasses import replace
from urllib.parse import unquote_to_bytes

import pytest

from evoke_core.config.drops import DropRules
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.drops import ledger
from evoke_core.drops.drop import Drop
from tests.evoke_core.serving.songs import (
    document,
    drop,
    keys,
    outcome,
    served,
)


def test_a_drop_becomes_a_stored_board(serve, store, desk, chord):
    song = drop(store, "in a folder/blue_chord.wav", chord)
    (end,) = served(serve, [song], desk)
    assert (end.drop, end.outcome, end.reason, end.message) == (
        song, "board", None, None,
    )  # fmt: skip
    assert end.page == f"boards/{song.drop_id}/board.html"
    assert set(end.spent) == {"reading", "composing", "storing"}
    assert end.seconds > 0
    board = document(store, song)
    assert board == end.document
    assert board["track"]["source"] == "drops"
    assert board["track"]["source_key"] == "in a folder/blue_chord.wav"
    assert board["track"]["title"] == "blue chord"
    assert board["track"]["audio"] == "../../drops/in%20a%20folder/blue_chord.wav"
    assert outcome(store, song) == ("board", end.page)
    assert store.read(song.key) == chord


@pytest.mark.parametrize("after", ["keep", "move"])
def test_a_song_whose_name_is_no_utf8_becomes_a_board(serve, store, desk, chord, after):
    song = drop(store, "caf\udce9_noir.wav", chord)
    (end,) = served(serve, [song], desk, rules=DropRules(after=after))
    assert (end.outcome, end.message) == ("board", None)
    track = document(store, song)["track"]
    assert track["source_key"] == "caf\\udce9_noir.wav"
    assert track["title"] == "caf\\udce9 noir"
    linked = unquote_to_bytes(track["audio"].removeprefix("../../"))
    assert store.read(os.fsdecode(linked)) == chord
    assert outcome(store, song) == ("board", end.page)


def test_a_bad_song_whose_name_is_no_utf8_is_set_aside(serve, store, desk, silence):
    song = drop(store, "caf\udce9.wav", silence)
    (end,) = served(serve, [song], desk)
    assert (end.outcome, end.reason) == ("refused", "silent")
    assert outcome(store, song)[0] == "quarantine"


def test_a_bad_song_is_set_aside_with_its_reason_and_fails_alone(
    serve, store, desk, chord, silence
):
    bad = drop(store, "bad.wav", silence)
    good = drop(store, "good.wav", chord)
    first, second = served(serve, [bad, good], desk)
    assert (first.outcome, first.page, first.reason) == ("refused", None, "silent")
    assert second.outcome == "board"
    record = json.loads(store.read(f"quarantine/{bad.drop_id}.json"))
    assert record["reason"] == "silent"
    assert record["message"] == first.message
    assert store.read(record["audio"]) == silence
    assert not store.exists("drops/bad.wav")
    assert ledger.recorded(store, [bad, good]) == {bad.drop_id, good.drop_id}


@pytest.mark.parametrize("meanwhile", [None, b"another song"])
def test_a_version_that_has_gone_is_no_failure_and_leaves_no_board(
    serve, store, desk, chord, meanwhile
):
    song = drop(store, "gone.wav", chord)
    store.delete(song.key)
    if meanwhile:
        store.write(song.key, meanwhile)
    (end,) = served(serve, [song], desk)
    assert (end.outcome, end.page, end.reason) == ("gone", None, "gone")
    assert outcome(store, song) == ("gone", "")
    assert not keys(store, "boards/")
    assert not keys(store, "quarantine/")
    assert not meanwhile or store.read(song.key) == meanwhile


def test_a_stored_board_is_not_made_again_but_recorded(
    serve, store, desk, chord, monkeypatch
):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    for key in keys(store, "ledger/"):  # the run died just before it wrote it
        store.delete(key)
    monkeypatch.setattr(serve, "compose_board", None)  # would fail if it were called
    (end,) = served(serve, [song], desk)
    assert (end.outcome, end.seconds, end.document) == ("board", 0, None)
    assert ledger.recorded(store, [song]) == {song.drop_id}


def test_a_board_that_is_wanted_afresh_is_made_again(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    key = f"boards/{song.drop_id}/board.json"
    whole = store.read(key)
    store.write(key, b'{"old": true}')
    (end,) = served(serve, [song], desk, afresh=True)
    assert end.seconds > 0
    assert store.read(key) == whole


def test_a_board_stays_where_making_it_again_is_refused(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    whole = document(store, song)
    store.write("drops/song.json", b"no options")
    (end,) = served(serve, [song], desk, afresh=True)
    assert (end.outcome, end.reason) == ("refused", "bad_options")
    assert "the board from before stays" in end.message
    assert document(store, song) == whole
    assert store.exists(song.key)
    assert not keys(store, "quarantine/")


def test_a_song_whose_audio_has_gone_keeps_its_board(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    store.delete(song.key)
    (end,) = served(serve, [song], desk, afresh=True)
    assert (end.outcome, end.seconds) == ("board", 0)


def test_pictures_whose_thumbnails_are_lost_leave_their_colours(
    serve, store, desk, chord
):
    song = drop(store, "song.wav", chord)
    for image_id in desk.pictures:
        store.delete(thumbnail_key(desk.pictures[image_id]["sha256"]))
    (end,) = served(serve, [song], desk)
    assert end.outcome == "board"
    assert ledger.recorded(store, [song]) == {song.drop_id}


def test_a_board_knows_whether_it_is_of_the_present_release(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    assert not serve.is_of_release(desk, song)
    served(serve, [song], desk)
    assert serve.is_of_release(desk, song)
    newer = replace(desk, release=replace(desk.release, collection="images_2"))
    assert not serve.is_of_release(newer, song)


def test_nothing_to_serve_is_no_fault(serve, desk):
    assert served(serve, [], desk) == []


def test_a_drop_is_served_from_its_key_whatever_it_is_called(serve, store, desk, chord):
    store.write("drops/x.wav", chord)
    song = Drop("any-1", "drops/x.wav", "<b>&.wav", store.etag("drops/x.wav"))
    (end,) = served(serve, [song], desk)
    page = store.read(end.page).decode()
    assert "<b>&" not in page


def test_lyrics_beside_a_song_are_kept_and_bad_ones_are_a_note(
    serve, store, desk, chord
):
    store.write("drops/song.txt", b"la\xff\x00\xfe")
    song = drop(store, "song.wav", chord)
    (end,) = served(serve, [song], desk)
    assert end.outcome == "board"
    assert "song.txt" in end.notes[-1]
    store.write("drops/song.txt", b"la la")
    (end,) = served(serve, [song], desk, afresh=True)
    assert store.read(f"lyrics/{song.drop_id}.txt") == b"la la"
    assert not any("song.txt" in note for note in end.notes)
