"""Drops end as a stored board, as a quarantine record or as gone, each on its own."""

import json
from dataclasses import replace

import pytest

from evoke_core.config.drops import DropRules, PatienceRules
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.drops import ledger
from evoke_core.drops.drop import Drop, drop_of
from evoke_core.errors import ConfigError, IndexUnavailable, IndexUnreachable
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.serving.linked import Linked
from evoke_core.storage.local import LocalStore
from evoke_core.storage.s3 import S3Store

MOVE = DropRules(after="move")


@pytest.fixture
def serve():
    from evoke_core.serving import serve

    return serve


def drop(store, name, audio):
    store.write(f"drops/{name}", audio)
    return drop_of(f"drops/{name}", store.etag(f"drops/{name}"))


def served(serve, drops, desk, *, afresh=False, rules=None, waits=None):
    sleep = (waits if waits is not None else []).append
    ends = serve.serve_drops(
        drops, desk, afresh=lambda _: afresh, rules=rules, sleep=sleep
    )
    return list(ends)


def document(store, song):
    return json.loads(store.read(f"boards/{song.drop_id}/board.json"))


def linked_audio(store, song):
    """Follow the link of a board to the bytes of its song."""
    link = document(store, song)["track"]["audio"]
    return store.read(link.removeprefix("../../").replace("%20", " "))


def keys(store, prefix):
    return [found.key for found in store.listing(prefix)]


def outcome(store, song):
    """Read what the ledger says of a song that was dropped alone."""
    (key,) = keys(store, "ledger/")
    entry = json.loads(store.read(key))
    assert entry["drop_id"] == song.drop_id
    return entry["outcome"], entry["where"]


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


def test_an_error_of_ours_leaves_the_song_due_and_serves_the_others(
    serve, store, desk, chord, monkeypatch
):
    first, second = drop(store, "a.wav", chord), drop(store, "b.wav", chord + b"0")
    compose = serve.compose_board

    def stumble(song, *more):
        if song.source_key == "a.wav":
            raise ZeroDivisionError("a bug")
        return compose(song, *more)

    monkeypatch.setattr(serve, "compose_board", stumble)
    waits = []
    broken, good = served(serve, [first, second], desk, waits=waits)
    assert (broken.outcome, broken.reason) == ("broken", "ZeroDivisionError")
    assert isinstance(broken.error, ZeroDivisionError)
    assert good.outcome == "board"
    assert store.exists(first.key)
    assert ledger.recorded(store, [first, second]) == {second.drop_id}
    assert waits == []  # a bug does not pass by itself


def test_pictures_whose_thumbnails_are_lost_leave_their_colours(
    serve, store, desk, chord
):
    song = drop(store, "song.wav", chord)
    for image_id in desk.pictures:
        store.delete(thumbnail_key(desk.pictures[image_id]["sha256"]))
    (end,) = served(serve, [song], desk)
    assert end.outcome == "board"
    assert ledger.recorded(store, [song]) == {song.drop_id}


def test_an_index_that_comes_back_is_waited_for(serve, store, desk, chord, monkeypatch):
    song = drop(store, "song.wav", chord)
    failures = [IndexUnreachable("away"), IndexUnreachable("away")]
    compose = serve.compose_board

    def flicker(*given):
        if failures:
            raise failures.pop()
        return compose(*given)

    monkeypatch.setattr(serve, "compose_board", flicker)
    waits = []
    (end,) = served(serve, [song], desk, waits=waits)
    assert end.outcome == "board"
    assert len(waits) == 2
    assert 0 < waits[0] <= 1
    assert 0 < waits[1] <= 2


@pytest.mark.parametrize("wrong", [IndexUnreachable, IndexUnavailable])
def test_without_an_index_the_run_ends_and_all_songs_stay_due(
    serve, store, desk, chord, monkeypatch, wrong
):
    songs = [drop(store, f"{n}.wav", chord + bytes(n)) for n in range(3)]
    calls = []

    def fail(*_):
        calls.append(1)
        raise wrong("no index")

    monkeypatch.setattr(serve, "compose_board", fail)
    with pytest.raises(wrong):
        served(serve, songs, desk)
    assert len(calls) == (4 if wrong is IndexUnreachable else 1)
    assert ledger.recorded(store, songs) == set()


def test_a_store_that_stays_away_ends_the_run_once_the_patience_is_spent(
    serve, store, desk, chord, monkeypatch
):
    songs = [drop(store, f"{n}.wav", chord + bytes(n)) for n in range(9)]
    monkeypatch.setattr(serve, "compose_board", _away)
    rules = DropRules(patience=PatienceRules(attempts=3, budget_s=4.0))
    waits = []
    with pytest.raises(ConnectionError):
        served(serve, songs, desk, rules=rules, waits=waits)
    assert sum(waits) < 4.0 + 2.0


def _away(*_):
    raise ConnectionError("reset by peer")


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


