"""Instruments with a pitch: struck and plucked ones that ring, others that are held.

A struck tone is a sum of decaying partials, computed as one matrix product: sample
b*256+r of a partial is Im(z^(256 b) * z^r). A held tone reads a single-cycle table with
a phase of 32 bits that wraps by itself. Drums stand in rhythm.py.

Sources: Fletcher & Rossing, The Physics of Musical Instruments (stiff strings, bar and
bell modes, formants); Smith, Physical Audio Signal Processing (modal synthesis).
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array, Array64

SAMPLE_RATE = 44_100
BLOCK = 256
TABLE_BITS = 13
HIGHEST_HZ = 11_000.0

BAR_MODES = (1.0, 2.756, 5.404, 8.933)  # free bar
REED_MODES = (1.0, 6.267, 17.55)  # bar clamped at one end, a music box's tine
GONG_MODES = (1.0, 1.48, 2.0, 2.67, 3.01, 4.12, 5.33)


@dataclass(frozen=True, slots=True)
class Struck:
    """A voice that rings by itself.

    Args:
        ratios: Partials over the fundamental; empty for a string's own series.
        levels: Their gains, where ratios are given.
        slope: A string's partial k has gain k ** -slope.
        strike_point: Place of the hammer on a string; mutes partials with a node there.
        stiffness: Sharpens a string's upper partials.
        decay: 1/s of the fundamental at 440 Hz.
        damping: How much faster each further partial decays, as a share.
        beating_hz: Distance of a slower twin of every partial; 0 for none.
        release_s: Time in which a damped tone falls silent.
        shade: How much a soft touch takes from each further partial.
    """

    ratios: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    slope: float = 1.0
    strike_point: float = 0.12
    stiffness: float = 0.0
    decay: float = 1.0
    damping: float = 0.3
    beating_hz: float = 0.0
    release_s: float = 0.12
    shade: float = 0.5


@dataclass(frozen=True, slots=True)
class Sustained:
    """A voice that is held.

    Args:
        slope: Partial k has gain k ** -slope.
        cutoff_hz: Where a gentle low-pass begins at full brightness.
        even: Gain of even partials; small for closed reeds.
        formants_hz: Centres of resonances; empty for none.
        copies: Players in unison, spread over left and right.
        detune_cents: Between the outermost players.
        vibrato_cents: Depth, reached after a third of a second.
        tremolo_hz: Rate of a bow's repetition; 0 for none.
        attack_s: Rise.
        release_s: Fall after the end of the note.
        breath: Gain of filtered noise beside the tone.
    """

    slope: float = 1.0
    cutoff_hz: float = 4000.0
    even: float = 1.0
    formants_hz: tuple[float, ...] = ()
    copies: int = 2
    detune_cents: float = 8.0
    vibrato_cents: float = 0.0
    tremolo_hz: float = 0.0
    attack_s: float = 0.05
    release_s: float = 0.15
    breath: float = 0.0


STRUCK: dict[str, Struck] = {
    "piano": Struck((), (), 0.9, 0.12, 3.5e-4, 0.9, 0.22, 0.5, 0.22, 0.55),
    "felt_piano": Struck((), (), 1.35, 0.14, 3e-4, 0.8, 0.3, 0.4, 0.35, 0.75),
    "harp": Struck((), (), 1.2, 0.3, 0.0, 1.5, 0.35, 0.0, 0.5, 0.4),
    "pizzicato": Struck((), (), 1.3, 0.2, 0.0, 5.0, 0.5, 0.0, 0.12, 0.4),
    "upright_bass": Struck((), (), 1.15, 0.22, 1e-4, 3.2, 0.35, 0.25, 0.08, 0.4),
    "synth_bass": Struck((), (), 0.9, 0.5, 0.0, 3.0, 0.45, 0.7, 0.03, 0.3),
    "acid": Struck((), (), 0.75, 0.07, 0.0, 6.0, 0.3, 0.0, 0.03, 0.6),
    "stab": Struck((), (), 0.9, 0.31, 0.0, 6.5, 0.14, 2.5, 0.06, 0.3),
    "pluck": Struck((), (), 1.0, 0.27, 0.0, 4.0, 0.3, 1.4, 0.15, 0.4),
    "music_box": Struck(
        REED_MODES,
        (1.0, 0.2, 0.05),
        decay=1.3,
        damping=1.6,
        beating_hz=0.9,
        release_s=0.6,
        shade=0.2,
    ),
    "vibraphone": Struck(
        (1.0, 3.98, 9.9),
        (1.0, 0.16, 0.04),
        decay=1.0,
        damping=1.8,
        beating_hz=0.6,
        release_s=0.4,
        shade=0.6,
    ),
    "glass": Struck(
        (1.0, 2.0, 3.01, 4.2),
        (1.0, 0.35, 0.2, 0.08),
        decay=0.9,
        damping=0.6,
        beating_hz=1.1,
        release_s=0.8,
        shade=0.5,
    ),
    # Balinese pairs are tuned apart on purpose: the beats are called ombak
    "saron": Struck(
        BAR_MODES,
        (1.0, 0.3, 0.16, 0.06),
        decay=1.5,
        damping=0.9,
        beating_hz=5.5,
        release_s=0.25,
        shade=0.3,
    ),
    "gender": Struck(
        BAR_MODES,
        (1.0, 0.12, 0.05, 0.02),
        decay=0.7,
        damping=1.4,
        beating_hz=4.5,
        release_s=0.5,
        shade=0.4,
    ),
    "gong": Struck(
        GONG_MODES,
        (1.0, 0.25, 0.5, 0.15, 0.14, 0.07, 0.04),
        decay=0.9,
        damping=0.3,
        beating_hz=1.6,
        release_s=1.2,
        shade=0.3,
    ),
    "timpani": Struck(
        (1.0, 1.5, 1.98, 2.44),
        (1.0, 0.6, 0.3, 0.2),
        decay=4.5,
        damping=0.5,
        release_s=0.3,
        shade=0.3,
    ),
}

SUSTAINED: dict[str, Sustained] = {
    "strings": Sustained(1.05, 3200, 1.0, (500, 1600), 3, 13, 7, 0, 0.16, 0.35),
    "solo_strings": Sustained(
        0.95, 3800, 1.0, (450, 1100, 2600), 1, 0, 17, 0, 0.1, 0.3, 0.002
    ),
    "spiccato": Sustained(0.95, 2600, 1.0, (450, 1300), 2, 9, 0, 0, 0.012, 0.08),
    "tremolo": Sustained(0.95, 3000, 1.0, (500, 1500), 2, 11, 4, 11.5, 0.06, 0.2),
    "pad": Sustained(1.3, 1300, 1.0, (), 4, 16, 3, 0, 1.1, 1.6),
    "warm_pad": Sustained(1.0, 1500, 1.0, (), 4, 20, 0, 0, 0.25, 0.5),
    "choir": Sustained(0.9, 2600, 1.0, (620, 1080, 2650), 3, 15, 12, 0, 0.09, 0.26),
    "organ": Sustained(1.5, 3500, 1.6, (), 2, 3, 0, 0, 0.012, 0.14, 0.001),
    "brass": Sustained(0.7, 2400, 1.0, (1100,), 2, 7, 5, 0, 0.045, 0.1),
    "tuba": Sustained(1.0, 900, 1.0, (), 1, 0, 2, 0, 0.04, 0.09),
    "musette": Sustained(0.75, 3600, 0.8, (900,), 3, 22, 0, 0, 0.035, 0.08),
    "clarinet": Sustained(1.0, 2600, 0.12, (), 1, 0, 6, 0, 0.05, 0.1, 0.004),
    "flute": Sustained(2.0, 3000, 0.8, (), 1, 0, 11, 0, 0.07, 0.14, 0.02),
    "lead": Sustained(0.9, 3400, 0.7, (), 3, 14, 10, 0, 0.02, 0.16),
    "drone": Sustained(1.3, 600, 1.0, (), 3, 14, 0, 0, 0.9, 1.0),
}


def play(voice: str, pitch: float, held_s: float, brightness: float) -> Array:
    """Sound one note of a voice.

    Args:
        voice: A name in STRUCK or SUSTAINED.
        pitch: MIDI number, 69 is 440 Hz, fractions are cents.
        held_s: Seconds until the release.
        brightness: 0 soft to 1 bright.

    Returns:
        float32[C, N]; C is 1 for a sound without width, 2 for left and right. Held
        tones have a root mean square near 0.2. The end is a ramp to zero.
    """
    hz = 440.0 * 2 ** ((pitch - 69) / 12)
    if voice in STRUCK:
        return _ring(STRUCK[voice], hz, held_s, brightness)
    return _hold(SUSTAINED[voice], hz, held_s, brightness)


def decaying_partials(
    frequencies_hz: Array64, levels: Array64, decays: Array64, length: int
) -> Array:
    """Sum damped sines.

    Args:
        frequencies_hz: float64[P].
        levels: float64[P], gains at the start.
        decays: float64[P], 1/s.
        length: Samples.

    Returns:
        float32[length].
    """
    step = np.exp((2j * np.pi * frequencies_hz - decays) / SAMPLE_RATE)  # [P]
    rows = -(-length // BLOCK)
    coarse = _powers(step**BLOCK, rows) * levels  # [R, P]
    fine = _powers(step, BLOCK)  # [B, P]
    left = np.concatenate([coarse.real, coarse.imag], axis=1).astype(np.float32)
    right = np.concatenate([fine.imag, fine.real], axis=1).astype(np.float32)
    return cast("Array", (left @ right.T).reshape(-1)[:length])


def release_ramp(tone: Array, release_s: float) -> None:
    """Fade the last seconds of a tone to zero in place, along half a cosine."""
    count = min(round(release_s * SAMPLE_RATE), tone.shape[-1])
    fade = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count, dtype=np.float32))
    tone[..., tone.shape[-1] - count :] *= fade


def _powers(base: npt.NDArray[np.complex128], count: int) -> npt.NDArray[np.complex128]:
    ladder = np.repeat(base[None, :], count, axis=0)
    ladder[0] = 1.0
    return cast("npt.NDArray[np.complex128]", np.cumprod(ladder, axis=0))


def _ring(voice: Struck, hz: float, held_s: float, brightness: float) -> Array:
    ratios, levels = _modes(voice, hz)
    order = np.arange(len(ratios))
    levels = levels * np.exp(-voice.shade * (1 - brightness) * order)
    decays = voice.decay * (hz / 440) ** 0.5 * (1 + voice.damping * order)
    frequencies = hz * ratios
    if voice.beating_hz:
        twin = frequencies + voice.beating_hz * np.sqrt(ratios)
        frequencies = np.concatenate([frequencies, twin])
        levels = np.concatenate([levels, 0.55 * levels])
        decays = np.concatenate([decays, 0.6 * decays])
    audible_s = 6.5 / float(decays.min())
    seconds = min(held_s + voice.release_s, audible_s)
    levels = levels * 0.45 / np.sqrt(np.sum(levels**2))
    tone = decaying_partials(frequencies, levels, decays, round(seconds * SAMPLE_RATE))
    attack = min(len(tone), round(0.0015 * SAMPLE_RATE))
    tone[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    release_ramp(tone, voice.release_s)
    return tone[None, :]


def _modes(voice: Struck, hz: float) -> tuple[Array64, Array64]:
    if voice.ratios:
        ratios, levels = np.array(voice.ratios), np.array(voice.levels)
    else:
        k = np.arange(1, 41, dtype=np.float64)
        ratios = k * np.sqrt(1 + voice.stiffness * k**2)
        levels = np.abs(np.sin(np.pi * k * voice.strike_point)) * k**-voice.slope
    heard = ratios * hz < HIGHEST_HZ
    heard[0] = True
    return ratios[heard], levels[heard]


def _hold(voice: Sustained, hz: float, held_s: float, brightness: float) -> Array:
    attack_s = min(voice.attack_s, 0.6 * held_s)
    length = round((held_s + voice.release_s) * SAMPLE_RATE)
    table = _table(voice, hz, brightness)
    tone = np.zeros((min(voice.copies, 2), length), np.float32)
    # the pitch fixes each player's phase, so that a note always sounds the same
    rng = np.random.default_rng([round(hz * 100), length])
    spread = np.linspace(-0.5, 0.5, voice.copies) if voice.copies > 1 else np.zeros(1)
    for player, place in enumerate(spread):
        cents = voice.detune_cents * place
        phase = _phase(voice, hz * 2 ** (cents / 1200), length, rng)
        places = (phase >> np.uint32(32 - TABLE_BITS)).astype(np.intp)
        tone[player % len(tone)] += np.take(table, places)
    tone *= np.float32(0.2 / np.sqrt(max(1, voice.copies / len(tone))))
    if voice.breath:
        noise = rng.standard_normal(length + 4, dtype=np.float32)
        tone += voice.breath * (noise[4:] + noise[2:-2] - noise[:-4] - noise[1:-3])
    _shape(tone, voice, attack_s, rng)
    return tone


def _phase(
    voice: Sustained, hz: float, length: int, rng: np.random.Generator
) -> npt.NDArray[np.uint32]:
    start, rate_hz, turn = rng.uniform(size=3) * (1.0, 1.0, 2 * np.pi)
    step = np.uint32(round(hz / SAMPLE_RATE * 2**32))
    phase = np.arange(length, dtype=np.uint32) * step + np.uint32(start * 2**32)
    if voice.vibrato_cents:
        rate_hz = 4.8 + rate_hz
        seconds = np.arange(length, dtype=np.float32) / np.float32(SAMPLE_RATE)
        # phase is the integral of frequency: cents become cycles over the rate
        depth = hz * voice.vibrato_cents / 1731.2 / (2 * np.pi * rate_hz) * 2**32
        onset = np.minimum(seconds * np.float32(3.0), np.float32(1.0))
        wave = np.sin(np.float32(2 * np.pi * rate_hz) * seconds + np.float32(turn))
        phase += (np.float32(depth) * onset * wave).astype(np.int64).astype(np.uint32)
    return phase


def _table(voice: Sustained, hz: float, brightness: float) -> Array:
    count = max(1, min(48, int(HIGHEST_HZ / hz)))
    k = np.arange(1, count + 1)
    cutoff = voice.cutoff_hz * (0.35 + 0.65 * brightness)
    levels = k**-voice.slope / np.sqrt(1 + (k * hz / cutoff) ** 4)
    levels = levels * np.where(k % 2 == 0, voice.even, 1.0)
    if voice.formants_hz:
        peaks = [np.exp(-((k * hz / f - 1) ** 2) / 0.045) for f in voice.formants_hz]
        levels = levels * (0.25 + np.sum(peaks, axis=0))
    size = 2**TABLE_BITS
    spectrum = np.zeros(size // 2 + 1, np.complex128)
    spectrum[k] = levels * np.exp(1j * np.pi * k**2 / (2 * count))
    table = np.fft.irfft(spectrum, size)
    return np.asarray(table / np.sqrt(np.mean(table**2)), np.float32)


def _shape(
    tone: Array, voice: Sustained, attack_s: float, rng: np.random.Generator
) -> None:
    length = tone.shape[1]
    rise = max(2, round(attack_s * SAMPLE_RATE))
    ramp = np.linspace(0, np.pi / 2, rise, dtype=np.float32)
    tone[:, :rise] *= np.sin(ramp[:length]) ** 2
    release_ramp(tone, voice.release_s)
    if voice.tremolo_hz:
        seconds = np.arange(length, dtype=np.float32) / np.float32(SAMPLE_RATE)
        # players don't tremble together: the start of each note's wave is drawn
        turn = np.float32(rng.uniform(0, 2 * np.pi))
        beat = np.cos(np.float32(2 * np.pi * voice.tremolo_hz) * seconds + turn)
        tone *= np.float32(0.64) - np.float32(0.36) * beat
