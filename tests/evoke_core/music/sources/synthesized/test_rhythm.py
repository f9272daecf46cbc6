"""Percussion, and patterns written as text."""

import numpy as np
import pytest

from evoke_core.music.sources.synthesized.rhythm import (
    DRUMS,
    pattern,
    roll,
    strike,
    swing,
)
from evoke_core.music.sources.synthesized.score import Note
from evoke_core.music.sources.synthesized.voices import SAMPLE_RATE


def centre_hz(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound[0])) ** 2
    hertz = np.fft.rfftfreq(sound.shape[1], 1 / SAMPLE_RATE)
    return float((power * hertz).sum() / power.sum())


def test_signs_are_strokes_points_are_rests_and_spaces_are_for_the_eye() -> None:
    notes = pattern("X.x o-", beat=8, step=0.25)

    assert [(n.beat, n.velocity) for n in notes] == [
        (8.0, 1.0),
        (8.5, 0.75),
        (8.75, 0.5),
        (9.0, 0.3),
    ]
    assert {n.beats for n in notes} == {0.25}


def test_a_roll_swells_or_stays_soft() -> None:
    swelling = roll(4, 2, rate=8, crescendo=True)
    soft = roll(4, 2, rate=8, crescendo=False)

    assert [n.beat for n in soft] == [4 + i / 8 for i in range(16)]
    assert {n.velocity for n in soft} == {0.25}
    assert (np.diff([n.velocity for n in swelling]) > 0).all()
    assert swelling[-1].velocity <= 0.8


def test_swing_delays_the_off_beat_and_leaves_the_beat() -> None:
    straight = [Note(beat, 0.5, 60, 0.7) for beat in (3, 3.25, 3.5, 3.75)]
    swung = [n.beat for n in swing(straight, share=2 / 3)]

    assert swung == pytest.approx([3, 3 + 1 / 3, 3 + 2 / 3, 3 + 5 / 6])
    assert swing(straight, share=0.5) == straight


@pytest.mark.parametrize("name", DRUMS)
def test_a_stroke_is_heard_and_ends_in_silence(name: str) -> None:
    drum = DRUMS[name]
    sound = strike(drum, seed=3)

    assert sound.shape == (1, round(drum.length_s * SAMPLE_RATE))
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert 0.1 < np.abs(sound).max() < 1.5
    assert abs(sound[0, -1]) < 1e-6


def test_equal_seeds_make_equal_strokes_and_others_others() -> None:
    first, again, other = (strike(DRUMS["snare"], seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_kicks_lie_below_snares_and_snares_below_hats() -> None:
    names = ("kick", "snare", "closed_hat")
    low, middle, high = (centre_hz(strike(DRUMS[name], seed=1)) for name in names)

    assert 3 * low < middle
    assert 2 * middle < high


def test_a_clap_is_several_hands() -> None:
    sound = np.abs(strike(DRUMS["clap"], seed=1)[0])
    slot = round(0.011 * SAMPLE_RATE)
    # a hand is loudest at its start, and the next one is loud again
    starts = [sound[i * slot : i * slot + slot // 3].mean() for i in range(1, 4)]
    ends = [sound[i * slot - slot // 3 : i * slot].mean() for i in range(1, 4)]

    assert all(start > 1.3 * end for start, end in zip(starts, ends, strict=True))
