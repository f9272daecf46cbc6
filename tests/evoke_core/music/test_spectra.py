import numpy as np
import pytest

from evoke_core.music.decode import Track
from evoke_core.music.frames import ANALYSIS_RATE
from evoke_core.music.partials import TONAL_RATE
from evoke_core.music.spectra import compute_spectra
from evoke_core.music.timbre import FRAME_RATE

MIDDLE = slice(20, 60)  # frames away from the song's edges


def spectra_of(*tones, seconds=4.0, rate=ANALYSIS_RATE, level=0.2):
    time = np.arange(int(seconds * rate)) / rate
    samples = sum(level * np.sin(2 * np.pi * hertz * time) for hertz in tones)
    return compute_spectra(Track(samples.astype(np.float32), rate, seconds))


def test_a_sine_lies_where_it_sounds():
    spectra = spectra_of(1000, level=0.5)
    np.testing.assert_allclose(spectra.power[MIDDLE], 0.125, rtol=0.01)
    np.testing.assert_allclose(2 ** spectra.brightness[MIDDLE], 1000, rtol=0.02)
    np.testing.assert_allclose(2 ** spectra.register[5:30], 1000, rtol=0.001)
    np.testing.assert_array_equal(spectra.complexity[5:30], 1)
    np.testing.assert_allclose(spectra.flux[MIDDLE], 0, atol=0.05)


def test_a_major_triad_fills_its_three_pitch_classes():
    chroma = spectra_of(261.63, 329.63, 392.00).chroma[5:30].mean(axis=0)
    assert set(np.argsort(chroma)[-3:].tolist()) == {0, 4, 7}
    assert np.sort(chroma)[-3:].sum() > 0.9 * chroma.sum()


def test_a_song_tuned_high_has_the_same_pitch_classes():
    sharp = 2 ** (0.3 / 12)
    plain = spectra_of(261.63, 329.63, 392.00).chroma[5:30].mean(axis=0)
    tuned = spectra_of(*(sharp * f for f in (261.63, 329.63, 392.00)))
    np.testing.assert_allclose(tuned.chroma[5:30].mean(axis=0), plain, atol=0.05)


def test_a_semitone_is_rougher_than_a_fifth_and_a_tone_is_smooth():
    semitone = spectra_of(440, 466.16).roughness[5:30].mean()
    fifth = spectra_of(440, 659.26).roughness[5:30].mean()
    assert semitone > 3 * fifth
    np.testing.assert_array_equal(spectra_of(440).roughness[5:30], 0)


def test_digital_silence_is_finite_and_empty():
    spectra = spectra_of(440, level=0.0)
    for name in spectra.__slots__:
        assert np.isfinite(getattr(spectra, name)).all(), name
    assert spectra.chroma.sum() == 0
    assert spectra.complexity.sum() == 0


def test_frames_cover_the_song_at_their_rates():
    spectra = spectra_of(440, seconds=12.34)
    assert len(spectra.power) == int(12.34 * FRAME_RATE) + 1
    assert len(spectra.chroma) == int(12.34 * TONAL_RATE) + 1
    assert {len(getattr(spectra, n)) for n in ("mfcc", "flux", "loudness")} == {
        len(spectra.power)
    }
    assert len(spectra.contrast) == len(spectra.chroma)
    assert spectra.band_levels.shape == (len(spectra.power), 4)


def test_other_sample_rates_are_brought_to_the_analysis_rate():
    spectra = spectra_of(1000, rate=44_100)
    assert len(spectra.power) == int(4 * FRAME_RATE) + 1
    np.testing.assert_allclose(2 ** spectra.register[5:30], 1000, rtol=0.001)


def test_a_click_is_a_flux_at_its_time():
    samples = np.zeros(4 * ANALYSIS_RATE, np.float32)
    samples[2 * ANALYSIS_RATE] = 0.9
    flux = compute_spectra(Track(samples, ANALYSIS_RATE, 4.0)).flux
    assert flux.argmax() / FRAME_RATE == pytest.approx(2.0, abs=0.07)


def test_a_tone_stands_out_of_its_band_and_noise_does_not():
    noise = np.random.default_rng(3).normal(0, 0.1, 4 * ANALYSIS_RATE)
    wide = compute_spectra(Track(noise.astype(np.float32), ANALYSIS_RATE, 4.0))
    peak_over_valley = wide.contrast[5:30, :6].mean(axis=0)
    assert (peak_over_valley < 30).all()
    tone = spectra_of(1000).contrast[5:30, :6].mean(axis=0)
    assert tone.argmax() == 3  # 800 to 1,600 Hz
    assert tone[3] > peak_over_valley[3] + 30


def test_valleys_are_told_apart_from_the_level():
    noise = np.random.default_rng(3).normal(0, 0.1, 2 * ANALYSIS_RATE)
    loud, soft = (
        compute_spectra(Track((g * noise).astype(np.float32), ANALYSIS_RATE, 2.0))
        for g in (1.0, 0.3)
    )
    np.testing.assert_allclose(loud.contrast[:, 6:].sum(axis=1), 0, atol=1e-3)
    np.testing.assert_allclose(loud.contrast, soft.contrast, atol=0.2)
