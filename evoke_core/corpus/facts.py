"""What a picture is as a thing: its digest, size, hash and plain measures.

All from the one thumbnail that `decode` made. What is measured on any pixels lives in
`evoke_core.pixels`, how a picture *feels* in `evoke_core.images`; which pictures are
kept, in `dedupe` and `curation`.

Sources: perceptual hash as imagehash.phash defines it; sharpness as the variance of the
Laplacian, Pech-Pacheco et al., ICPR 2000.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from evoke_core.corpus.decode import DecodedPicture, Pixels
from evoke_core.corpus.looks import Looks, measure_looks
from evoke_core.corpus.mirrors import dihedral_hashes, luma_grid
from evoke_core.pixels.attributes import measure_attributes
from evoke_core.pixels.tone import colourfulness, entropy_bits
from evoke_core.vectors import Array

PALETTE_SIZE = 5
_PALETTE_PX = 48  # median cut slows with the number of distinct colours
_PALETTE_DRAFT = 32  # colours of the median cut, before the nearest are merged
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # Rec. 601, as Pillow's "L"

Wide = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PictureFacts:
    """Facts of one picture; measures are taken on the 512 px thumbnail.

    Attributes:
        sha256: Of the original bytes, hexadecimal.
        width_px: Of the upright original.
        height_px: Of the upright original.
        phash: imagehash.phash as an unsigned 64-bit number, first bit highest.
        mirror_hashes: The same of its eight flips and turns, its own first.
        luma_grid: Mean luma of 16 x 16 cells, row by row.
        sharpness: Variance of the Laplacian of luma in 0-255; 0 is flat.
        entropy_bits: Shannon entropy of the luma histogram, 0 to 8.
        colourfulness: Hasler & Süsstrunk's M: 0 grey, 33 moderate, 109 extreme.
        brightness: Mean luma, 0 black to 1 white.
        palette: Five "#rrggbb", the most prominent first.
        attributes: float32[4] in [0, 1], what the four sliders are judged by.
        looks: Lettering, flatness, bars and composition.
    """

    sha256: str
    width_px: int
    height_px: int
    phash: int
    mirror_hashes: tuple[int, ...]
    luma_grid: bytes
    sharpness: float
    entropy_bits: float
    colourfulness: float
    brightness: float
    palette: tuple[str, ...]
    attributes: Array
    looks: Looks


def measure_facts(data: bytes, picture: DecodedPicture) -> PictureFacts:
    """Measure a decoded picture; `data` is the file that it was decoded from."""
    luma = picture.rgb.astype(np.float32) @ _LUMA
    hashes = dihedral_hashes(picture.rgb)
    return PictureFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        width_px=picture.width_px,
        height_px=picture.height_px,
        phash=hashes[0],
        mirror_hashes=hashes,
        luma_grid=luma_grid(picture.rgb).tobytes(),
        sharpness=_sharpness(luma),
        entropy_bits=entropy_bits(luma),
        colourfulness=colourfulness(picture.rgb),
        brightness=float(luma.mean()) / 255,
        palette=dominant_colours(picture.rgb),
        attributes=measure_attributes(picture.rgb),
        looks=measure_looks(picture.rgb),
    )


def dominant_colours(rgb: Pixels) -> tuple[str, ...]:
    """Name five colours of a picture, most prominent first.

    A median cut gives 32; the two nearest are merged until five are left, so that
    a small accent outlives the third shade of the same sky. A picture of fewer colours
    repeats its last one.
    """
    small = Image.fromarray(rgb)
    small.thumbnail((_PALETTE_PX, _PALETTE_PX), Image.Resampling.BOX)
    cut = small.quantize(
        _PALETTE_DRAFT, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    table = np.array(cut.getpalette(), dtype=np.float64).reshape(-1, 3)
    counts = np.bincount(np.asarray(cut).ravel(), minlength=len(table))
    used = np.flatnonzero(counts)
    colours, weights = _merge_nearest(table[used], counts[used].astype(np.float64))
    order = np.argsort(-weights, kind="stable")
    names = ["#{:02x}{:02x}{:02x}".format(*_rounded(colours[row])) for row in order]
    return tuple(names + names[-1:] * (PALETTE_SIZE - len(names)))


def _merge_nearest(colours: Wide, weights: Wide) -> tuple[Wide, Wide]:
    """Replace the two nearest by their weighted mean until PALETTE_SIZE are left."""
    distance = _distance(colours[:, None], colours[None])
    np.fill_diagonal(distance, np.inf)
    kept = np.ones(len(colours), dtype=bool)
    for _ in range(len(colours) - PALETTE_SIZE):
        left, right = divmod(int(distance.argmin()), len(colours))
        pair = [left, right]
        colours[left] = weights[pair] @ colours[pair] / weights[pair].sum()
        weights[left] += weights[right]
        kept[right] = False
        updated = np.where(kept, _distance(colours, colours[left]), np.inf)
        updated[left] = np.inf
        distance[left] = distance[:, left] = updated
        distance[right] = distance[:, right] = np.inf
    return colours[kept], weights[kept]


def _distance(colours: Wide, other: Wide) -> Wide:
    """Squared RGB distance weighted by the mean red, after Riemersma's "redmean"."""
    red = (colours[..., 0] + other[..., 0]) / 512
    scale = np.stack([2 + red, np.full_like(red, 4.0), 3 - red], axis=-1)
    return np.asarray((scale * (colours - other) ** 2).sum(axis=-1))


def _rounded(colour: npt.NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(channel) for channel in np.clip(np.rint(colour), 0, 255))


def _sharpness(luma: Array) -> float:
    if min(luma.shape) < 3:
        return 0.0
    laplacian = (
        luma[1:-1, :-2] + luma[1:-1, 2:] + luma[:-2, 1:-1] + luma[2:, 1:-1]
    ) - 4 * luma[1:-1, 1:-1]
    return float(laplacian.var())
