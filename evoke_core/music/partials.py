"""The strongest partials of every tonal frame, and how rough they sound together.

Not here: framing (frames), pitch classes (chroma).
Sources: Sethares, JASA 94, 1993 (roughness of two partials); Laurier et al. 2010
(number of peaks as spectral complexity).
"""

from collections.abc import Iterator

import numpy as np

from evoke_core.music.frames import (
    ANALYSIS_RATE,
    FLOOR,
    bin_range,
    frame_blocks,
    joined,
    magnitudes,
)
from evoke_core.vectors import Array

TONAL_FRAME, TONAL_HOP = 8192, 2048  # semitones are told apart from 80 Hz upwards
TONAL_RATE = ANALYSIS_RATE / TONAL_HOP

_TONAL_LOW_HZ, _TONAL_HIGH_HZ = 55.0, 4000.0
_PEAKS = 16  # strongest partials of a frame that are kept
_PEAK_DEPTH = 0.01  # a partial 40 dB below its frame's strongest is masked


def tonal_curves(samples: Array) -> dict[str, Array]:
    """Return Hz and magnitude of peaks [U, 16], (roughness, number, pitch) [U, 3]."""
    return joined(_tonal_blocks(samples), 1 + len(samples) // TONAL_HOP)


def _tonal_blocks(samples: Array) -> Iterator[dict[str, Array]]:
    first, last = bin_range(TONAL_FRAME, _TONAL_LOW_HZ, _TONAL_HIGH_HZ)
    for frames in frame_blocks(samples, TONAL_FRAME, TONAL_HOP):
        spectrum = magnitudes(frames, first - 1, last + 1)
        peaks_hz, peaks, number = _strongest_peaks(spectrum, first)
        total = np.maximum(peaks.sum(axis=1), np.sqrt(FLOOR))
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