class Choir(HandcraftedMusicEncoder):
    """Hears several songs at once, as an encoder with a large model does."""

    def __init__(self, *, hoarse=False):
        self.calls = []
        self.hoarse = hoarse

    def encode_songs(self, songs):
        self.calls.append(len(songs))
        if self.hoarse:
            raise ZeroDivisionError("a bug")
        return [self.encode(*song) for song in songs]


def test_a_burst_of_songs_shares_one_pass_of_a_large_model(serve, store, desk, chord):
    songs = [drop(store, f"{n}.wav", chord + bytes(n)) for n in range(3)]
    bad = drop(store, "bad.wav", b"no sound")
    choir = Choir()

    ends = served(serve, [songs[0], bad, *songs[1:]], replace(desk, encoder=choir))

    assert choir.calls == [3]
    assert [end.outcome for end in ends] == ["board", "refused", "board", "board"]


def test_a_pass_that_breaks_costs_its_time_and_no_song(serve, store, desk, chord):
    songs = [drop(store, f"{n}.wav", chord + bytes(n)) for n in range(2)]
    ends = served(serve, songs, replace(desk, encoder=Choir(hoarse=True)))
    assert [end.outcome for end in ends] == ["board", "board"]


def test_a_stored_board_is_not_heard_again_with_its_burst(serve, store, desk, chord):
    first = drop(store, "first.wav", chord)
    choir = Choir()
    together = replace(desk, encoder=choir)
    served(serve, [first], together)

    served(serve, [first, drop(store, "second.wav", chord + b"0")], together)

    assert choir.calls == []  # one song alone is heard where its board is composed


class Killed(BaseException):
    """What a process that is killed would raise, if it could."""


class MortalStore:
    """A store whose process is killed before its n-th operation."""

    def __init__(self, inner, lives):
        self.inner, self.lives, self.uri = inner, lives, inner.uri

    def __getattr__(self, name):
        method = getattr(self.inner, name)

        def counted(*given, **named):
            self.lives -= 1
            if self.lives < 0:
                raise Killed(name)
            return method(*given, **named)

        return counted


@pytest.fixture
def stub(serve, store, desk, chord, monkeypatch):
    """Compose in no time: the board of the chord under the names of the song."""
    model = drop(store, "model.wav", chord)
    served(serve, [model], desk)
    whole = document(store, model)
    board = serve.Board(whole, "<!doctype html>", b"png")

    def compose(song, audio, *_):
        if audio == b"bad":
            raise serve.TrackRefused("silent", "It is silent.")
        named = dict(whole["track"], audio=f"../../{song.audio_key}")
        return replace(
            board, document=whole | {"board_id": song.board_id, "track": named}
        )

    monkeypatch.setattr(serve, "compose_board", compose)


@pytest.mark.parametrize("after", ["keep", "move"])
@pytest.mark.parametrize("story", ["good", "bad", "mended", "still bad"])
def test_a_run_killed_anywhere_is_mended_by_the_next_and_loses_nothing(
    serve, desk, tmp_path, stub, story, after
):
    rules, lives, survived = DropRules(after=after), 0, False
    while not survived:
        inner = LocalStore(tmp_path / f"{lives}")
        audio = b"good" if story == "good" else b"bad"
        song = drop(inner, "set/song.wav", audio)
        store = MortalStore(inner, 10**9)
        healthy = replace(desk, store=store)
        by_hand = story in ("mended", "still bad")
        if by_hand:
            served(serve, [song], healthy, rules=rules)
        if story == "mended":  # what was wrong with us, not with the song, is mended
            audio = b"good"
            _rewrite(inner, f"quarantine/{song.drop_id}/song.wav", audio)
        store.lives = lives
        try:
            served(serve, [song], healthy, rules=rules, afresh=by_hand)
            survived = True
        except Killed:
            assert audio in _everything(inner), "the song is lost"
        store.lives = 10**9
        # A killed run is asked for again: by the sensor, or by hand as it was before.
        served(serve, [song], healthy, rules=rules, afresh=by_hand)
        served(serve, [song], healthy, rules=rules)
        _require_one_end(inner, song, audio, after if not by_hand else "move")
        lives += 1
    assert lives > 8


def _rewrite(store, key, data):
    assert store.exists(key)
    store.write(key, data)


def _everything(store):
    return [store.read(key) for key in keys(store, "")]


def _require_one_end(store, song, audio, after):
    board = f"boards/{song.drop_id}/board.json"
    record = f"quarantine/{song.drop_id}.json"
    kind, where = outcome(store, song)
    if audio == b"bad":
        assert (kind, where) == ("quarantine", record)
        assert not store.exists(board)
        assert store.read(json.loads(store.read(record))["audio"]) == audio
        assert keys(store, "drops/") == []
    else:
        assert kind == "board"
        assert store.exists(board)
        assert keys(store, "quarantine/") == []
        assert linked_audio(store, song) == audio
        assert keys(store, "drops/") == ([song.key] if after == "keep" else [])
