"""What a picture looks like, as named numbers: colour, layout, texture.

Raw values in their own units, from one `PictureView`; standardised nowhere here. What
they say about feeling lives in `images.affect`, how they become a vector in
`images.handcrafted`.

Sources: colour, contrast and composition descriptors after Datta et al., ECCV 2006, and
Machajdik & Hanbury, ACM MM 2010; dark channel: He et al., CVPR 2009; straight and
non-straight edge density: Berman et al., PLoS ONE 2014; skin: Kovač et al., EUROCON
2003; edge-orientation entropy: Redies et al., Vision Research 2017; the fall of energy
with scale: Field, JOSA A 1987.
"""

from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.pixels.tone import colourfulness, entropy_bits
from evoke_core.pixels.view import PictureView, Plane
from evoke_core.vectors import Array

HUE_BINS = 8  # soft bins centred at multiples of 45 degrees of the Lab hue angle
ORIENTATION_BINS = 8
SCALES = 4
GRID = 4
COLOUR_GRID = 3
STRAIGHT = 0.7  # coherence from which an edge counts as straight

_COLOUR = (
    "lightness_mean", "lightness_sd", "lightness_p05", "lightness_p95",
    "a_mean", "a_sd", "b_mean", "b_sd", "chroma_mean", "chroma_sd",
    "dark_share", "light_share", "dark_channel", "bright_channel",
    "colourfulness", "hue_agreement", "dark_yellow_share",
    *(f"hue_{45 * step:03d}" for step in range(HUE_BINS)),
)  # fmt: skip
_LAYOUT = (
    *(f"lightness_{row}{col}" for row in range(GRID) for col in range(GRID)),
    *(
        f"{axis}_{row}{col}"
        for axis in "ab"
        for row in range(COLOUR_GRID)
        for col in range(COLOUR_GRID)
    ),
    "centre_lightness", "centre_chroma", "centre_gradient",
    "mirror_difference", "horizon",
    "sky_share", "vegetation_share", "skin_share",
)  # fmt: skip
_TEXTURE = (
    *(f"orientation_{step}" for step in range(ORIENTATION_BINS)),
    "orientation_entropy",
    *(f"gradient_scale_{step}" for step in range(SCALES)),
    "energy_slope", "edge_density", "straight_density", "curved_density",
    "edge_coherence", "local_contrast", "contrast_variety", "flat_share",
    "lightness_entropy", "palette_entropy",
)  # fmt: skip

FEATURES: tuple[str, ...] = _COLOUR + _LAYOUT + _TEXTURE
BLOCKS: dict[str, slice] = {
    "colour": slice(0, len(_COLOUR)),
    "layout": slice(len(_COLOUR), len(_COLOUR) + len(_LAYOUT)),
    "texture": slice(len(_COLOUR) + len(_LAYOUT), len(FEATURES)),
}

_BLOCK_PX = 16
_SKY_HUES = (-2.62, -1.05)  # radians: cyan-blue to violet-blue
_LEAF_HUES = (1.66, 2.62)  # yellow-green to green
_BROWN_HUES = (0.87, 2.01)  # orange to olive, which are brown and mustard where dark


def describe_view(view: PictureView) -> Array:
    """Describe a picture by the K numbers that FEATURES names.

    Returns:
        float32[K], finite, in natural units.
    """
    values = [*_colour(view), *_layout(view), *_texture(view)]
    return np.array(values, dtype=np.float32)


def palette_entropy(view: PictureView) -> float:
    """Measure how many colours share a picture: bits over 12 x 20 x 20 Lab steps."""
    cells = (
        (view.lightness / 12.5).astype(np.int32),
        ((view.a + 128) / 20).astype(np.int32),
        ((view.b + 128) / 20).astype(np.int32),
    )
    counts = np.bincount((cells[0] * 16 + cells[1]).ravel() * 16 + cells[2].ravel())
    return _bits(counts[counts > 0] / view.lightness.size)


def block_contrasts(view: PictureView) -> Plane:
    """Measure the standard deviation of L* in blocks of 16 px, [rows * columns]."""
    blocks = _cells(view.lightness, _BLOCK_PX)
    return cast("Plane", blocks.std(axis=(1, 3)).ravel())


def edge_coherence(view: PictureView) -> float:
    """Measure how straight the edges run, 0 to 1; 0.5 where there are none."""
    count = int(view.is_edge.sum())
    held = 32  # pixels' worth of indifference, so that three edge pixels decide nothing
    return float((view.coherence[view.is_edge].sum() + 0.5 * held) / (count + held))


def _colour(view: PictureView) -> list[float]:
    lightness, chroma = view.lightness, view.chroma
    low, high = np.percentile(lightness, (5, 95))
    red, green, blue = (view.rgb[..., channel] for channel in range(3))
    darkest = np.minimum(np.minimum(red, green), blue)
    brightest = np.maximum(np.maximum(red, green), blue)
    agreement = np.hypot(view.a.mean(), view.b.mean()) / (chroma.mean() + 1.0)
    brown = _between(view.hue, _BROWN_HUES) & (lightness < 50) & (chroma > 15)
    return [
        lightness.mean(), lightness.std(), low, high,
        view.a.mean(), view.a.std(), view.b.mean(), view.b.std(),
        chroma.mean(), chroma.std(),
        (lightness < 20).mean(), (lightness > 85).mean(),
        _cells(darkest, _BLOCK_PX).min(axis=(1, 3)).mean(),
        _cells(brightest, _BLOCK_PX).max(axis=(1, 3)).mean(),
        colourfulness(view.rgb), agreement, brown.mean(),
        *_hue_histogram(view),
    ]  # fmt: skip


