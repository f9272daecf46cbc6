import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.music.decode import Track
from evoke_core.music.descriptors import (
    BLOCKS,
    DESCRIPTORS,
    HOP_S,
    WINDOW_S,
    describe,
    place_windows,
)
from evoke_core.music.frames import ANALYSIS_RATE
from evoke_core.music.spectra import compute_spectra

TONIC, SECONDS = 261.63, 0.75
MAJOR = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))
MINOR = ((0, 3, 7), (5, 8, 12), (7, 10, 14), (0, 3, 7))


def measured(samples):
    seconds = len(samples) / ANALYSIS_RATE
    track = Track(samples.astype(np.float32), ANALYSIS_RATE, seconds)
    values = describe(compute_spectra(track), 0.0, seconds)
    return dict(zip(DESCRIPTORS, values.tolist(), strict=True))


def clicks(beats_per_minute, seconds=10):
    samples = np.zeros(seconds * ANALYSIS_RATE)
    burst = np.random.default_rng(1).normal(0, 0.3, 400) * np.exp(-np.arange(400) / 80)
    step = 60 / beats_per_minute
    for start in np.arange(0.25, seconds - 0.1, step):
        samples[int(start * ANALYSIS_RATE) :][:400] += burst
    return samples


def progression(chords, transposed=0.0):
    time = np.arange(int(SECONDS * ANALYSIS_RATE)) / ANALYSIS_RATE
    parts = []
    for chord in chords * 3:
        notes = [TONIC * 2 ** ((step + transposed) / 12) for step in chord]
        partials = [
            np.sin(2 * np.pi * h * hertz * time) / h**1.5
            for hertz in (*notes, notes[0] / 2)
            for h in range(1, 6)
        ]
        parts.append(0.05 * sum(partials) * np.exp(-1.5 * time))
    return np.concatenate(parts)


def noise(level, seconds=10):
    rng = np.random.default_rng(2)
    return rng.normal(0, level, seconds * ANALYSIS_RATE)


def test_clicks_at_120_a_minute_are_heard_as_120():
    values = measured(clicks(120))
    assert 2 ** values["tempo"] == pytest.approx(120, rel=0.02)
    assert values["onset_rate"] == pytest.approx(2.0, abs=0.15)
    assert values["pulse_clarity"] > 0.7


@pytest.mark.parametrize("beats_per_minute", [80, 100, 150])
def test_clicks_are_heard_at_their_tempo(beats_per_minute):
    values = measured(clicks(beats_per_minute))
    assert 2 ** values["tempo"] == pytest.approx(beats_per_minute, rel=0.02)


def test_steady_noise_has_neither_onsets_nor_a_pulse():
    values = measured(noise(0.1))
    assert values["onset_rate"] < 0.5
    assert values["pulse_clarity"] < 0.15
    assert 2 ** values["tempo"] == pytest.approx(120)


@pytest.mark.parametrize("transposed", [0, 3, 7, 10.7])
def test_mode_is_heard_in_every_key_and_tuning(transposed):
    major = measured(progression(MAJOR, transposed))
    minor = measured(progression(MINOR, transposed))
    assert major["majorness"] > 0.1
    assert minor["majorness"] < -0.1
    assert min(major["key_clarity"], minor["key_clarity"]) > 0.7


def test_a_hundredfold_power_moves_level_and_loudness_only():
    soft, loud = measured(noise(0.02)), measured(noise(0.2))
    assert loud["level_db"] - soft["level_db"] == pytest.approx(20, abs=0.1)
    # loudness grows by 10 log2(100 ** 0.3) for a hundredfold power
    assert loud["loudness"] - soft["loudness"] == pytest.approx(19.9, abs=0.2)
    assert loud["brightness"] == pytest.approx(soft["brightness"], abs=0.01)


def test_a_fade_has_a_falling_trend_and_a_range():
    samples = noise(0.2) * np.linspace(1, 0.1, 10 * ANALYSIS_RATE)
    values = measured(samples)
    assert values["level_trend_db"] < -10
    assert values["loudness_range_db"] > 8
    assert measured(noise(0.2))["loudness_range_db"] < 2


def test_noise_uses_all_pitch_classes_and_a_sine_one():
    time = np.arange(5 * ANALYSIS_RATE) / ANALYSIS_RATE
    sine = measured(0.3 * np.sin(2 * np.pi * 440 * time))
    wide = measured(noise(0.1))
    assert sine["chroma_entropy"] < 0.05
    assert wide["chroma_entropy"] > 0.95
    assert wide["complexity"] > 50 * sine["complexity"]
    assert wide["bandwidth"] > sine["bandwidth"]


@pytest.mark.parametrize("level", [0.0, 1e-6])
def test_nothing_to_hear_still_gives_finite_numbers(level):
    values = measured(noise(level, seconds=3))
    assert np.isfinite(list(values.values())).all()
    assert values["onset_rate"] == 0


def test_every_descriptor_is_named_once():
    assert len(set(DESCRIPTORS)) == len(DESCRIPTORS)
    assert sum(len(names) for names in BLOCKS.values()) == len(DESCRIPTORS)


def test_a_minute_has_eleven_windows_and_a_short_song_one():
    starts, ends = place_windows(60.0)
    np.testing.assert_allclose(starts, np.arange(0, 51, 5))
    np.testing.assert_allclose(ends - starts, WINDOW_S)
    starts, ends = place_windows(4.0)
    assert (starts.tolist(), ends.tolist()) == ([0.0], [4.0])


@given(st.floats(3.0, 5400.0))
def test_windows_cover_the_song_without_gaps(duration_s):
    starts, ends = place_windows(duration_s)
    assert starts[0] == 0
    assert ends[-1] == pytest.approx(duration_s, rel=1e-6)
    assert (np.diff(starts) <= HOP_S + 1e-3).all()
    assert (starts[1:] < ends[:-1]).all()
