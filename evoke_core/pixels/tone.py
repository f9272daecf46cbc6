"""How varied the tones of a picture are: greys as bits, colours as one number.

Source: colourfulness by Hasler & Süsstrunk, "Measuring colourfulness in natural
images", SPIE 2003.
"""

import math

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array

Pixels = npt.NDArray[np.uint8]  # [..., 3], sRGB

_OPPONENTS = np.array([[1, -1, 0], [0.5, 0.5, -1]], dtype=np.float32)  # rg and yb


def entropy_bits(luma: Array) -> float:
    """Measure the Shannon entropy of values in 0-255 over 256 bins, 0 to 8 bits."""
    counts = np.bincount(luma.astype(np.uint8).ravel(), minlength=256)
    shares = counts[counts > 0] / luma.size
    return float(max(0.0, -(shares * np.log2(shares)).sum()))


def colourfulness(rgb: Pixels) -> float:
    """Measure colourfulness M = sd + 0.3 mean of the two opponent channels, >= 0."""
    opponents = _OPPONENTS @ rgb.reshape(-1, 3).astype(np.float32).T
    spread = math.hypot(*(float(channel.std()) for channel in opponents))
    offset = math.hypot(*(float(channel.mean()) for channel in opponents))
    return spread + 0.3 * offset
