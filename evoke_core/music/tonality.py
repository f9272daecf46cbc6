"""Mode, key and harmonic change of a window, read from its pitch classes.

Not here: pitch classes (chroma), and the order of the numbers (descriptors).
Sources: Krumhansl & Kessler 1982, Temperley, Music Perception 17, 1999, and Albrecht &
Shanahan, Music Perception 31, 2013 (key profiles); Saari, Eerola & Lartillot 2011
(majorness); Harte, Sandler & Gasser 2006 (harmonic change over several spans).
"""

import numpy as np

from evoke_core.music.partials import TONAL_RATE
from evoke_core.vectors import Array, Array64

CHANGE_S = (0.5, 1.0, 2.0, 4.0)  # a chord, half a bar, a bar, a phrase

# Weights of the twelve steps above the tonic: major, then minor.
_PROFILES = (
    (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    (
        (5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4),
        (5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4),
    ),
    (
        (238, 6, 111, 6, 137, 94, 16, 214, 9, 80, 8, 81),
        (220, 6, 104, 123, 19, 103, 12, 214, 62, 22, 61, 52),
    ),
)
_SMOOTHING_S = 1.0  # passing notes are not chords


def mode_and_clarity(chroma: Array64) -> tuple[float, float]:
    """Compare pitch classes with every major and minor key.

    Each of three published sets of profiles is asked and the answers averaged: on
    single pieces they disagree.

    Args:
        chroma: float64[12], sums of a window.

    Returns:
        Best major minus best minor correlation, and the best of all 24.
    """
    if chroma.std() < 1e-9 * max(chroma.mean(), 1.0):
        return 0.0, 0.0
    sought = (chroma - chroma.mean()) / chroma.std() / 12
    best = np.array(
        [[_keys(profile) @ sought for profile in both] for both in _PROFILES]
    ).max(axis=2)  # [3, 2]
    return float((best[:, 0] - best[:, 1]).mean()), float(best.max(axis=1).mean())


def harmonic_change(chroma: Array) -> list[float]:
    """Return how much the pitch classes differ after each of CHANGE_S.

    Args:
        chroma: float32[U, 12], a window.

    Returns:
        Mean cosine distances in [0, 1]; 0 for spans that the window doesn't reach.
    """
    width = round(_SMOOTHING_S * TONAL_RATE)
    sums = np.cumsum(np.pad(chroma.astype(np.float64), ((width, 0), (0, 0))), axis=0)
    smooth = sums[width:] - sums[:-width]
    lengths = np.linalg.norm(smooth, axis=1, keepdims=True)
    directions = smooth / np.maximum(lengths, 1e-9)
    sounding = lengths[:, 0] > 1e-9
    distances = []
    for lag in (round(span * TONAL_RATE) for span in CHANGE_S):
        both = sounding[lag:] & sounding[:-lag]
        alike = (directions[lag:] * directions[:-lag]).sum(axis=1)[both]
        distances.append(float(1 - alike.mean()) if len(alike) else 0.0)
    return distances


def _keys(profile: tuple[float, ...]) -> Array64:
    """Return float64[12, 12], the standardised profile above each tonic."""
    weights = np.array(profile)
    standard = (weights - weights.mean()) / weights.std()
    return np.stack([np.roll(standard, tonic) for tonic in range(12)])
