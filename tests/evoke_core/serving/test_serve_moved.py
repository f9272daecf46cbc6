"""Where a song lies once it has a board: moved, tagged, or out of quarantine."""

from dataclasses import replace

import pytest

from evoke_core.config.drops import DropRules
from evoke_core.drops import ledger
from evoke_core.errors import ConfigError
from evoke_core.serving.linked import Linked
from evoke_core.storage.s3 import S3Store
from tests.evoke_core.serving.songs import (
    MOVE,
    drop,
    keys,
    linked_audio,
    outcome,
    served,
)


def test_moved_songs_are_linked_from_where_they_lie(serve, store, desk, chord):
    song = drop(store, "set/song.wav", chord)
    served(serve, [song], desk, rules=MOVE)
    assert keys(store, "drops/") == []
    assert keys(store, "done/") == [f"done/{song.drop_id}/song.wav"]
    assert linked_audio(store, song) == chord
    (again,) = served(serve, [song], desk, rules=MOVE, afresh=True)
    assert again.outcome == "board"
    assert linked_audio(store, song) == chord


def test_songs_are_not_moved_away_from_boards_that_link_them(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    served(serve, [song], desk)
    served(serve, [song], desk, rules=MOVE)  # the profile says another word now
    assert linked_audio(store, song) == chord


def test_songs_can_not_be_tagged_in_a_folder(serve, store, desk, chord):
    song = drop(store, "song.wav", chord)
    with pytest.raises(ConfigError, match=r"drops\.after is tag"):
        served(serve, [song], desk, rules=DropRules(after="tag"))
    assert not keys(store, "boards/")


@pytest.fixture
def bucket(monkeypatch):
    """A store in S3, served within this process."""
    moto = pytest.importorskip("moto", reason="moto plays S3 here")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with moto.mock_aws():
        made = S3Store("evoke-tests", "home")
        made.client.create_bucket(Bucket="evoke-tests")
        yield made
        made.client.close()


def tags_of(bucket, key):
    found = bucket.client.get_object_tagging(Bucket="evoke-tests", Key=f"home/{key}")
    return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}


def test_in_a_bucket_songs_with_a_board_are_tagged(serve, bucket, desk, chord, silence):
    good, bad = drop(bucket, "a.wav", chord), drop(bucket, "b.wav", silence)
    rules = DropRules(after="tag")
    served(serve, [good, bad], replace(desk, store=bucket), rules=rules)
    assert tags_of(bucket, good.key) == {"evoke": "board"}
    assert linked_audio(bucket, good) == chord
    assert keys(bucket, "drops/") == [good.key]
    assert ledger.recorded(bucket, [good, bad]) == {good.drop_id, bad.drop_id}


def test_in_a_bucket_songs_are_moved(serve, bucket, desk, chord):
    song = drop(bucket, "set/a.wav", chord)
    served(serve, [song], replace(desk, store=bucket), rules=MOVE)
    assert keys(bucket, "drops/") == []
    assert linked_audio(bucket, song) == chord


def test_a_song_out_of_quarantine_becomes_a_board_that_links_it(
    serve, store, desk, chord, monkeypatch
):
    song = drop(store, "set/song.wav", chord)
    store.write("drops/set/song.json", b'{"size": "large"}')
    (first,) = served(serve, [song], desk)
    assert first.reason == "bad_options"
    (still,) = served(serve, [song], desk)
    assert (still.outcome, still.reason) == ("refused", "bad_options")

    store.write("drops/set/song.json", b'{"size": 5}')
    (end,) = served(serve, [song], desk, afresh=True)

    assert end.outcome == "board"
    assert len(end.document["tiles"]) == 5
    assert keys(store, "quarantine/") == []
    assert keys(store, "drops/") == ["drops/set/song.json"]  # nothing new to see there
    assert linked_audio(store, song) == chord
    assert outcome(store, song) == ("board", end.page)


def test_a_song_that_is_refused_again_stays_in_quarantine(serve, store, desk, silence):
    song = drop(store, "song.wav", silence)
    served(serve, [song], desk)
    before = keys(store, "quarantine/")
    (end,) = served(serve, [song], desk, afresh=True)
    assert (end.outcome, end.reason) == ("refused", "silent")
    assert keys(store, "quarantine/") == before
    assert store.read(before[1]) == silence


def test_a_linked_song_is_fetched_and_not_kept(serve, store, desk, chord, monkeypatch):
    raw = b"https://music.example/blue.wav\n"
    song = drop(store, "blue.url", raw)
    asked = []

    def fetch(*given):
        asked.append(given[:2])
        return Linked(chord, "https://music.example/blue.wav", "Blue")

    monkeypatch.setattr(serve, "fetch_linked", fetch)
    (end,) = served(serve, [song], desk, rules=MOVE)
    assert asked == [(raw, "blue.url")]
    assert end.document["track"]["title"] == "Blue"
    assert end.document["track"]["audio"] is None
    assert store.read(f"done/{song.drop_id}/blue.url") == raw


def test_a_link_whose_host_is_away_is_tried_again_and_then_set_aside(
    serve, store, desk, monkeypatch
):
    song = drop(store, "blue.url", b"https://music.example/blue.wav")
    calls = []

    def fetch(*_):
        calls.append(1)
        raise serve.TrackRefused("timeout", "it took too long")

    monkeypatch.setattr(serve, "fetch_linked", fetch)
    (end,) = served(serve, [song], desk)
    assert (end.outcome, end.reason, len(calls)) == ("refused", "timeout", 4)
    assert store.exists(f"quarantine/{song.drop_id}/blue.url")
