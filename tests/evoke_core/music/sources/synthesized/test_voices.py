"""Instruments sound at their pitch and end without a click."""

import numpy as np
import pytest

from evoke_core.music.sources.synthesized.rhythm import DRUMS, pattern, strike, swing
from evoke_core.music.sources.synthesized.voices import (
    SAMPLE_RATE,
    STRUCK,
    SUSTAINED,
    decaying_partials,
    play,
)


def test_partials_are_damped_sines() -> None:
    hz, levels, decays = np.array([440.0]), np.array([0.5]), np.array([3.0])
    seconds = np.arange(30_000) / SAMPLE_RATE
    expected = 0.5 * np.exp(-3 * seconds) * np.sin(2 * np.pi * 440 * seconds)
    sound = decaying_partials(hz, levels, decays, 30_000)
    assert np.abs(sound - expected).max() < 1e-4


@pytest.mark.parametrize("voice", [*STRUCK, *SUSTAINED])
def test_notes_begin_and_end_at_zero_and_don_t_jump(voice) -> None:
    tone = play(voice, 60, 0.4, 0.8)
    peak = np.abs(tone).max()
    assert 0.05 < peak < 3
    assert np.abs(tone[:, [0, -1]]).max() == 0
    last_5_ms = np.diff(tone[:, -220:], axis=1)
    assert np.abs(last_5_ms).max() < 0.02 * peak


@pytest.mark.parametrize("voice", [v for v in (*STRUCK, *SUSTAINED) if v != "gong"])
def test_the_loudest_partials_are_whole_multiples_of_the_pitch(voice) -> None:
    if voice in STRUCK and STRUCK[voice].ratios:
        pytest.skip("bars and membranes have partials of their own")
    tone = play(voice, 57, 2.0, 0.8)[0]  # A3, 220 Hz
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    loudest = np.argmax(spectrum) * SAMPLE_RATE / len(tone)
    multiple = round(loudest / 220)
    assert multiple >= 1
    assert abs(loudest / (220 * multiple) - 1) < 0.012


def test_a_bright_touch_has_more_of_the_upper_partials() -> None:
    for voice in ("piano", "brass"):
        high = []
        for touch in (0.2, 1.0):
            power = np.abs(np.fft.rfft(play(voice, 60, 0.5, touch)[0])) ** 2
            hz = np.fft.rfftfreq(2 * len(power) - 1, 1 / SAMPLE_RATE)[: len(power)]
            high.append(power[hz > 1500].sum() / power.sum())
        assert high[1] > 1.5 * high[0]


@pytest.mark.parametrize("name", list(DRUMS))
def test_strokes_are_short_enough_loud_enough_and_repeatable(name) -> None:
    sound = strike(DRUMS[name], seed=5)
    assert np.array_equal(sound, strike(DRUMS[name], seed=5))
    assert 0.1 < np.abs(sound).max() < 1.5
    assert sound[0, -1] == 0


def test_patterns_are_read_sign_by_sign_and_swung() -> None:
    strokes = pattern("X.o -", beat=4, step=0.5)
    assert [(s.beat, s.velocity) for s in strokes] == [(4, 1.0), (5, 0.5), (5.5, 0.3)]
    assert [s.beat for s in swing(strokes, share=0.6)] == [4, 5, 5.6]
