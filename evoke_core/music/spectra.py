"""What the ear gets of a song, frame by frame; computed once, read by all features.

Two short-time spectra share the work: a fine one (93 ms frames, 23 ms apart) tells
level, timbre and onsets, a tonal one (372 ms, 93 ms apart) keeps the spectral peaks
from which pitch and consonance follow. Frames are centred on their time and taken in
blocks, so that only these curves grow with the song.

Not here: what the curves mean over a window (descriptors).
Sources: Davis & Mermelstein 1980 (MFCC); Stevens 1957 (loudness grows with intensity to
the power 0.3); Gómez 2006 (pitch classes from spectral peaks); Harte, Sandler & Gasser
2006 (tonal centroid); Sethares 1993 (roughness of two partials); Laurier et al. 2010
(number of peaks as spectral complexity).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evoke_core.music.decode import DEFAULT_RATE, Track
from evoke_core.music.waveform import WaveformWriter, blocks, release
from evoke_core.vectors import Array, Array64

ANALYSIS_RATE = DEFAULT_RATE  # Hz
FRAME, HOP = 2048, 512  # samples of the fine frames
TONAL_FRAME, TONAL_HOP = 8192, 2048  # semitones are told apart from 80 Hz upwards
FRAME_RATE = ANALYSIS_RATE / HOP  # frames a second
TONAL_RATE = ANALYSIS_RATE / TONAL_HOP
COEFFICIENTS = 12  # MFCC 1 to 12; the zeroth is the level

_FLOOR = 1e-8  # power; full scale is 1, so nothing lies below -80 dB
_BANDS = 40
_LOW_HZ, _HIGH_HZ = 40.0, 8000.0  # lossy coding differs above, hearing cares less
_TONAL_LOW_HZ, _TONAL_HIGH_HZ = 55.0, 4000.0
_PEAKS = 16  # strongest partials of a frame that are kept
_PEAK_DEPTH = 0.01  # a partial 40 dB below its frame's strongest is masked
_LOUDNESS_POWER = 0.3
_BLOCK_FRAMES = 512


@dataclass(frozen=True, slots=True)
class Spectra:
    """Curves over a song; T fine frames at FRAME_RATE, U tonal ones at TONAL_RATE.

    Args:
        duration_s: Length of the song.
        power: float32[T], mean square, full scale 1.
        loudness: float32[T], sum over mel bands of power to the 0.3, >= 0.
        mfcc: float32[T, 12], of the mel bands in dB, coefficients 1 to 12.
        brightness: float32[T], spectral centroid in log2 Hz, 40 Hz to 8 kHz.
        bandwidth: float32[T], magnitude-weighted standard deviation in octaves.
        rolloff: float32[T], log2 of the Hz below which 85 % of the power lies.
        flatness: float32[T], geometric over arithmetic mean of mel power, in dB.
        flux: float32[T], mean rise of the mel bands over 46 ms, in dB.
        bass_flux: float32[T], the same of the bands below 250 Hz.
        chroma: float32[U, 12], pitch classes from C, tuning removed, loudness-like.
        tonal_centroid: float32[U, 6], of the chroma at unit sum; zero where silent.
        roughness: float32[U], sensory dissonance a unit of amplitude, >= 0.
        complexity: float32[U], number of partials within 40 dB of the strongest.
        register: float32[U], magnitude-weighted mean pitch of the partials, log2 Hz.
    """

    duration_s: float
    power: Array
    loudness: Array
    mfcc: Array
    brightness: Array
    bandwidth: Array
    rolloff: Array
    flatness: Array
    flux: Array
    bass_flux: Array
    chroma: Array
    tonal_centroid: Array
    roughness: Array
    complexity: Array
    register: Array


def compute_spectra(track: Track) -> Spectra:
    """Compute every curve of a song, at ANALYSIS_RATE whatever the track's rate."""
    samples = _at_analysis_rate(track)
    tonal = _tonal_curves(samples)
    chroma = _chroma(tonal.pop("frequencies"), tonal.pop("magnitudes"))
    roughness, complexity, register = tonal.pop("partials").T
    fine = _fine_curves(samples)
    brightness, bandwidth, rolloff = fine.pop("shape").T
    return Spectra(
        duration_s=track.duration_s,
        power=fine["power"],
        loudness=fine["loudness"],
        mfcc=fine["mfcc"],
        brightness=brightness,
        bandwidth=bandwidth,
        rolloff=rolloff,
        flatness=fine["flatness"],
        flux=fine["flux"],
        bass_flux=fine["bass_flux"],
        chroma=chroma,
        tonal_centroid=_tonal_centroid(chroma),
        roughness=roughness,
        complexity=complexity,
        register=register,
    )


