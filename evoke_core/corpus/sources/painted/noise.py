"""Seeded noise for painters: clouds, ridges, cells, profiles, and bending.

All noise is random grids resized by Pillow's bicubic filter, octave by octave, so a
field of any number of octaves costs little more than one resize.
Source of the cells: Steven Worley, "A cellular texture basis function", SIGGRAPH 1996.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from evoke_core.corpus.sources.painted.canvas import Easel, Field

Random = np.random.Generator
MARGIN_CELLS = 2  # cropped away, so that the bicubic filter never sees an edge
STANDARD_SPREAD = 0.22  # of `clouds`: about +-2.3 deviations fill [0, 1]


def clouds(
    easel: Easel,
    cells: float,
    octaves: int = 1,
    *,
    gain: float = 0.5,
    stretch: float = 1.0,
) -> Field:
    """Fractal noise around 0.5, float32[H, W].

    Args:
        easel: Size and randomness.
        cells: Noise cells along the longest side, of the first octave.
        octaves: How many times detail of half the size is added.
        gain: Strength of each octave relative to the one before.
        stretch: Above 1 features lie wide, below 1 they stand tall.
    """
    tall = max(1.0, cells * easel.tall * stretch**0.5)
    wide = max(1.0, cells * easel.wide / stretch**0.5)
    size = (easel.width_px, easel.height_px)
    return fractal(easel.rng, size, (wide, tall), octaves, gain)


def fractal(
    rng: Random,
    size: tuple[int, int],
    cells: tuple[float, float],
    octaves: int,
    gain: float,
) -> Field:
    """Fractal noise around 0.5 of any size (width, height), float32[H, W]."""
    shape = tuple(int(np.ceil(n)) + 2 * MARGIN_CELLS for n in reversed(cells))
    total = rng.standard_normal(shape, np.float32)
    for octave in range(1, octaves):
        doubled = (total.shape[1] * 2, total.shape[0] * 2)
        total = resized(total, doubled)
        detail = rng.standard_normal(total.shape, np.float32)
        total += np.float32(gain**octave) * detail
    margin = MARGIN_CELLS * 2 ** (octaves - 1)
    wide, tall = (n * 2 ** (octaves - 1) for n in cells)
    full = resized(total, size, (margin, margin, margin + wide, margin + tall))
    spread = np.float32(STANDARD_SPREAD / max(float(full.std()), 1e-6))
    return cast("Field", (full - full.mean()) * spread + np.float32(0.5))


def ridges(field: Field) -> Field:
    """Fold noise around 0.5 into sharp bright ridges, [0, 1]."""
    return cast("Field", 1.0 - np.minimum(np.abs(field - 0.5) * 4.0, 1.0))


def profile(rng: Random, count: int, cells: float, octaves: int, gain: float) -> Field:
    """One line of fractal noise around 0, about [-1, 1], float32[count]."""
    line = fractal(rng, (count, 1), (cells, 1.0), octaves, gain)[0]
    return cast(
        "Field",
        (line - line.mean()) / max(float(np.abs(line - line.mean()).max()), 1e-6),
    )


def resized(
    field: Field,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Field:
    """Resize a field (or its box) to (width, height) by the bicubic filter."""
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    smooth = image.resize(size, Image.Resampling.BICUBIC, box=box)
    return np.array(smooth, dtype=np.float32)


def softened(field: Field, radius_px: float) -> Field:
    """Blur a field by going through a smaller one; fast for large radii."""
    height, width = field.shape
    factor = max(1, int(radius_px))
    image = Image.fromarray(np.ascontiguousarray(field, np.float32)).reduce(factor)
    return np.array(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def bent(field: Field, right_px: Field | float, down_px: Field | float) -> Field:
    """Look a field (or picture) up at displaced places, clamped at its edges."""
    height, width = field.shape[:2]
    column = np.arange(width, dtype=np.float32)[None, :] + right_px
    row = np.arange(height, dtype=np.float32)[:, None] + down_px
    columns = np.clip(column, 0, width - 1).astype(np.int32)
    rows = np.clip(row, 0, height - 1).astype(np.int32)
    flat = field.reshape(height * width, -1)
    taken = flat.take((rows * np.int32(width) + columns).ravel(), axis=0)
    return cast("Field", taken.reshape(field.shape))


@dataclass(frozen=True, slots=True)
class Cells:
    """A mosaic: for each place its nearest point.

    Args:
        near: float32, distance to the nearest point, in cells.
        seam: float32, how much farther the second nearest is; 0 on a boundary.
        number: int32, which cell, in [0, 65536), shuffled.
    """

    near: Field
    seam: Field
    number: npt.NDArray[np.int32]


def mosaic(rng: Random, u: Field, v: Field, *, jitter: float = 0.9) -> Cells:
    """Cut the plane into irregular cells of about one unit.

    Args:
        rng: Randomness of the points.
        u: float32[H, W] (or broadcasting), first coordinate in cells.
        v: float32[H, W] (or broadcasting), second coordinate in cells.
        jitter: 0 is a square grid, 1 fully irregular.
    """
    shift = rng.random((3, 256, 256), np.float32)
    home_u, home_v = np.broadcast_arrays(np.floor(u), np.floor(v))
    local_u, local_v = (u - home_u).astype(np.float32), (v - home_v).astype(np.float32)
    first = np.full(home_u.shape, 9.0, np.float32)
    second = first.copy()
    number = np.zeros(home_u.shape, np.int32)
    base = ((home_v.astype(np.int32) & 255) << 8) | (home_u.astype(np.int32) & 255)
    for step_v in (-1, 0, 1):
        for step_u in (-1, 0, 1):
            at = (base + (step_v * 256 + step_u)) & 0xFFFF
            off_u = shift[0].ravel().take(at) * jitter + (step_u + 0.5 - jitter / 2)
            off_v = shift[1].ravel().take(at) * jitter + (step_v + 0.5 - jitter / 2)
            apart = (off_u - local_u) ** 2 + (off_v - local_v) ** 2
            closer = apart < first
            second = np.minimum(second, np.maximum(apart, first))
            first = np.where(closer, apart, first)
            number = np.where(closer, at, number)
    near = np.sqrt(first)
    return Cells(near, np.sqrt(second) - near, number)


def per_cell(rng: Random, number: npt.NDArray[np.int32]) -> Field:
    """An even random number in [0, 1) for each cell of a mosaic."""
    return rng.random(65536, np.float32).take(number)
