"""Panning, echo, ducking, reverb, and the level of the mix."""

from itertools import pairwise

import numpy as np
import pytest

from evoke_core.music.sources.synthesized.space import (
    CEILING,
    KNEE,
    Space,
    add_echo,
    duck_curve,
    master,
    pan_gains,
    reverberate,
)
from evoke_core.music.sources.synthesized.voices import SAMPLE_RATE

ROOM = Space(decay_s=0.8, predelay_s=0.02)


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


def hum(amplitude: float, seconds: float = 2.0) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = amplitude * np.sin(2 * np.pi * 220 * time)
    return np.stack([tone, 0.8 * tone]).astype(np.float32)


@pytest.mark.parametrize("pan", [-1.0, -0.3, 0.0, 0.7, 1.0])
def test_panning_keeps_the_power(pan: float) -> None:
    left, right = pan_gains(pan)

    assert left**2 + right**2 == pytest.approx(1)
    assert (left > right) == (pan < 0) or pan == 0


def test_hard_left_is_left_alone() -> None:
    assert pan_gains(-1) == pytest.approx((1, 0))


def test_an_echo_comes_back_four_times_quieter_and_from_the_other_side() -> None:
    bus = np.zeros((2, SAMPLE_RATE), np.float32)
    bus[:, 0] = 1
    step = round(0.1 * SAMPLE_RATE)
    add_echo(bus, delay_s=0.1, share=0.5)

    assert np.flatnonzero(bus[1]).tolist() == [0, step, 3 * step]
    assert np.flatnonzero(bus[0]).tolist() == [0, 2 * step, 4 * step]
    heard = [bus[repeat % 2, repeat * step] for repeat in range(1, 5)]
    assert np.allclose(np.array(heard[1:]) / heard[:-1], 0.5)


def test_an_echo_beyond_the_end_is_lost() -> None:
    bus = np.ones((2, 100), np.float32)
    add_echo(bus, delay_s=1.0, share=0.5)

    assert (bus == 1).all()


def test_a_kick_pushes_down_and_lets_go_again() -> None:
    curve = duck_curve([0.5], SAMPLE_RATE)

    assert curve.shape == (SAMPLE_RATE,)
    assert (curve[: round(0.49 * SAMPLE_RATE)] == 1).all()
    assert curve.min() == pytest.approx(0.3, abs=0.01)
    assert curve.argmin() == pytest.approx(0.5 * SAMPLE_RATE, abs=50)
    assert curve[round(0.75 * SAMPLE_RATE)] > 0.95


@pytest.mark.parametrize("kicks_s", [[], [0.0], [0.99], [5.0], [0.2, 0.25]])
def test_ducking_stays_in_its_range_wherever_kicks_fall(kicks_s: list[float]) -> None:
    curve = duck_curve(kicks_s, SAMPLE_RATE)

    assert curve.shape == (SAMPLE_RATE,)
    assert curve.min() >= 0.3 - 1e-6
    assert curve.max() <= 1


def test_a_room_answers_after_its_predelay_and_dies_away() -> None:
    send = np.zeros(SAMPLE_RATE, np.float32)
    send[0] = 1
    wet = reverberate(send, ROOM, seed=1)

    assert wet.shape == (2, SAMPLE_RATE)
    assert np.abs(wet[:, : round(0.019 * SAMPLE_RATE)]).max() < 1e-5
    quarters = [rms(part) for part in np.array_split(wet, 4, axis=1)]
    assert all(later < 0.5 * sooner for sooner, later in pairwise(quarters))
    left, right = wet
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.3  # a room has two sides


def test_a_longer_decay_rings_longer() -> None:
    send = np.zeros(SAMPLE_RATE, np.float32)
    send[0] = 1
    short, long = (reverberate(send, Space(s), seed=1) for s in (0.4, 2.0))

    late = slice(SAMPLE_RATE // 2, None)
    assert rms(long[:, late]) > 5 * rms(short[:, late])


def test_a_room_is_the_same_room_for_its_seed() -> None:
    send = np.ones(1000, np.float32)
    first, again, other = (reverberate(send, ROOM, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("amplitude", [0.001, 0.3, 20.0])
def test_a_mix_is_brought_to_its_loudness(amplitude: float) -> None:
    mixed = master(hum(amplitude), loudness_db=-20, fade_s=0.1)

    assert mixed.shape == (2 * SAMPLE_RATE, 2)
    assert mixed.dtype == np.float32
    assert 20 * np.log10(rms(mixed)) == pytest.approx(-20, abs=0.5)


def test_peaks_are_rounded_and_never_pass_the_ceiling() -> None:
    loud = master(hum(1.0), loudness_db=3, fade_s=0.1)
    quiet = master(hum(1.0), loudness_db=-20, fade_s=0.1)

    assert KNEE < np.abs(loud).max() <= CEILING <= 0.95
    # below the knee the wave is only scaled
    middle = slice(SAMPLE_RATE // 2, SAMPLE_RATE)
    ratio = quiet[middle, 0] @ hum(1.0)[0, middle] / (hum(1.0)[0, middle] ** 2).sum()
    assert np.allclose(quiet[middle, 0], ratio * hum(1.0)[0, middle], atol=1e-4)


def test_a_mix_rises_from_silence_fades_into_it_and_does_not_lean() -> None:
    leaning = hum(0.2) + np.float32(0.3)
    mixed = master(leaning, loudness_db=-18, fade_s=0.5)

    assert np.abs(mixed[0]).max() == 0
    assert np.abs(mixed[-1]).max() < 1e-4
    assert rms(mixed[-SAMPLE_RATE // 4 :]) < 0.5 * rms(mixed[:SAMPLE_RATE])
    assert np.abs(mixed.mean(axis=0)).max() < 1e-3


def test_silence_stays_silence() -> None:
    assert not master(
        np.zeros((2, 5000), np.float32), loudness_db=-20, fade_s=0.05
    ).any()