def _at_analysis_rate(track: Track) -> Array:
    if track.sample_rate == ANALYSIS_RATE:
        return track.samples
    import soxr

    stream = soxr.ResampleStream(track.sample_rate, ANALYSIS_RATE, 1, dtype="float32")
    resampled = WaveformWriter()
    for block in blocks(track.samples):
        resampled.write(stream.resample_chunk(block))
    resampled.write(stream.resample_chunk(np.empty(0, np.float32), last=True))
    return resampled.finish()


def _frame_blocks(samples: Array, frame: int, hop: int) -> Iterator[Array]:
    """Yield float32[B, frame], frame t centred on sample t * hop; zeros outside."""
    count = 1 + len(samples) // hop
    for first in range(0, count, _BLOCK_FRAMES):
        last = min(first + _BLOCK_FRAMES, count) - 1
        start, stop = first * hop - frame // 2, last * hop + frame // 2
        piece = samples[max(start, 0) : max(stop, 0)]
        before = max(-start, 0)
        padding = (before, stop - start - before - len(piece))
        piece = np.pad(piece, padding)  # a copy
        release(samples)
        yield np.lib.stride_tricks.sliding_window_view(piece, frame)[::hop]


def _joined(parts: Iterator[dict[str, Array]], count: int) -> dict[str, Array]:
    """Join the curves of successive blocks, count frames in all, without copies."""
    curves: dict[str, Array] = {}
    row = 0
    for part in parts:
        for name, values in part.items():
            if name not in curves:
                curves[name] = np.empty((count, *values.shape[1:]), np.float32)
            curves[name][row : row + len(values)] = values
        row += len(values)
    return curves


def _magnitudes(frames: Array, first: int, last: int) -> Array:
    """Return float32[B, last - first] of bins; a full-scale sine peaks at 1."""
    size = frames.shape[1]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    spectrum = np.fft.rfft(frames * window, axis=1)[:, first:last]
    return np.abs(spectrum).astype(np.float32) * np.float32(4 / size)


