"""Pitch classes of a song's partials, and where they lie in tonal space.

Sources: Gómez 2006 (pitch classes from spectral peaks); Harte, Sandler & Gasser 2006
(tonal centroid).
"""

import numpy as np

from evoke_core.music.frames import BLOCK_FRAMES, LOUDNESS_POWER
from evoke_core.vectors import Array, Array64


def pitch_classes(frequencies: Array, magnitudes: Array) -> Array:
    """Share each partial between the two nearest pitch classes of the song's tuning.

    Args:
        frequencies: float32[U, P], Hz.
        magnitudes: float32[U, P]; 0 where there is no partial.

    Returns:
        float32[U, 12] from C, by power to the 0.3.
    """
    count = len(frequencies)
    rows = [slice(at, at + BLOCK_FRAMES) for at in range(0, count, BLOCK_FRAMES)]
    direction = np.empty(frequencies.shape, np.complex64)
    for block in rows:
        turns = np.exp(2j * np.pi * _semitones(frequencies[block]))
        direction[block] = magnitudes[block] * turns
    tuning = np.float32(np.angle(direction.sum()) / (2 * np.pi))
    chroma = np.empty((count, 12), np.float32)
    for block in rows:
        chroma[block] = _fold(
            _semitones(frequencies[block]) - tuning,
            magnitudes[block] ** (2 * LOUDNESS_POWER),
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


def tonal_centroid(chroma: Array) -> Array:
    """Project float32[U, 12] onto the circles of fifths, minor and major thirds.

    Returns:
        float32[U, 6] at unit sum; zero where silent.
    """
    angle = 2 * np.pi * np.outer(np.arange(12), np.array([7, 9, 4])) / 12
    radius = np.array([1.0, 1.0, 0.5])
    basis = np.concatenate([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    total = chroma.sum(axis=1, keepdims=True)
    centroid: Array = (chroma @ basis / np.maximum(total, 1e-9)).astype(np.float32)
    return centroid
