import numpy as np
import pytest

from evoke_core.music.partials import TONAL_RATE
from evoke_core.music.tonality import CHANGE_S, harmonic_change, mode_and_clarity

C_MAJOR = np.isin(np.arange(12), (0, 4, 7)).astype(float)
C_MINOR = np.isin(np.arange(12), (0, 3, 7)).astype(float)


@pytest.mark.parametrize("tonic", range(12))
def test_major_and_minor_triads_are_told_apart_on_every_tonic(tonic):
    major, clear = mode_and_clarity(np.roll(C_MAJOR, tonic))
    minor, _ = mode_and_clarity(np.roll(C_MINOR, tonic))
    assert major > 0.05
    assert minor < -0.05
    assert 0.7 < clear <= 1


def test_all_pitch_classes_alike_are_in_no_key():
    assert mode_and_clarity(np.ones(12)) == (0.0, 0.0)
    assert mode_and_clarity(np.zeros(12)) == (0.0, 0.0)


def test_a_held_chord_does_not_change():
    held = np.tile(C_MAJOR, (100, 1)).astype(np.float32)
    assert harmonic_change(held) == pytest.approx([0.0] * len(CHANGE_S), abs=1e-9)


def test_chords_two_seconds_long_differ_after_two_seconds_and_return_after_four():
    length = round(2 * TONAL_RATE)
    other = np.roll(C_MAJOR, 1)  # shares no pitch class
    turns = np.concatenate([np.tile(C_MAJOR, (length, 1)), np.tile(other, (length, 1))])
    change = harmonic_change(np.tile(turns, (4, 1)).astype(np.float32))
    half, one, two, four = change
    assert half < one < two
    assert two > 0.6
    assert four < 0.1


def test_spans_beyond_the_window_and_silence_count_as_no_change():
    short = np.tile(C_MAJOR, (3, 1)).astype(np.float32)
    assert harmonic_change(short) == [0.0] * len(CHANGE_S)
    assert harmonic_change(np.zeros((100, 12), np.float32)) == [0.0] * len(CHANGE_S)