def _fine_curves(samples: Array) -> dict[str, Array]:
    """Return curves by name; shape is float32[T, 3]: centroid, bandwidth, rolloff."""
    return _joined(_fine_blocks(samples), 1 + len(samples) // HOP)


def _fine_blocks(samples: Array) -> Iterator[dict[str, Array]]:
    first, last = _bin_range(FRAME, _LOW_HZ, _HIGH_HZ)
    pitch = np.log2(np.arange(first, last) * ANALYSIS_RATE / FRAME).astype(np.float32)
    bank = _mel_bank(np.arange(first, last) * ANALYSIS_RATE / FRAME)
    before: Array | None = None
    for frames in _frame_blocks(samples, FRAME, HOP):
        magnitude = _magnitudes(frames, first, last) + np.float32(np.sqrt(_FLOOR / 1e3))
        mel = magnitude**2 @ bank + np.float32(_FLOOR)
        mel_db = 10 * np.log10(mel)
        # Two frames back: a 93 ms frame sees an attack before it is complete.
        # A song's first two have nothing before them, so they stand for themselves.
        earlier = np.vstack([mel_db[:2] if before is None else before, mel_db])
        rise = np.maximum(mel_db - earlier[: len(mel_db)], 0)
        before = earlier[-2:]
        yield {
            "power": np.einsum("tf,tf->t", frames, frames) / FRAME,
            "shape": _shape(magnitude, pitch),
            "loudness": (mel**_LOUDNESS_POWER).sum(axis=1),
            "mfcc": mel_db @ _cosine_basis(),
            "flatness": mel_db.mean(axis=1) - 10 * np.log10(mel.mean(axis=1)),
            "flux": rise.mean(axis=1),
            "bass_flux": rise[:, _band_centres() < 250].mean(axis=1),
        }


def _shape(magnitude: Array, pitch: Array) -> Array:
    """Return float32[B, 3]: spectral centroid, bandwidth and rolloff."""
    weight = magnitude / magnitude.sum(axis=1, keepdims=True)
    centroid = weight @ pitch
    spread = np.sqrt(np.maximum(weight @ pitch**2 - centroid**2, 0))
    energy = np.cumsum(magnitude**2, axis=1)
    rolloff = pitch[(energy < 0.85 * energy[:, -1:]).sum(axis=1)]
    return np.stack([centroid, spread, rolloff], axis=1)


def _bin_range(frame: int, low_hz: float, high_hz: float) -> tuple[int, int]:
    width_hz = ANALYSIS_RATE / frame
    return int(np.ceil(low_hz / width_hz)), int(high_hz / width_hz) + 1


def _mel_edges() -> Array:
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (_LOW_HZ, _HIGH_HZ))
    mels = np.linspace(low, high, _BANDS + 2)
    return (700 * (10 ** (mels / 2595) - 1)).astype(np.float32)


def _band_centres() -> Array:
    return _mel_edges()[1:-1]


def _mel_bank(bins_hz: Array64) -> Array:
    """Return float32[bins, 40] of triangles that peak at 1; every band has a bin."""
    edges = _mel_edges()
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    hz = bins_hz[:, None]
    rising, falling = (hz - low) / (centre - low), (high - hz) / (high - centre)
    bank = np.clip(np.minimum(rising, falling), 0, None)
    nearest = np.abs(hz - centre).argmin(axis=0)
    bank[nearest, np.arange(_BANDS)] += bank.sum(axis=0) == 0
    return bank.astype(np.float32)


def _cosine_basis() -> Array:
    order = np.arange(1, COEFFICIENTS + 1)
    band = np.arange(_BANDS)[:, None] + 0.5
    angle = np.pi * order * band / _BANDS
    return (math.sqrt(2 / _BANDS) * np.cos(angle)).astype(np.float32)


