"""What spoils a picture for a board, measured without weights on its thumbnail.

Flat ground, bars at the border, and how the subject lies in the frame; lettering is
`writing`. Plain facts live in `facts`; which values a profile accepts is its
`curation:` block, applied in `curation`.

Sources: saliency as the distance from the mean colour: Achanta et al., CVPR 2009, here
in YCbCr. Thirds and visual balance of salient mass: Liu, Chen, Wolf & Cohen-Or,
Computer Graphics Forum 29, 2010.
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from evoke_core.corpus.decode import Pixels
from evoke_core.corpus.writing import over_blocks, text_score

Grey = npt.NDArray[np.uint8]  # [H, W]
Plane = npt.NDArray[np.float32]  # [H, W]
Numbers = npt.NDArray[np.float64]

_FLAT_BLOCK_PX = 8
_FLAT_SPREAD = 6  # luma within a block that JPEG alone may leave
_SAME_GROUND = 6  # luma within which two blocks are one ground

_BAR_SPREAD = 10  # luma within a bar, JPEG's ringing included
_SAMPLE_PX = 4  # every fourth pixel of a row tells whether it is even

_SALIENCY_PX = 48
_THIRDS_SIGMA = 0.17  # of Liu et al., in units of the frame
_BALANCE_SIGMA = 0.2


@dataclass(frozen=True, slots=True)
class Looks:
    """How a picture is laid out; every measure is 0 to 1.

    Attributes:
        text_score: Lettering in lines, drawn over it or in the scene: n / (n + 4) for
            n letters beyond the first three of each line.
        flat_share: Share that one even tone covers, wherever it lies.
        border_share: Share that even bars along its four sides take.
        composition_score: Mean of thirds and visual balance of the salient mass; 1 is
            a subject on a power point and a balanced frame, 0 neither. It says nothing
            about beauty: Spearman -0.03 with the OASIS ratings, n = 270.
    """

    text_score: float
    flat_share: float
    border_share: float
    composition_score: float


def measure_looks(rgb: Pixels) -> Looks:
    """Measure a thumbnail.

    Args:
        rgb: uint8[H, W, 3], longest side about 512.
    """
    image = Image.fromarray(rgb)
    grey = image.convert("L")
    luma = np.asarray(grey)
    return Looks(
        text_score=text_score(grey),
        flat_share=flat_share(luma),
        border_share=border_share(luma),
        composition_score=composition_score(image),
    )


def flat_share(luma: Grey) -> float:
    """Measure how much of a picture one even tone covers, 0 to 1.

    Args:
        luma: uint8[H, W].
    """
    side = _FLAT_BLOCK_PX
    whole = luma[: luma.shape[0] // side * side, : luma.shape[1] // side * side]
    if not whole.size:
        return 0.0
    low = over_blocks(np.minimum, whole, side)
    high = over_blocks(np.maximum, whole, side)
    tones = np.bincount(low[high - low <= _FLAT_SPREAD], minlength=256)
    ground = np.convolve(tones, np.ones(_SAME_GROUND)).max()
    return float(ground / low.size)


def border_share(luma: Grey) -> float:
    """Measure how much of a picture even bars along its sides take, 0 to 1.

    Args:
        luma: uint8[H, W].
    """
    height, width = luma.shape
    above, below = _bar(luma), _bar(luma[::-1])
    if above + below >= height:
        return 1.0
    middle = luma[above : height - below].T
    before, after = _bar(middle), _bar(middle[::-1])
    inside = (height - above - below) * max(0, width - before - after)
    return float(1.0 - inside / (height * width))


def _bar(luma: Grey) -> int:
    """Count the even rows of one tone at the top."""
    sampled = luma[:, ::_SAMPLE_PX].astype(np.int16)
    low, high = sampled.min(axis=1), sampled.max(axis=1)
    even = (high - low <= _BAR_SPREAD) & (np.abs(low - low[0]) <= _BAR_SPREAD)
    return len(luma) if even.all() else int(even.argmin())


def composition_score(image: Image.Image) -> float:
    """Score the frame by where its salient mass lies, 0 to 1.

    The mean of two readings: how near the mass lies to the four power points of the
    thirds, and how near its centre lies to the middle. A picture without anything
    salient scores one half.

    Args:
        image: RGB.
    """
    mass = _salient_mass(image)
    if mass is None:
        return 0.5
    down, across = ((np.arange(side) + 0.5) / side for side in mass.shape)
    nearness = np.outer(_near_thirds(down), _near_thirds(across))
    off = np.hypot(mass.sum(axis=1) @ down - 0.5, mass.sum(axis=0) @ across - 0.5)
    balance = math.exp(-(float(off) ** 2) / (2 * _BALANCE_SIGMA**2))
    thirds = float((mass * nearness).sum())
    return (thirds + balance) / 2


def _salient_mass(image: Image.Image) -> Plane | None:
    """Share salience out over a small frame, sum 1; None where nothing stands out."""
    factor = max(1, max(image.size) // _SALIENCY_PX)
    small = np.asarray(image.reduce(factor).convert("YCbCr"), dtype=np.float32)
    distance = np.linalg.norm(small - small.mean(axis=(0, 1)), axis=-1)
    mass = np.clip(distance - distance.mean(), 0, None)
    total = float(mass.sum())
    return cast("Plane", mass / np.float32(total)) if total > 1 else None


def _near_thirds(place: Numbers) -> Numbers:
    away = np.minimum(np.abs(place - 1 / 3), np.abs(place - 2 / 3))
    return cast("Numbers", np.exp(-(away**2) / (2 * _THIRDS_SIGMA**2)))
