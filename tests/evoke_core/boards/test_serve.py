"""Drops end as a stored board or as a quarantine record, each on its own."""

import json
from dataclasses import replace

import pytest

from evoke_core.corpus.survey import thumbnail_key
from evoke_core.drops.drop import Drop, observe, pending, recorded_drops
from evoke_core.music.handcrafted import HandcraftedMusicEncoder


@pytest.fixture
def serve():
    from evoke_core.boards import serve

    return serve


def drop(store, name, audio):
    store.write(f"drops/{name}", audio)
    found = observe(store.listing("drops/"), now_s=float("inf"))
    return next(one for one in found if one.source_key == name)


def served(serve, drops, desk, *, afresh=False):
    return list(serve.serve_drops(drops, desk, afresh=lambda _: afresh))


def test_a_drop_becomes_a_stored_board(serve, store, desk, chord):
    song = drop(store, "in a folder/blue_chord.wav", chord)
    (end,) = served(serve, [song], desk)
    assert (end.drop, end.reason, end.message) == (song, None, None)
    assert end.page == f"boards/{song.drop_id}/board.html"
    assert end.seconds > 0
    board = json.loads(store.read(f"boards/{song.drop_id}/board.json"))
    assert board["track"]["source"] == "drops"
    assert board["track"]["source_key"] == "in a folder/blue_chord.wav"
    assert board["track"]["title"] == "blue chord"
    assert board["track"]["audio"] == "../../drops/in%20a%20folder/blue_chord.wav"
    assert recorded_drops(store) == {song.drop_id}


def test_a_bad_song_is_set_aside_with_its_reason_and_fails_alone(
    serve, store, desk, chord, silence
):
    bad = drop(store, "bad.wav", silence)
    good = drop(store, "good.wav", chord)
    first, second = served(serve, [bad, good], desk)
    assert first.page is None
    assert first.reason == "silent"
    assert second.page
    record = json.loads(store.read(f"quarantine/{bad.drop_id}.json"))
    assert record["reason"] == "silent"
    assert record["message"] == first.message
    assert store.read(record["audio"]) == silence
    assert not store.exists("drops/bad.wav")
    assert pending([bad, good], recorded_drops(store)) == []


def test_a_song_that_vanished_is_recorded_as_such(serve, store, desk, chord):
    song = drop(store, "gone.wav", chord)
    store.delete("drops/gone.wav")
    (end,) = served(serve, [song], desk)
    assert (end.page, end.reason) == (None, "vanished")
    record = json.loads(store.read(f"quarantine/{song.drop_id}.json"))
    assert record["audio"] == ""


def test_a_stored_board_is_not_made_again(serve, store, desk, chord, monkeypatch):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    monkeypatch.setattr(serve, "compose_board", None)  # would fail if it were called
    (end,) = served(serve, [song], desk)
    assert end.page == f"boards/{song.drop_id}/board.html"
    assert end.seconds == 0


def test_a_board_that_is_wanted_afresh_is_made_again(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    key = f"boards/{song.drop_id}/board.json"
    whole = store.read(key)
    store.write(key, b'{"old": true}')
    (end,) = served(serve, [song], desk, afresh=True)
    assert end.seconds > 0
    assert store.read(key) == whole


def test_what_is_not_the_songs_fault_propagates_and_leaves_the_song(
    serve, store, desk, chord
):
    song = drop(store, "song.wav", chord)
    for image_id in desk.pictures:  # the store has lost its thumbnails
        store.delete(thumbnail_key(desk.pictures[image_id]["sha256"]))
    with pytest.raises(KeyError):
        served(serve, [song], desk)
    assert store.exists("drops/song.wav")
    assert recorded_drops(store) == set()


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
    song = Drop(drop_id="any-1", key="drops/x.wav", source_key="<b>&.wav")
    (end,) = served(serve, [song], desk)
    page = store.read(end.page).decode()
    assert "<b>&" not in page


class Choir(HandcraftedMusicEncoder):
    """Hears several songs at once, as an encoder with a large model does."""

    def __init__(self):
        self.calls = []

    def encode_songs(self, songs):
        self.calls.append(len(songs))
        return [self.encode(*song) for song in songs]


def test_a_burst_of_songs_shares_one_pass_of_a_large_model(serve, store, desk, chord):
    songs = [drop(store, f"{n}.wav", chord + bytes(n)) for n in range(3)]
    bad = drop(store, "bad.wav", b"no sound")
    choir = Choir()

    ends = served(serve, [songs[0], bad, *songs[1:]], replace(desk, encoder=choir))

    assert choir.calls == [3]
    assert [end.page is not None for end in ends] == [True, False, True, True]


def test_a_stored_board_is_not_heard_again_with_its_burst(serve, store, desk, chord):
    first = drop(store, "first.wav", chord)
    choir = Choir()
    together = replace(desk, encoder=choir)
    served(serve, [first], together)

    served(serve, [first, drop(store, "second.wav", chord + b"0")], together)

    assert choir.calls == []  # one song alone is heard where its board is composed