def _tonal_curves(samples: Array) -> dict[str, Array]:
    """Return Hz and magnitude of peaks [U, 16], (roughness, number, pitch) [U, 3]."""
    return _joined(_tonal_blocks(samples), 1 + len(samples) // TONAL_HOP)


def _tonal_blocks(samples: Array) -> Iterator[dict[str, Array]]:
    first, last = _bin_range(TONAL_FRAME, _TONAL_LOW_HZ, _TONAL_HIGH_HZ)
    for frames in _frame_blocks(samples, TONAL_FRAME, TONAL_HOP):
        spectrum = _magnitudes(frames, first - 1, last + 1)
        peaks_hz, peaks, number = _strongest_peaks(spectrum, first)
        total = np.maximum(peaks.sum(axis=1), np.sqrt(_FLOOR))
        pitch = (peaks * np.log2(peaks_hz)).sum(axis=1) / total
        roughness = _roughness(peaks_hz, peaks) / total
        yield {
            "frequencies": peaks_hz,
            "magnitudes": peaks,
            "partials": np.stack([roughness, number, pitch], axis=1),
        }


def _strongest_peaks(spectrum: Array, first: int) -> tuple[Array, Array, Array]:
    """Find partials in float32[B, bins + 2]; places without one have magnitude 0."""
    middle = spectrum[:, 1:-1]
    is_peak = (middle > spectrum[:, :-2]) & (middle >= spectrum[:, 2:])
    threshold = np.maximum(_PEAK_DEPTH * middle.max(axis=1, keepdims=True), 1e-4)
    heights = np.where(is_peak & (middle >= threshold), middle, 0)
    columns = np.argpartition(heights, -_PEAKS, axis=1)[:, -_PEAKS:]
    peaks = np.take_along_axis(heights, columns, axis=1)
    # A parabola through three log magnitudes finds a Hann partial within 0.05 bins.
    left, centre, right = (
        np.log(np.take_along_axis(spectrum, columns + step, axis=1) + 1e-12)
        for step in range(3)
    )
    bend = np.minimum(left - 2 * centre + right, -1e-6)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    hertz = (columns + first + shift) * (ANALYSIS_RATE / TONAL_FRAME)
    return hertz.astype(np.float32), peaks, (heights > 0).sum(axis=1)


def _roughness(frequencies: Array, magnitudes: Array) -> Array:
    """Sum Sethares' dissonance over all pairs of a frame's partials."""
    upper, lower = np.triu_indices(_PEAKS, k=1)
    one, other = frequencies[:, upper], frequencies[:, lower]
    scale = 0.24 / (0.0207 * np.minimum(one, other) + 18.96)
    distance = scale * np.abs(one - other)
    curve = np.exp(-3.5 * distance) - np.exp(-5.75 * distance)
    weaker = np.minimum(magnitudes[:, upper], magnitudes[:, lower])
    dissonance: Array = (weaker * curve).sum(axis=1)
    return dissonance


def _chroma(frequencies: Array, magnitudes: Array) -> Array:
    """Share each partial between the two nearest pitch classes of the song's tuning."""
    count = len(frequencies)
    rows = [slice(at, at + _BLOCK_FRAMES) for at in range(0, count, _BLOCK_FRAMES)]
    direction = np.empty(frequencies.shape, np.complex64)
    for block in rows:
        turns = np.exp(2j * np.pi * _semitones(frequencies[block]))
        direction[block] = magnitudes[block] * turns
    tuning = np.float32(np.angle(direction.sum()) / (2 * np.pi))
    chroma = np.empty((count, 12), np.float32)
    for block in rows:
        chroma[block] = _fold(
            _semitones(frequencies[block]) - tuning,
            magnitudes[block] ** (2 * _LOUDNESS_POWER),
        )
    return chroma


def _semitones(frequencies: Array) -> Array:
    semitones: Array = 12 * np.log2(frequencies / 440) + 9  # 0 is C
    return semitones


def _fold(semitones: Array, weight: Array) -> Array64:
    """Return float64[B, 12]: weights by pitch class."""
    below = np.floor(semitones)
    share = semitones - below
    row = np.arange(len(semitones))[:, None] * 12
    chroma = np.zeros(12 * len(semitones))
    for step, part in ((0, 1 - share), (1, share)):
        place = row + np.mod(below + step, 12).astype(np.int64)
        chroma += np.bincount(
            place.ravel(), (weight * part).ravel(), minlength=len(chroma)
        )
    return chroma.reshape(-1, 12)


def _tonal_centroid(chroma: Array) -> Array:
    """Project onto the circles of fifths, minor thirds and major thirds."""
    angle = 2 * np.pi * np.outer(np.arange(12), np.array([7, 9, 4])) / 12
    radius = np.array([1.0, 1.0, 0.5])
    basis = np.concatenate([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    total = chroma.sum(axis=1, keepdims=True)
    centroid: Array = (chroma @ basis / np.maximum(total, 1e-9)).astype(np.float32)
    return centroid
