import numpy as np
import pytest

from evoke_core.music.rhythm import band_modulation, modulation, onset_rate, tempo
from evoke_core.music.timbre import FRAME_RATE

SECONDS = 10
TIME = np.arange(int(SECONDS * FRAME_RATE)) / FRAME_RATE


def pulses(per_second):
    flux = np.zeros(len(TIME))
    beats = np.arange(0.5, SECONDS - 0.5, 1 / per_second)
    flux[np.round(beats * FRAME_RATE).astype(int)] = 10.0
    return flux, len(beats)


@pytest.mark.parametrize("per_second", [1.5, 2.0, 2.5])
def test_pulses_are_counted_and_their_tempo_found(per_second):
    flux, count = pulses(per_second)
    assert onset_rate(flux) * len(flux) / FRAME_RATE == pytest.approx(count)
    assert 2 ** tempo(flux)[0] == pytest.approx(60 * per_second, rel=0.03)


def test_a_constant_curve_has_no_onset_no_pulse_and_no_modulation():
    flux = np.full(len(TIME), 3.0)
    assert onset_rate(flux) == 0
    assert tempo(flux) == (pytest.approx(np.log2(120)), 0.0)
    assert modulation(flux) == pytest.approx([0.0] * 4)


@pytest.mark.parametrize(("hertz", "place"), [(1, 0), (2, 1), (4, 2), (8, 3)])
def test_a_band_moves_at_the_rate_at_which_its_level_swings(hertz, place):
    levels = np.zeros((len(TIME), 4), np.float32)
    levels[:, 2] = 5 * np.sin(2 * np.pi * hertz * TIME)
    found = np.array(band_modulation(levels)).reshape(4, 4)
    assert found[2].argmax() == place
    assert found[2, place] > found[[0, 1, 3]].max() + 5


def test_a_stretch_of_one_frame_is_finite():
    assert np.isfinite(band_modulation(np.zeros((1, 4), np.float32))).all()
