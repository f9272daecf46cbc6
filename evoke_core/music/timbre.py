"""Level, timbre and onsets: curves from the fine spectrum, and spectral contrast.

Not here: framing (frames), partials and pitch (partials, chroma).
Sources: Davis & Mermelstein 1980 (MFCC); Stevens 1957 (loudness grows with intensity to
the power 0.3); Jiang et al., ICME 2002 (octave-based spectral contrast).
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from evoke_core.music.frames import (
    ANALYSIS_RATE,
    FLOOR,
    LOUDNESS_POWER,
    bin_range,
    frame_blocks,
    joined,
    magnitudes,
)
from evoke_core.vectors import Array, Array64

FRAME, HOP = 2048, 512  # samples of the fine frames
FRAME_RATE = ANALYSIS_RATE / HOP  # frames a second
COEFFICIENTS = 12  # MFCC 1 to 12; the zeroth is the level

CONTRAST_STEP = 4  # contrast changes slowly: every fourth frame, at TONAL_RATE
OCTAVE_EDGES_HZ = (40.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 8000.0)
WIDE_BANDS = 4  # of ten mel bands each: up to 0.6, 1.6, 3.6 and 8 kHz

_BANDS = 40
_LOW_HZ, _HIGH_HZ = 40.0, 8000.0  # lossy coding differs above, hearing cares less
_EXTREME_SHARE = 0.1  # of a band's bins that make its peak, and its valley


def fine_curves(samples: Array) -> dict[str, Array]:
    """Return curves of the mel bands by name.

    `shape` is float32[T, 3] of centroid, bandwidth and rolloff; `band_levels`
    float32[T, 4] in dB; `contrast` float32[ceil(T / 4), 12], six octave bands' peaks
    less valleys, then their valleys less the mean valley, in dB.
    """
    return joined(_fine_blocks(samples), 1 + len(samples) // HOP)


def _fine_blocks(samples: Array) -> Iterator[dict[str, Array]]:
    first, last = bin_range(FRAME, _LOW_HZ, _HIGH_HZ)
    pitch = np.log2(np.arange(first, last) * ANALYSIS_RATE / FRAME).astype(np.float32)
    bank = _mel_bank(np.arange(first, last) * ANALYSIS_RATE / FRAME)
    before: Array | None = None
    for frames in frame_blocks(samples, FRAME, HOP):
        magnitude = magnitudes(frames, first, last) + np.float32(np.sqrt(FLOOR / 1e3))
        mel = magnitude**2 @ bank + np.float32(FLOOR)
        mel_db = 10 * np.log10(mel)
        # Two frames back: a 93 ms frame sees an attack before it is complete.
        # A song's first two have nothing before them, so they stand for themselves.
        earlier = np.vstack([mel_db[:2] if before is None else before, mel_db])
        rise = np.maximum(mel_db - earlier[: len(mel_db)], 0)
        before = earlier[-2:]
        yield {
            "power": np.einsum("tf,tf->t", frames, frames) / FRAME,
            "shape": _shape(magnitude, pitch),
            "loudness": (mel**LOUDNESS_POWER).sum(axis=1),
            "mfcc": mel_db @ _cosine_basis(),
            "flatness": mel_db.mean(axis=1) - 10 * np.log10(mel.mean(axis=1)),
            "flux": rise.mean(axis=1),
            "bass_flux": rise[:, _band_centres() < 250].mean(axis=1),
            "band_levels": mel_db.reshape(len(mel_db), WIDE_BANDS, -1).mean(axis=2),
            "contrast": _contrast(magnitude[::CONTRAST_STEP], first),
        }


def _contrast(magnitude: Array, first: int) -> Array:
    """Return float32[B, 12]: peaks less valleys of six bands, then their valleys."""
    hertz = np.arange(first, first + magnitude.shape[1]) * ANALYSIS_RATE / FRAME
    edges = np.searchsorted(hertz, OCTAVE_EDGES_HZ)
    peaks, valleys = [], []
    for start, stop in pairwise(edges.tolist()):
        band = np.sort(magnitude[:, start:stop], axis=1)
        few = max(1, round(_EXTREME_SHARE * (stop - start)))
        peaks.append(band[:, -few:].mean(axis=1))
        valleys.append(band[:, :few].mean(axis=1))
    high, low = (20 * np.log10(np.stack(part, axis=1)) for part in (peaks, valleys))
    return np.hstack([high - low, low - low.mean(axis=1, keepdims=True)])


def _shape(magnitude: Array, pitch: Array) -> Array:
    """Return float32[B, 3]: spectral centroid, bandwidth and rolloff."""
    weight = magnitude / magnitude.sum(axis=1, keepdims=True)
    centroid = weight @ pitch
    spread = np.sqrt(np.maximum(weight @ pitch**2 - centroid**2, 0))
    energy = np.cumsum(magnitude**2, axis=1)
    rolloff = pitch[(energy < 0.85 * energy[:, -1:]).sum(axis=1)]
    return np.stack([centroid, spread, rolloff], axis=1)


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
