"""A song is found wherever it has been moved, and never deleted as another version."""

import json

import pytest

from evoke_core.drops.drop import Drop, drop_of
from evoke_core.errors import TrackRefused
from evoke_core.serving import quarantine

REFUSAL = TrackRefused("silent", "The loudest second lies at -90 dB.")
AT = "2026-11-22T12:00:00+00:00"


@pytest.fixture
def song(store):
    store.write("drops/set/blue song.mp3", b"sound")
    return drop_of("drops/set/blue song.mp3", store.etag("drops/set/blue song.mp3"))


def aside(store, song):
    quarantine.set_aside(store, song, b"sound", REFUSAL, at=AT)
    quarantine.clear_dropped(store, song)


def test_the_record_says_what_why_when_and_what_mends_it(store, song):
    aside(store, song)
    record = quarantine.read_record(store, song)
    assert record["remedy"].count(song.drop_id) == 1
    del record["remedy"]
    assert record == {
        "drop_id": song.drop_id,
        "source_key": "set/blue song.mp3",
        "key": song.key,
        "etag": song.etag,
        "audio": f"quarantine/{song.drop_id}/blue song.mp3",
        "reason": "silent",
        "message": "The loudest second lies at -90 dB.",
        "at": AT,
    }


def test_a_song_is_found_in_drops_then_aside_then_done(store, song):
    found = quarantine.find_audio(store, song)
    assert found == quarantine.Found(b"sound", song.key)
    aside(store, song)
    found = quarantine.find_audio(store, song)
    assert found == quarantine.Found(b"sound", quarantine.quarantine_key(song))
    quarantine.keep_done(store, song, found)
    quarantine.clear_aside(store, song)
    found = quarantine.find_audio(store, song)
    assert found == quarantine.Found(b"sound", quarantine.done_key(song))
    assert not quarantine.is_aside(store, song)


def test_a_song_that_was_overwritten_is_not_taken_for_the_one_that_was_seen(
    store, song
):
    store.write(song.key, b"another song")
    with pytest.raises(KeyError):
        quarantine.find_audio(store, song)


def test_another_song_under_the_same_key_is_left_alone(store, song):
    store.write(song.key, b"another song")
    aside(store, song)
    assert store.read(song.key) == b"another song"


def test_nothing_is_aside_before_it_is_set_aside(store, song):
    assert not quarantine.is_aside(store, song)
    with pytest.raises(KeyError):
        quarantine.read_record(store, song)


@pytest.mark.parametrize(
    ("source_key", "name"),
    [
        ("a/b.mp3", "b.mp3"),
        ("no suffix", "no suffix"),
        ("b.m p3", "b"),
        ("x" * 250 + ".flac", "x" * 180 + ".flac"),
        ("é" * 120 + ".mp3", "é" * 90 + ".mp3"),
        ("caf\udce9.mp3", "caf.mp3"),
        ("\udce9.mp3", "song.mp3"),
    ],
)
def test_names_are_kept_as_far_as_a_file_system_takes_them(store, source_key, name):
    song = Drop("x-1", f"drops/{source_key}", source_key, "1")
    assert quarantine.quarantine_key(song) == f"quarantine/x-1/{name}"
    assert quarantine.done_key(song) == f"done/x-1/{name}"
    quarantine.set_aside(store, song, b"sound", REFUSAL, at=AT)
    assert json.loads(store.read("quarantine/x-1.json"))["audio"].endswith(name)
