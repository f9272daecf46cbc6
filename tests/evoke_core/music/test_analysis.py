import numpy as np
import pytest

from evoke_core.music.analysis import analyse
from evoke_core.music.decode import Track
from evoke_core.music.descriptors import DESCRIPTORS

RATE = 22_050
MAJOR = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))
MINOR = ((0, 3, 7), (5, 8, 12), (7, 10, 14), (0, 3, 7))


def progression(chords, *, seconds=0.75, bars=4, rate=RATE):
    time = np.arange(int(seconds * rate)) / rate
    parts = [
        sum(
            np.sin(2 * np.pi * h * 261.63 * 2 ** (step / 12) * time) / h**1.5
            for step in (*chord, chord[0] - 12)
            for h in range(1, 6)
        )
        * np.exp(-1.5 * time)
        for chord in chords * bars
    ]
    return 0.05 * np.concatenate(parts)


def drums(seconds=12, step=0.15):
    samples = np.zeros(seconds * RATE)
    rng = np.random.default_rng(6)
    for start in np.arange(0, seconds - 0.2, step):
        hit = rng.normal(0, 0.6, 1500) * np.exp(-np.arange(1500) / 400)
        samples[int(start * RATE) :][:1500] += hit
    return samples + rng.normal(0, 0.05, len(samples))


def heard(samples, rate=RATE):
    track = Track(samples.astype(np.float32), rate, len(samples) / rate)
    return analyse(track)


def test_a_major_progression_feels_better_than_its_minor():
    major, minor = heard(progression(MAJOR)), heard(progression(MINOR))
    assert major.affect[0] > minor.affect[0] + 0.3
    assert major.arc.overall.valence > minor.arc.overall.valence


def test_loud_and_dense_is_more_than_soft_and_sparse():
    chords = progression(MAJOR)
    dense = heard(np.clip(drums()[: len(chords)] + chords, -1, 1))
    sparse = heard(0.1 * progression(MAJOR, seconds=3, bars=1))
    assert dense.affect[1] > sparse.affect[1] + 0.5
    assert dense.arc.overall.energy > sparse.arc.overall.energy + 0.3
    assert dense.arc.overall.rhythmic_density > sparse.arc.overall.rhythmic_density
    assert dense.arc.overall.texture > sparse.arc.overall.texture


def test_loud_windows_weigh_more_and_weights_sum_to_one():
    quiet, loud = progression(MINOR), 4 * progression(MINOR)
    analysis = heard(np.concatenate([quiet, loud]))
    assert analysis.weights.sum() == pytest.approx(1.0, abs=1e-6)
    assert analysis.weights[-1] > 1.5 * analysis.weights[0]


def test_every_part_has_the_same_windows():
    analysis = heard(progression(MAJOR, bars=8))
    count = len(analysis.starts_s)
    assert count == 4
    assert analysis.descriptors.shape == (count, len(DESCRIPTORS))
    assert len(analysis.arc.windows) == len(analysis.ends_s) == count
    assert analysis.window_affect.shape == (count, 2)
    assert analysis.overall.shape == (len(DESCRIPTORS),)


def test_the_sample_rate_hardly_matters():
    samples = progression(MAJOR)
    high = progression(MAJOR, rate=44_100)
    np.testing.assert_allclose(
        heard(high, 44_100).affect, heard(samples).affect, atol=0.05
    )


def test_the_same_song_gives_the_same_bytes():
    first, second = heard(progression(MAJOR)), heard(progression(MAJOR))
    assert first.descriptors.tobytes() == second.descriptors.tobytes()
    assert first.affect.tobytes() == second.affect.tobytes()


def test_what_listeners_said_is_asked_only_when_it_may_be():
    samples = progression(MAJOR)
    track = Track(samples.astype(np.float32), RATE, len(samples) / RATE)
    published, fitted = analyse(track), analyse(track, fitted=True)
    np.testing.assert_array_equal(published.affect, heard(samples).affect)
    assert not np.array_equal(published.affect, fitted.affect)
    assert published.arc.overall == fitted.arc.overall
