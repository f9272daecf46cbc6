"""What breaks while songs are served leaves them due, wherever it happens."""

import json
from dataclasses import replace

import pytest

from evoke_core.config.drops import DropRules, PatienceRules
from evoke_core.drops import ledger
from evoke_core.errors import IndexUnavailable, IndexUnreachable
from evoke_core.storage.local import LocalStore
from tests.evoke_core.serving.songs import (
    document,
    drop,
    keys,
    linked_audio,
    outcome,
    served,
)


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
