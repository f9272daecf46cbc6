"""Songs of one burst share one pass of a large model."""

from dataclasses import replace

from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from tests.evoke_core.serving.songs import (
    drop,
    served,
)


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
