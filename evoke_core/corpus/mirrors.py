"""The eight flips and quarter turns of a picture, and the outline that confirms one.

A hash says that two pictures may be one. The outline says whether they are: where light
turns to dark, on a 16 x 16 grid, whatever the colours. Yellowed varnish, another scan
or a filter change the colours and with them what an encoder feels; the outline stays.
Which pictures are one is decided in `dedupe`.

Forms are numbered 0 to 7: form & 1 mirrors left and right, form & 2 top and bottom,
form & 4 then swaps rows and columns. Perceptual hash: as in `facts`; a mirrored picture
negates the odd frequencies of its DCT, a transposed one swaps them (Ahmed, Natarajan &
Rao, IEEE Trans. Computers 1974).
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from evoke_core.vectors import Array, l2_normalize

FORMS = 8
GRID_PX = 16
_DCT_PX = 32  # imagehash's: 8 x 8 frequencies of a picture of 32 x 32
_HASH_SIDE = 8

Grids = npt.NDArray[np.uint8]


def dihedral_hashes(rgb: npt.NDArray[np.uint8]) -> tuple[int, ...]:
    """Hash a picture in each of its eight forms, from one DCT.

    Args:
        rgb: uint8[H, W, 3].

    Returns:
        Eight unsigned 64-bit numbers in the forms' order; the first is the picture's
        own perceptual hash.
    """
    from scipy.fft import dctn

    luma = _luma(rgb, _DCT_PX, Image.Resampling.LANCZOS)
    low = dctn(luma.astype(np.float64))[:_HASH_SIDE, :_HASH_SIDE]
    odd = 1 - 2 * (np.arange(_HASH_SIDE) % 2)  # +1, -1, +1 ...
    forms = []
    for form in range(FORMS):
        turned = low * odd if form & 1 else low
        turned = turned * odd[:, None] if form & 2 else turned
        forms.append(turned.T if form & 4 else turned)
    return tuple(map(_signs, forms))


def luma_grid(rgb: npt.NDArray[np.uint8]) -> Grids:
    """Reduce a picture to the mean luma of 16 x 16 cells, uint8[16, 16]."""
    return _luma(rgb, GRID_PX, Image.Resampling.BOX)


def turn(grids: Grids, form: int) -> Grids:
    """Bring uint8[N, 16, 16] into one of the eight forms."""
    turned = grids[..., ::-1] if form & 1 else grids
    turned = turned[..., ::-1, :] if form & 2 else turned
    return np.swapaxes(turned, -1, -2) if form & 4 else turned


def outlines(grids: Grids) -> Array:
    """Take the steps of luma from cell to cell, whose cosine says how alike they are.

    Args:
        grids: uint8[N, 16, 16].

    Returns:
        float32[N, 480], unit length; a flat picture is all zero.
    """
    wide = grids.astype(np.float32)
    steps = GRID_PX * (GRID_PX - 1)
    down = np.diff(wide, axis=1).reshape(-1, steps)
    across = np.diff(wide, axis=2).reshape(-1, steps)
    return l2_normalize(np.concatenate([down, across], axis=1))


def _luma(
    rgb: npt.NDArray[np.uint8], side_px: int, filter_: Image.Resampling
) -> npt.NDArray[np.uint8]:
    grey = Image.fromarray(rgb).convert("L").resize((side_px, side_px), filter_)
    return np.asarray(grey)


def _signs(low: npt.NDArray[np.float64]) -> int:
    bits = np.packbits(low > np.median(low))
    return int.from_bytes(bits.tobytes(), "big")
