"""What is too large to be held in memory is refused before it is read."""

import json
import os

import pytest

from evoke_core.config.drops import DropRules
from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of, observe
from evoke_core.drops.tickets import read_ticket, write_ticket
from evoke_core.errors import TrackRefused
from evoke_core.serving.serve import serve_drops
from evoke_core.serving.sidecars import keep_lyrics, options_of

SMALL = DropRules(max_bytes=1000)


def sparse(store, key, size_bytes):
    """Put a file that has no more than its size."""
    store.write(key, b"")
    os.truncate(store.locate(key), size_bytes)


def served(drops, desk, rules):
    return list(serve_drops(drops, desk, afresh=lambda _: False, rules=rules))


def test_a_song_of_four_gigabytes_is_refused_by_its_size_alone(
    store, desk, monkeypatch
):
    sparse(store, "drops/long.wav", 4 << 30)
    [song] = observe(store.listing("drops/"), now_s=float("inf"))
    write_ticket(store, song, 0)
    song = read_ticket(store, song.drop_id)
    monkeypatch.setattr(type(store), "read_as", None)  # would fail if it were called
    [end] = served([song], desk, DropRules())
    assert (end.outcome, end.reason) == ("refused", "too_large")
    assert "drops.max_bytes" in end.message
    record = json.loads(store.read(f"quarantine/{song.drop_id}.json"))
    assert record["audio"] == "drops/long.wav"
    assert store.exists("drops/long.wav")
    assert ledger.recorded(store, [song]) == {song.drop_id}


def test_a_burst_serves_the_others(store, desk, chord):
    for name in ("a.wav", "b.wav", "c.wav"):
        store.write(f"drops/{name}", chord)
    sparse(store, "drops/b.wav", 4 << 30)
    drops = observe(store.listing("drops/"), now_s=float("inf"))
    ends = served(drops, desk, DropRules())
    assert [end.outcome for end in ends] == ["board", "refused", "board"]


def test_asked_for_again_it_is_still_there_and_served_if_it_may_be(store, desk, chord):
    store.write("drops/song.wav", chord)
    [song] = observe(store.listing("drops/"), now_s=float("inf"))
    assert served([song], desk, SMALL)[0].reason == "too_large"
    [end] = serve_drops([song], desk, afresh=lambda _: True, rules=DropRules())
    assert end.outcome == "board"
    assert not store.exists(f"quarantine/{song.drop_id}.json")


def test_a_ticket_of_before_says_no_size_and_is_served(store, desk, chord):
    store.write("drops/song.wav", chord)
    song = drop_of("drops/song.wav", store.etag("drops/song.wav"))
    write_ticket(store, song, 0)
    key = f"tickets/{song.drop_id}.json"
    told = json.loads(store.read(key))
    del told["size_bytes"]
    store.write(key, json.dumps(told).encode())
    assert read_ticket(store, song.drop_id) == song
    [end] = served([read_ticket(store, song.drop_id)], desk, DropRules())
    assert end.outcome == "board"


def test_a_sidecar_of_four_gigabytes_is_not_read(store, monkeypatch):
    song = drop_of("drops/set/song.mp3", "1")
    for suffix in ("json", "lrc"):
        sparse(store, f"drops/set/song.{suffix}", 4 << 30)
    monkeypatch.setattr(type(store), "read", None)
    with pytest.raises(TrackRefused, match="options have at most"):
        options_of(store, song)
    assert "no text of at most" in keep_lyrics(store, song)


def test_a_song_whose_sidecars_name_would_be_too_long_is_served(store, desk, chord):
    name = "a" * 251 + ".wav"
    store.write(f"drops/{name}", chord)
    [song] = observe(store.listing("drops/"), now_s=float("inf"))
    assert served([song], desk, DropRules())[0].outcome == "board"


@pytest.mark.parametrize("torn", [b"", b"{}", b"[]", b"[" * 100_000, b'{"reason": 3}'])
def test_a_torn_quarantine_record_is_told_and_harms_no_other(
    store, desk, chord, silence, torn
):
    store.write("drops/bad.wav", silence)
    store.write("drops/good.wav", chord)
    bad, good = observe(store.listing("drops/"), now_s=float("inf"))
    served([bad], desk, DropRules())
    store.write(f"quarantine/{bad.drop_id}.json", torn)
    for found in store.listing("ledger/"):
        store.delete(found.key)
    first, second = served([bad, good], desk, DropRules())
    assert (first.outcome, first.reason) == ("refused", "unreadable_record")
    assert second.outcome == "board"
