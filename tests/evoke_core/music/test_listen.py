import hashlib
import io

import numpy as np
import polars as pl
import pytest
import soundfile

from evoke_core.config.profile import AudioRules
from evoke_core.errors import TrackRefused
from evoke_core.music.cache import recall, record_key
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.music.survey import survey_tracks
from evoke_core.schemas import validate

RATE = 22_050
RULES = AudioRules(min_s=3, max_s=100)


class CountingEncoder(HandcraftedMusicEncoder):
    """Counts what it encodes; another version has another fingerprint."""

    def __init__(self, version="1"):
        self.version = version
        self.encoded = 0

    @property
    def fingerprint(self):
        return f"counting/{self.version}"

    def encode(self, track, analysis):
        self.encoded += 1
        return super().encode(track, analysis)


@pytest.fixture
def here(monkeypatch):
    """Hear in this process, where an encoder can count."""
    monkeypatch.setattr(
        "evoke_core.music.survey.map_guarded", lambda work, items, **_: map(work, items)
    )


class LargeEncoder(CountingEncoder):
    """Has a model that stays in this process."""

    def encode_songs(self, songs):
        return [self.encode(*song) for song in songs]


class NamedEncoder:
    """Knows songs by name alone."""

    name, dimension, sample_rate, licence = "named", 50, RATE, "MIT"
    fingerprint = "named/1"

    def __init__(self):
        self.asked = []

    def encode(self, track, analysis):
        raise TrackRefused("no_vector", "It has no name.")

    def named(self, names):
        self.asked.append(tuple(names))
        return HandcraftedMusicEncoder()


def chord(hertz=220.0, seconds=12.0):
    time = np.arange(int(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * hertz * time) * np.linspace(1, 0.5, len(time))
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, RATE, format="WAV")
    return buffer.getvalue()


def library(store, *songs):
    for row, song in enumerate(songs):
        store.write(f"tracks/{row}.wav", song)
    return pl.DataFrame(
        {
            "track_id": [f"t{row}" for row in range(len(songs))],
            "source_key": [f"{row}.wav" for row in range(len(songs))],
            "location": [f"tracks/{row}.wav" for row in range(len(songs))],
        }
    )


def surveyed(store, tracks, encoder):
    heard = survey_tracks(tracks, encoder, RULES, store, report=lambda *_: None)
    assert not heard.refusals.height
    return heard.embeddings, heard.profiles


def test_a_path_is_heard_as_its_bytes_are(tmp_path):
    song, encoder = chord(), HandcraftedMusicEncoder()
    path = tmp_path / "song.wav"
    path.write_bytes(song)
    by_bytes, by_path = (listen(each, encoder, RULES) for each in (song, path))
    assert by_path.sha256 == by_bytes.sha256 == hashlib.sha256(song).hexdigest()
    np.testing.assert_array_equal(by_path.track.samples, by_bytes.track.samples)
    np.testing.assert_array_equal(by_path.embeddings, by_bytes.embeddings)


def test_a_song_heard_again_is_not_encoded_again_and_stays_the_same(store):
    encoder = CountingEncoder()
    first = listen(chord(), encoder, RULES, store=store)
    second = listen(chord(), encoder, RULES, store=store)
    assert encoder.encoded == 1
    np.testing.assert_array_equal(first.embeddings, second.embeddings)
    np.testing.assert_array_equal(first.affects, second.affects)


def test_another_encoder_hears_a_song_anew(store):
    listen(chord(), CountingEncoder(), RULES, store=store)
    other = CountingEncoder("2")
    listen(chord(), other, RULES, store=store)
    assert other.encoded == 1


def test_without_a_store_nothing_is_kept():
    encoder = CountingEncoder()
    listen(chord(), encoder, RULES)
    listen(chord(), encoder, RULES)
    assert encoder.encoded == 2


@pytest.mark.parametrize("damage", [lambda data: data[:40], lambda _: b"", bytes.upper])
def test_a_damaged_record_was_never_heard(store, damage):
    encoder = CountingEncoder()
    heard = listen(chord(), encoder, RULES, store=store)
    key = record_key(encoder, heard.sha256, RULES)
    store.write(key, damage(store.read(key)))
    assert recall(store, encoder, heard.sha256, RULES) is None
    listen(chord(), encoder, RULES, store=store)
    assert encoder.encoded == 2
    assert recall(store, encoder, heard.sha256, RULES) is not None


def test_a_record_brings_the_encoders_terms(store):
    encoder = CountingEncoder()
    heard = listen(chord(), encoder, RULES, store=store)
    assert b'licence\\": \\"MIT' in store.read(record_key(encoder, heard.sha256, RULES))


@pytest.mark.usefixtures("here")
def test_a_second_survey_encodes_nothing_and_gives_the_same_tables(store):
    tracks = library(store, chord(), chord(330.0))
    encoder = CountingEncoder()
    first = surveyed(store, tracks, encoder)
    second = surveyed(store, tracks, encoder)
    assert encoder.encoded == 2
    for before, after in zip(first, second, strict=True):
        assert before.equals(after)


@pytest.mark.usefixtures("here")
def test_a_new_track_is_all_that_a_survey_encodes(store):
    encoder = CountingEncoder()
    surveyed(store, library(store, chord()), encoder)
    surveyed(store, library(store, chord(), chord(330.0)), encoder)
    assert encoder.encoded == 2


@pytest.mark.usefixtures("here")
def test_a_track_whose_sound_changed_is_heard_anew(store):
    encoder = CountingEncoder()
    before, _ = surveyed(store, library(store, chord()), encoder)
    after, _ = surveyed(store, library(store, chord(330.0)), encoder)
    assert encoder.encoded == 2
    assert before["sha256"][0] != after["sha256"][0]


def test_a_new_fingerprint_is_in_every_row(store):
    tracks = library(store, chord())
    surveyed(store, tracks, CountingEncoder())
    parts, _ = surveyed(store, tracks, CountingEncoder("2"))
    assert parts["fingerprint"].unique().to_list() == ["counting/2"]


def test_a_large_model_stays_in_this_process(store, monkeypatch):
    monkeypatch.setattr(
        "evoke_core.music.survey.map_guarded", lambda *_, **__: pytest.fail("spread")
    )
    encoder = LargeEncoder()
    parts, profiles = surveyed(store, library(store, chord()), encoder)
    assert encoder.encoded == 1
    assert parts.height == profiles.height == 3  # the whole and two windows


@pytest.mark.usefixtures("here")
def test_an_encoder_that_knows_names_is_told_them(store):
    encoder = NamedEncoder()
    heard = listen(chord(), encoder, RULES, names=("0.wav",))
    assert encoder.asked == [(heard.sha256, "0.wav")]
    surveyed(store, library(store, chord()), encoder)
    assert encoder.asked[1] == (heard.sha256, "0.wav")


def test_a_track_that_cannot_be_heard_is_a_row_and_the_others_are_heard(
    store, tmp_path
):
    tracks = library(store, chord(), b"no song")
    gone = {"track_id": "t2", "source_key": "gone.wav"}
    absent = pl.DataFrame(gone | {"location": f"file:{tmp_path / 'gone.wav'}"})
    encoder = HandcraftedMusicEncoder()

    heard = survey_tracks(
        pl.concat([tracks, absent]), encoder, RULES, store, report=lambda *_: None
    )

    assert validate("track_refusals", heard.refusals).select(
        "track_id", "reason"
    ).rows() == [("t1", "not_audio"), ("t2", "unreadable_file")]
    assert heard.embeddings["track_id"].unique().to_list() == ["t0"]
    assert heard.profiles["track_id"].unique().to_list() == ["t0"]