def _hue_histogram(view: PictureView) -> Array:
    """Mean chroma that each hue holds, as log(1 + C*) against its long tail."""
    position = view.hue.ravel() * np.float32(HUE_BINS / (2 * np.pi))
    held = _soft_histogram(position, view.chroma.ravel(), HUE_BINS)
    return np.log1p(held / view.hue.size).astype(np.float32)


def _layout(view: PictureView) -> list[float]:
    grids = [
        _grid_deviation(view.lightness, GRID),
        _grid_deviation(view.a, COLOUR_GRID),
        _grid_deviation(view.b, COLOUR_GRID),
    ]
    coarse = _grid_means(view.lightness, 16)
    rows = coarse.mean(axis=1)
    return [
        *np.concatenate(grids),
        _centre_surround(view.lightness),
        _centre_surround(view.chroma),
        _centre_surround(view.gradient),
        np.abs(coarse - coarse[:, ::-1]).mean(),
        np.abs(rows[2:] - rows[:-2]).max(),
        _sky_share(view),
        _vegetation_share(view),
        _skin_share(view),
    ]


def _sky_share(view: PictureView) -> float:
    upper = slice(0, view.lightness.shape[0] // 2)
    is_sky = (
        _between(view.hue[upper], _SKY_HUES)
        & (view.lightness[upper] > 45)
        & (view.chroma[upper] > 6)
        & (view.gradient[upper] < 3)
    )
    return float(is_sky.mean())


def _vegetation_share(view: PictureView) -> float:
    is_leaf = (
        _between(view.hue, _LEAF_HUES)
        & (view.chroma > 10)
        & (view.gradient > 1.5)
        & (view.lightness > 12)
    )
    return float(is_leaf.mean())


def _skin_share(view: PictureView) -> float:
    red, green, blue = (view.rgb[..., channel].astype(np.int16) for channel in range(3))
    least = np.minimum(green, blue)
    is_skin = (
        (red > 95)
        & (green > 40)
        & (blue > 20)
        & (red - least > 15)
        & (red - green > 15)
        & (red > blue)
    )
    # Kovač's rule alone takes any orange; skin is pale to brown, never vivid
    return float((is_skin & (view.chroma < 45)).mean())


def _texture(view: PictureView) -> list[float]:
    orientation = _orientation_histogram(view)
    scales = _gradient_by_scale(view.lightness)
    contrasts = np.log(block_contrasts(view) + 0.5)
    straight = view.is_edge & (view.coherence > STRAIGHT)
    return [
        *orientation,
        _bits(orientation),
        *scales,
        np.polyfit(np.arange(SCALES), scales, 1)[0],
        view.is_edge.mean(),
        straight.mean(),
        (view.is_edge & ~straight).mean(),
        edge_coherence(view),
        contrasts.mean(),
        contrasts.std(),
        (view.gradient < 1).mean(),
        entropy_bits(view.lightness * np.float32(2.55)),
        palette_entropy(view),
    ]


def _orientation_histogram(view: PictureView) -> Array:
    """Share of the gradient in each direction; even where there is none."""
    position = view.direction.ravel() * np.float32(ORIENTATION_BINS / np.pi)
    held = _soft_histogram(position, view.gradient.ravel(), ORIENTATION_BINS)
    floor = view.gradient.size * 0.1 / ORIENTATION_BINS
    return np.asarray((held + floor) / (held + floor).sum(), dtype=np.float32)


def _gradient_by_scale(lightness: Plane) -> list[float]:
    """Log of the mean gradient at 192, 96, 48 and 24 px."""
    found = []
    for _ in range(SCALES):
        down, across = np.gradient(lightness)
        found.append(float(np.log(np.hypot(across, down).mean() + 0.1)))
        lightness = _cells(lightness, 2).mean(axis=(1, 3))
    return found


def _soft_histogram(
    position: Plane, weight: Plane, bins: int
) -> npt.NDArray[np.float64]:
    """Histogram on a circle whose entries are shared by the two nearest bins."""
    floor = np.floor(position)
    share = position - floor
    lower = floor.astype(np.int32) % bins
    return cast(
        "npt.NDArray[np.float64]",
        np.bincount(lower, weight * (1 - share), bins)
        + np.roll(np.bincount(lower, weight * share, bins), 1),
    )


def _grid_means(plane: Plane, side: int) -> Plane:
    rows = np.linspace(0, plane.shape[0], side + 1).astype(int)
    columns = np.linspace(0, plane.shape[1], side + 1).astype(int)
    sums = np.add.reduceat(plane, rows[:-1], axis=0)
    sums = np.add.reduceat(sums, columns[:-1], axis=1)
    return cast("Plane", sums / (np.diff(rows)[:, None] * np.diff(columns)))


def _grid_deviation(plane: Plane, side: int) -> Plane:
    """Means of a side x side grid, less their mean: where it is, not how much."""
    means = _grid_means(plane, side)
    return np.asarray(means - means.mean()).ravel()


def _centre_surround(plane: Plane) -> float:
    """Mean of the middle half (in each direction) minus the mean around it."""
    means = _grid_means(plane, 8)
    centre = means[2:6, 2:6]
    return float(centre.mean() - (means.sum() - centre.sum()) / 48)


def _cells(plane: npt.NDArray[np.generic], side: int) -> Plane:
    """Cut a plane into [rows, side, columns, side]; an odd rest at the end is left."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    whole = plane[: rows * side, : columns * side]
    return cast("Plane", whole.reshape(rows, side, columns, side))


def _between(angle: Plane, bounds: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return (angle > bounds[0]) & (angle < bounds[1])


def _bits(shares: npt.NDArray[np.floating]) -> float:
    return float(-(shares * np.log2(shares)).sum())
