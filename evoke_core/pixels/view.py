"""A small copy of a picture with the planes that every descriptor reads.

Lab, gradients and edge coherence are computed here once and shared by `attributes` and
`features`. All pictures come to one scale, so that a preview and its original describe
alike.

Sources: CIELAB of sRGB, IEC 61966-2-1 and CIE 15, D65. Coherence of the structure
tensor: Bigün & Granlund, ICCV 1987.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]  # [H, W]

LONGEST_PX = 192
SHORTEST_PX = 32  # a very long strip is stretched to this, so that every grid has cells

EDGE_GRADIENT = 6.0  # L* per pixel from which a pixel counts as an edge
_COHERENCE_PX = 9

_LINEAR = np.array(
    [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
     for c in np.linspace(0, 1, 256)],
    dtype=np.float32,
)  # fmt: skip
# rows: red, green, blue; columns X, Y, Z divided by the D65 white
_TO_XYZ = np.array(
    [[0.4124564, 0.2126729, 0.0193339],
     [0.3575761, 0.7151522, 0.1191920],
     [0.1804375, 0.0721750, 0.9503041]],
    dtype=np.float32,
) / np.array([0.95047, 1.0, 1.08883], dtype=np.float32)  # fmt: skip
_CUBE_FROM = np.float32((6 / 29) ** 3)
_SLOPE = np.float32((29 / 6) ** 2 / 3)


@dataclass(frozen=True, eq=False)  # no slots: planes that few ask for are made late
class PictureView:
    """Planes of one picture at 192 px; all float32[H, W] unless said otherwise.

    Attributes:
        rgb: uint8[H, W, 3].
        lightness: CIE L*, 0 to 100.
        a: CIE a*, green to red.
        b: CIE b*, blue to yellow.
        chroma: Length of (a, b), about 0 to 130.
        hue: Angle of (a, b) in radians, -pi to pi.
        gradient: Length of the L* gradient, per pixel.
        across: L* slope along rows, per pixel.
        down: The same along columns.
        coherence: 0 to 1, how far one orientation rules the 9 px around a pixel.
        is_edge: bool[H, W], gradient of at least EDGE_GRADIENT.
    """

    rgb: Pixels
    lightness: Plane
    a: Plane
    b: Plane
    chroma: Plane
    hue: Plane
    gradient: Plane
    across: Plane
    down: Plane
    coherence: Plane
    is_edge: npt.NDArray[np.bool_]

    @cached_property
    def direction(self) -> Plane:
        """Angle of the gradient modulo pi, 0 to pi; 0 is a vertical edge."""
        return np.asarray(np.arctan2(self.down, self.across) % np.float32(np.pi))


def view_picture(rgb: Pixels) -> PictureView:
    """Bring a picture to 192 px and compute its planes.

    Args:
        rgb: uint8[H, W, 3], any size.
    """
    small = _to_scale(rgb)
    lab = lab_of(small)
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    across, down = _slopes(lightness)
    gradient = np.hypot(across, down)
    return PictureView(
        rgb=small,
        lightness=lightness,
        a=a,
        b=b,
        chroma=np.hypot(a, b),
        hue=np.arctan2(b, a),
        gradient=gradient,
        across=across,
        down=down,
        coherence=_coherence(across, down),
        is_edge=gradient >= EDGE_GRADIENT,
    )


def lab_of(rgb: Pixels) -> npt.NDArray[np.float32]:
    """Convert sRGB to CIELAB under D65.

    Args:
        rgb: uint8[..., 3].

    Returns:
        float32[..., 3]: L* in [0, 100], a*, b*.
    """
    xyz = _LINEAR[rgb] @ _TO_XYZ
    bent = np.where(xyz > _CUBE_FROM, np.cbrt(xyz), _SLOPE * xyz + np.float32(4 / 29))
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])  # planes contiguous
    return np.moveaxis(lab, 0, -1)


def _to_scale(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    scale = LONGEST_PX / max(height, width)
    size = (
        max(SHORTEST_PX, round(width * scale)),
        max(SHORTEST_PX, round(height * scale)),
    )
    image = Image.fromarray(rgb).resize(size, Image.Resampling.HAMMING)
    return np.asarray(image, dtype=np.uint8)


def _slopes(plane: Plane) -> tuple[Plane, Plane]:
    """Central differences, one-sided at the border."""
    down, across = np.gradient(plane)
    return np.asarray(across), np.asarray(down)


def _coherence(across: Plane, down: Plane) -> Plane:
    from scipy.ndimage import uniform_filter

    xx, yy, xy = (
        uniform_filter(product, _COHERENCE_PX, mode="nearest")
        for product in (across * across, down * down, across * down)
    )
    energy = xx + yy
    difference = np.hypot(xx - yy, 2 * xy)
    # The floor keeps the grain of a flat wall from counting as a perfect line.
    return np.asarray(difference / (energy + np.float32(1.0)))
