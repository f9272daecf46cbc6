"""Where sounds stand: panning, echo, ducking, reverb, the level of the mix.

No notes and no instruments.

Source: Moorer, About This Reverberation Business, 1979 (decaying noise as a hall).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import fft, signal

from evoke_core.music.sources.synthesized.voices import SAMPLE_RATE
from evoke_core.vectors import Array

CEILING = 0.95
KNEE = 0.6  # below this the limiter leaves the wave alone
REFLECTIONS = 7


@dataclass(frozen=True, slots=True)
class Space:
    """A room.

    Args:
        decay_s: Time in which the tail falls by 60 dB.
        predelay_s: Silence before the first reflection.
        damping_hz: Above this the tail dies more than twice as fast.
        wet: Gain of the reverb beside the dry sound.
    """

    decay_s: float
    predelay_s: float = 0.02
    damping_hz: float = 3500.0
    wet: float = 0.5


def pan_gains(pan: float) -> tuple[float, float]:
    """Left and right gains of equal power.

    Args:
        pan: -1 left, 0 centre, 1 right.
    """
    angle = (pan + 1) * np.pi / 4
    return float(np.cos(angle)), float(np.sin(angle))


def add_echo(bus: Array, *, delay_s: float, share: float) -> None:
    """Add four repeats in place, each on the other side and quieter.

    Args:
        bus: float32[2, N].
        delay_s: Between repeats.
        share: Gain of the first repeat, below 1.
    """
    mono = bus.mean(axis=0)
    for repeat in range(1, 5):
        shift = round(repeat * delay_s * SAMPLE_RATE)
        if shift < len(mono):
            bus[repeat % 2, shift:] += share**repeat * 1.3 * mono[:-shift]


def duck_curve(kicks_s: Sequence[float], length: int) -> Array:
    """Gain that sinks at each kick and swells back within a fifth of a second.

    Args:
        kicks_s: Seconds, ascending.
        length: Samples of the curve.

    Returns:
        float32[length] in [0.3, 1].
    """
    curve = np.ones(length, np.float32)
    time = np.arange(round(0.36 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    dip = 1 - 0.7 * np.exp(-((time / 0.13) ** 2))
    # a few milliseconds downwards, so that the dip itself does not click
    attack = round(0.008 * SAMPLE_RATE)
    fall = np.linspace(1.0, float(dip[0]), attack, dtype=np.float32)
    shape = np.concatenate([fall, dip])
    for kick_s in kicks_s:
        start = max(0, round(kick_s * SAMPLE_RATE) - attack)
        part = curve[start : start + len(shape)]
        np.minimum(part, shape[: len(part)], out=part)
    return curve


def reverberate(send: Array, space: Space, *, seed: int) -> Array:
    """Put a mono send into a room.

    Args:
        send: float32[N].
        space: The room.
        seed: Of the noise that is the tail.

    Returns:
        float32[2, N], the wet sound alone; the tail beyond N is cut.
    """
    response = _impulse_response(space, np.random.default_rng([seed, 907]))
    size = fft.next_fast_len(len(send) + response.shape[1] - 1, real=True)
    spectrum = fft.rfft(send, size) * fft.rfft(response, size)
    return cast("Array", fft.irfft(spectrum, size)[:, : len(send)])


def master(mix: Array, *, loudness_db: float, fade_s: float) -> Array:
    """Bring a mix to its loudness, round its peaks, fade its end.

    Args:
        mix: float32[2, N].
        loudness_db: Root mean square in dBFS before the peaks are rounded.
        fade_s: Length of the fade at the end.

    Returns:
        float32[N, 2], peak at most 0.95, mean zero.
    """
    mix = mix - mix.mean(axis=1, keepdims=True)
    level = float(np.sqrt(np.mean(np.square(mix))))
    mix *= np.float32(10 ** (loudness_db / 20) / max(level, 1e-9))
    loud = np.abs(mix) > KNEE
    room = CEILING - KNEE
    over = mix[loud]
    mix[loud] = np.sign(over) * (KNEE + room * np.tanh((np.abs(over) - KNEE) / room))
    tail = round(fade_s * SAMPLE_RATE)
    mix[:, -tail:] *= np.cos(np.linspace(0, np.pi / 2, tail, dtype=np.float32)) ** 2
    rise = round(0.004 * SAMPLE_RATE)
    mix[:, :rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    return np.ascontiguousarray(np.clip(mix, -CEILING, CEILING).T)


def _impulse_response(space: Space, rng: np.random.Generator) -> Array:
    length = round(space.decay_s * 1.1 * SAMPLE_RATE)
    noise = rng.standard_normal((2, length), dtype=np.float32)
    low = signal.sosfilt(
        signal.butter(1, space.damping_hz, fs=SAMPLE_RATE, output="sos"), noise
    )
    seconds = np.arange(length) / SAMPLE_RATE
    decay = np.exp(-6.91 * seconds / space.decay_s)
    swell = 1 - np.exp(-seconds / 0.012)
    tail = swell * (low * decay + 0.5 * (noise - low) * decay**2.4)
    tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    for side in range(2):
        times = rng.uniform(0.004, 0.07, REFLECTIONS)
        gains = rng.choice([-0.13, 0.13], REFLECTIONS) * np.exp(-times / 0.05)
        np.add.at(tail[side], (times * SAMPLE_RATE).astype(np.int64), gains)
    silence = np.zeros((2, round(space.predelay_s * SAMPLE_RATE)))
    # noise has some energy at 0 Hz, which would let the mix drift
    response = np.concatenate([silence, tail - tail.mean(axis=1, keepdims=True)], 1)
    return response.astype(np.float32)
