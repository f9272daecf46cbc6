"""Percussion without pitch, and patterns written as text.

A drum is swept and steady sines beside filtered noise. Pitched percussion (timpani,
gongs) stands in voices.py.

Source: Moore, Elements of Computer Music, on subtractive noise; Roland's TR series for
the anatomy of electronic drums.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import signal

from evoke_core.music.sources.synthesized.score import Note
from evoke_core.music.sources.synthesized.voices import (
    SAMPLE_RATE,
    decaying_partials,
    release_ramp,
)
from evoke_core.vectors import Array

VELOCITIES = {"X": 1.0, "x": 0.75, "o": 0.5, "-": 0.3}


@dataclass(frozen=True, slots=True)
class Drum:
    """What a stroke is made of.

    Args:
        length_s: Until silence.
        tones: (Hz, gain, decay in 1/s) of each steady partial.
        sweep: (first Hz, last Hz, rate in 1/s, decay in 1/s) of a falling sine.
        noise: Gain of the noise.
        band_hz: What of the noise is heard.
        noise_decay: 1/s.
        attack_s: Rise of the noise; long for swells.
        bursts: Repeats of the noise 11 ms apart, as of several hands.
    """

    length_s: float
    tones: tuple[tuple[float, float, float], ...] = ()
    sweep: tuple[float, float, float, float] | None = None
    noise: float = 0.0
    band_hz: tuple[float, float] = (200.0, 8000.0)
    noise_decay: float = 20.0
    attack_s: float = 0.001
    bursts: int = 1


METAL = tuple((hz, 0.05, 22.0) for hz in (3140.0, 4217.0, 5431.0, 6703.0, 8291.0))
RIDE = tuple(
    (hz, gain, 4.5)
    for hz, gain in ((1853.0, 0.02), (2977.0, 0.045), (4391.0, 0.05), (6217.0, 0.035))
)

DRUMS: dict[str, Drum] = {
    "kick": Drum(0.42, (), (190, 47, 34, 8.5), 0.12, (900, 6000), 240),
    "soft_kick": Drum(0.5, (), (110, 55, 22, 9), 0.02, (300, 2000), 90),
    "bass_drum": Drum(1.0, ((71, 0.25, 7),), (95, 52, 12, 5), 0.1, (60, 700), 30),
    "snare": Drum(0.3, ((186, 0.3, 24), (331, 0.18, 32)), None, 0.5, (900, 9000), 19),
    "field_snare": Drum(
        0.24, ((232, 0.3, 34), (389, 0.2, 40)), None, 0.5, (1500, 10000), 25
    ),
    "gated_snare": Drum(
        0.5, ((174, 0.45, 13), (262, 0.2, 17)), None, 0.5, (500, 8500), 8.5
    ),
    "clap": Drum(0.34, (), None, 0.6, (850, 4200), 21, 0.001, 4),
    "closed_hat": Drum(0.09, METAL, None, 0.3, (6500, 15000), 60),
    "open_hat": Drum(0.36, METAL, None, 0.28, (6000, 15000), 11),
    "pedal_hat": Drum(0.11, METAL[:3], None, 0.16, (4500, 12000), 48, 0.004),
    "ride": Drum(1.2, RIDE, None, 0.1, (5000, 14000), 9),
    "brush": Drum(0.3, (), None, 0.2, (1800, 8000), 13, 0.035),
    "brush_tap": Drum(0.16, ((214, 0.1, 40),), None, 0.24, (1200, 7000), 32, 0.003),
    "shaker": Drum(0.1, (), None, 0.2, (5000, 13000), 42, 0.014),
    "crash": Drum(2.4, RIDE, None, 0.34, (3200, 14000), 2.3, 0.003),
    "tom": Drum(0.6, ((97, 0.2, 9),), (150, 88, 14, 7), 0.08, (200, 2500), 40),
    "kendang": Drum(0.34, ((236, 0.2, 18),), (205, 148, 30, 13), 0.06, (400, 3000), 55),
    "thunder": Drum(5.0, ((41, 0.1, 0.9),), None, 0.9, (28, 210), 0.75, 0.12),
    "wind": Drum(6.5, (), None, 0.28, (260, 900), 0.9, 3.0),
    "air": Drum(7.0, (), None, 0.1, (1500, 6000), 0.7, 3.2),
    "riser": Drum(3.8, (), None, 0.28, (1200, 9000), 16, 3.5),
}


def strike(drum: Drum, *, seed: int) -> Array:
    """Sound one stroke at full velocity.

    Args:
        drum: What it is made of.
        seed: Of its noise.

    Returns:
        float32[1, N], peak near 0.5 to 1, ending in a ramp to zero.
    """
    length = round(drum.length_s * SAMPLE_RATE)
    seconds = np.arange(length) / SAMPLE_RATE
    sound = np.zeros(length, np.float32)
    if drum.tones:
        hz, gains, decays = np.array(drum.tones).T
        sound += decaying_partials(hz, gains, decays, length)
    if drum.sweep:
        first, last, rate, decay = drum.sweep
        cycles = last * seconds + (first - last) / rate * (1 - np.exp(-rate * seconds))
        sweep = np.sin(2 * np.pi * cycles) * np.exp(-decay * seconds)
        sound += sweep.astype(np.float32)
    if drum.noise:
        sound += _noise(drum, length, np.random.default_rng([seed, length]))
    release_ramp(sound, min(0.25 * drum.length_s, 0.4))
    return sound[None, :]


def pattern(text: str, *, beat: float, step: float) -> list[Note]:
    """Read strokes from text.

    Args:
        text: One sign a step: "X" 1.0, "x" 0.75, "o" 0.5, "-" 0.3, "." rest; spaces
            are for the eye.
        beat: Of the first sign.
        step: Beats of one sign.
    """
    signs = text.replace(" ", "")
    return [
        Note(beat + place * step, step, 0.0, VELOCITIES[sign])
        for place, sign in enumerate(signs)
        if sign in VELOCITIES
    ]


def roll(beat: float, beats: float, *, rate: int, crescendo: bool) -> list[Note]:
    """Strokes in quick even succession.

    Args:
        beat: Start.
        beats: Length.
        rate: Strokes per beat.
        crescendo: Whether it swells, or stays soft.
    """
    count = round(beats * rate)
    return [
        Note(beat + i / rate, 1 / rate, 0.0, 0.25 + 0.55 * i / count * crescendo)
        for i in range(count)
    ]


def swing(notes: Iterable[Note], *, share: float = 0.64) -> list[Note]:
    """Delay what stands on the second half of a beat.

    Args:
        notes: Straight eighths.
        share: Place of the off-beat within the beat; 0.5 is straight, 2/3 a triplet.
    """
    swung = []
    for note in notes:
        whole, rest = divmod(note.beat, 1.0)
        bent = (
            rest * 2 * share if rest < 0.5 else share + (rest - 0.5) * 2 * (1 - share)
        )
        swung.append(Note(whole + bent, note.beats, note.pitch, note.velocity))
    return swung


def _noise(drum: Drum, length: int, rng: np.random.Generator) -> Array:
    seconds = np.arange(length, dtype=np.float32) / np.float32(SAMPLE_RATE)
    shape = np.zeros(length, np.float32)
    for burst in range(drum.bursts):
        since = np.maximum(seconds - np.float32(burst * 0.011), 0)
        fall = np.exp(-drum.noise_decay * np.maximum(since - drum.attack_s, 0))
        # early hands are cut short by the next one, the last rings
        rate = 0 if burst == drum.bursts - 1 else 90
        rise = np.minimum(since / np.float32(drum.attack_s), 1) ** 2
        shape = np.maximum(shape, rise * fall * np.exp(-rate * since))
    if drum.length_s > 3:  # long noises breathe, as weather does
        knots = rng.uniform(0.35, 1.0, max(4, round(drum.length_s * 2.5)))
        places = np.linspace(0, drum.length_s, len(knots))
        shape = shape * np.interp(seconds, places, knots).astype(np.float32)
    sos = signal.butter(2, drum.band_hz, "bandpass", fs=SAMPLE_RATE, output="sos")
    noise = signal.sosfilt(sos, rng.standard_normal(length))
    noise = noise / np.sqrt(np.mean(noise**2)) * 0.6
    return np.asarray(drum.noise * shape * noise, np.float32)
