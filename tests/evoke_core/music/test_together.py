import io

import numpy as np
import pytest
import soundfile

from evoke_core.config.profile import AudioRules
from evoke_core.errors import TrackRefused
from evoke_core.music.cache import HeardRecord
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import as_record, listen
from evoke_core.music.together import hear_together

RATE = 22_050
RULES = AudioRules(min_s=3, max_s=100)


class LargeEncoder(HandcraftedMusicEncoder):
    """Notes how many songs each call encodes."""

    fingerprint = "large/1"

    def __init__(self):
        self.calls = []

    def encode_songs(self, songs):
        self.calls.append(len(songs))
        return [self.encode(*song) for song in songs]


def chord(hertz, seconds=5.0):
    time = np.arange(int(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * hertz * time) * np.linspace(1, 0.5, len(time))
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, RATE, format="WAV")
    return buffer.getvalue()


def hear(songs, encoder, store, **options):
    reads = [lambda data=data: data for data in songs]
    return list(hear_together(reads, encoder, RULES, store, **options))


def test_songs_of_a_group_are_encoded_by_one_call_in_order(store):
    encoder, songs = LargeEncoder(), [chord(220 + 55 * row) for row in range(3)]
    heard = hear(songs, encoder, store)
    assert encoder.calls == [3]
    for record, data in zip(heard, songs, strict=True):
        alone = as_record(listen(data, encoder, RULES))
        assert record.sha256 == alone.sha256
        assert record.duration_s == alone.duration_s
        np.testing.assert_array_equal(record.embedding.whole, alone.embedding.whole)
        np.testing.assert_array_equal(record.affects, alone.affects)
        np.testing.assert_array_equal(record.profiles, alone.profiles)


def test_a_group_ends_once_the_stated_sound_is_held(store):
    encoder = LargeEncoder()
    heard = hear([chord(220 + row) for row in range(5)], encoder, store, held_s=10)
    assert encoder.calls == [2, 2, 1]
    assert len(heard) == 5


def test_samples_are_let_go_with_their_group(store):
    encoder = LargeEncoder()
    reads = [lambda row=row: chord(220 + row) for row in range(4)]
    heard = hear_together(reads, encoder, RULES, store, held_s=1)
    held = [sum(encoder.calls) for _ in heard]
    assert held == [1, 2, 3, 4]  # no song is decoded before the one before is done


def test_what_was_heard_before_is_looked_up(store):
    encoder, song = LargeEncoder(), chord(220)
    first = hear([song], encoder, store)
    second = hear([song, chord(330)], encoder, store)
    assert encoder.calls == [1, 1]
    np.testing.assert_array_equal(
        first[0].embedding.windows, second[0].embedding.windows
    )


def test_the_same_sound_twice_is_encoded_once(store):
    encoder, song = LargeEncoder(), chord(220)
    heard = hear([song, chord(330), song], encoder, store)
    assert encoder.calls == [2]
    assert heard[0].sha256 == heard[2].sha256 != heard[1].sha256


def test_a_refused_song_keeps_its_place_and_costs_no_other(store):
    def gone():
        raise TrackRefused("unreadable_file", "It is gone.")

    encoder = LargeEncoder()
    reads = [lambda: chord(220), gone, lambda: b"no song", lambda: chord(330)]
    heard = list(hear_together(reads, encoder, RULES, store))
    kinds = [getattr(each, "reason", type(each)) for each in heard]
    assert kinds == [HeardRecord, "unreadable_file", "not_audio", HeardRecord]
    assert encoder.calls == [2]


def test_an_encoder_without_batches_hears_song_by_song(store):
    heard = hear([chord(220), chord(330)], HandcraftedMusicEncoder(), store)
    assert [type(each) for each in heard] == [HeardRecord] * 2


def test_no_songs_are_no_records(store):
    encoder = LargeEncoder()
    assert hear([], encoder, store) == []


def test_what_breaks_in_the_encoder_is_not_taken_for_a_refusal(store, monkeypatch):
    encoder = LargeEncoder()
    monkeypatch.setattr(
        encoder, "encode_songs", lambda _: (_ for _ in ()).throw(ValueError("broken"))
    )
    with pytest.raises(ValueError, match="broken"):
        hear([chord(220)], encoder, store)
