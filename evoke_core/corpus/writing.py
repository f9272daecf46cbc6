"""How much lettering lies over a picture: captions, watermarks, pages of text.

A line of text is a chain of marks alike in height, stroke and ink. What it says is
nobody's business here; what a profile accepts is decided in `curation`.

Source: Epshtein, Ofek & Wexler, CVPR 2010; their stroke width is here area over the
number of horizontal runs.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

Grey = npt.NDArray[np.uint8]  # [H, W]
Numbers = npt.NDArray[np.float64]

_INK_CONTRAST = 22  # luma between a letter and what lies around it
_AROUND_STEP = 4  # a letter's surroundings: 28 px, taken on a quarter of the size
_AROUND_RADIUS = 3
_PEAK_PX = 16
_LETTER_PX = (6, 64)  # heights of a letter on the thumbnail
_MAX_LETTERS = 384  # bounds the pairwise comparison on foliage and gravel
_LINE_LETTERS = 5  # four alike in a row are windows more often than a word
_CHANCE_LETTERS = 3  # of a line say nothing: chance lines are short, words are long
_HALF_LETTERS = 4.0  # letters beyond those at which the score reaches one half


def text_score(grey: Image.Image) -> float:
    """Score how much lettering lies over a picture, 0 to 1.

    Bright and dark marks are looked at apart; what runs in a line with marks of its
    own height, stroke and ink, at the distance of letters, counts. Windows and stairs
    do so too, but are all alike, which letters are not.

    Args:
        grey: Mode L.
    """
    coarse = grey.reduce(_AROUND_STEP).filter(ImageFilter.BoxBlur(_AROUND_RADIUS))
    around = coarse.resize(grey.size, Image.Resampling.BILINEAR)
    luma = np.asarray(grey)
    count = 0
    for over, under in ((grey, around), (around, grey)):
        contrast = np.asarray(ImageChops.subtract(over, under))
        marks = _letter_like(contrast >= _half_peak(contrast), luma)
        count += _letters_in_lines(marks)
    return count / (count + _HALF_LETTERS)


def _half_peak(contrast: Grey) -> Grey:
    """Return half the strongest contrast nearby, which parts letters that touch."""
    height, width = contrast.shape
    side = _PEAK_PX
    padded = np.pad(contrast, ((0, -height % side), (0, -width % side)))
    around = np.pad(over_blocks(np.maximum, padded, side), 1)
    wide = np.maximum(np.maximum(around[:, :-2], around[:, 1:-1]), around[:, 2:])
    peak = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
    floor = np.maximum(peak // 2, np.uint8(_INK_CONTRAST))
    whole = floor.repeat(side, axis=0).repeat(side, axis=1)
    return cast("Grey", whole[:height, :width])


@dataclass(frozen=True, slots=True)
class _Marks:
    """Connected marks that could be letters, from the left to the right; float64[K]."""

    top: Numbers
    bottom: Numbers
    left: Numbers
    right: Numbers
    stroke: Numbers
    ink: Numbers


def _letter_like(mask: npt.NDArray[np.bool_], luma: Grey) -> _Marks:
    """Find marks of the shape of letters, all measures from their horizontal runs."""
    from scipy import ndimage

    mask[:, -1] = False  # so that no run goes on in the next row
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if not count:
        return _Marks(*(np.empty(0) for _ in range(6)))
    edges = np.flatnonzero(np.diff(mask.ravel(), prepend=False))
    start, stop = edges[::2], edges[1::2]
    of = labels.ravel()[start] - 1
    row, begin = np.divmod(start, mask.shape[1])
    runs = np.bincount(of, minlength=count)
    area = np.bincount(of, stop - start, minlength=count).astype(np.float64)
    sums = np.add.reduceat(luma.ravel(), edges, dtype=np.int64)[::2]
    ink = np.bincount(of, sums, minlength=count) / area
    measures = (
        _fold(np.minimum, of, row, count),
        _fold(np.maximum, of, row, count) + 1,
        _fold(np.minimum, of, begin, count),
        _fold(np.maximum, of, begin + stop - start, count),
        area / runs,
        ink,
    )
    fits = np.flatnonzero(_has_letter_shape(np.stack(measures), area, mask.shape))
    if len(fits) > _MAX_LETTERS:
        boldest = np.argsort(-np.abs(ink[fits] - luma.mean()), kind="stable")
        fits = fits[boldest[:_MAX_LETTERS]]
    fits = fits[np.argsort(measures[2][fits], kind="stable")]
    return _Marks(*(measure[fits] for measure in measures))


def _fold(
    fold: np.ufunc, of: npt.NDArray[np.int32], values: npt.NDArray[np.int64], count: int
) -> Numbers:
    """Fold the values of each group, float64[count]."""
    found = np.full(count, np.inf if fold is np.minimum else -np.inf)
    fold.at(found, of, values.astype(np.float64))
    return found


def _has_letter_shape(
    measures: Numbers, area: Numbers, frame: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    top, bottom, left, right, stroke, _ = measures
    height, width = bottom - top, right - left
    fill = area / (height * width)
    tall = (height >= _LETTER_PX[0]) & (height <= _LETTER_PX[1])
    slender = (width <= 1.6 * height) & (width >= 0.08 * height)
    drawn = (stroke <= 0.6 * height) & (fill >= 0.15) & (fill <= 0.95)
    whole = (top > 0) & (left > 0) & (bottom < frame[0]) & (right < frame[1] - 1)
    return np.asarray(tall & slender & drawn & whole)


def _letters_in_lines(marks: _Marks) -> int:
    """Count the marks that stand in lines of writing."""
    following = _next_letters(marks)
    root = following
    for _ in range(int(np.ceil(np.log2(max(2, len(root)))))):
        root = root[root]  # to the end of the line, in doubling steps
    lines, line = np.unique(root, return_inverse=True)
    size = np.bincount(line, minlength=len(lines))
    height = marks.bottom - marks.top
    width = (marks.right - marks.left) / height
    middle = (marks.left + marks.right) / 2
    off = _residual(line, middle, (marks.bottom + marks.top) / 2) / height
    written = (
        (size >= _LINE_LETTERS)
        & (_spread(line, off) < 0.13)
        & (_spread(line, height / _mean(line, height)[line]) < 0.25)
        & (_spread(line, marks.stroke / _mean(line, marks.stroke)[line]) < 0.26)
        & (_spread(line, marks.ink) < 7)
        & (_spread(line, width) > 0.1)
        & (_spread(line, width) < 0.38)
        & (_mean(line, width) > 0.3)
    )
    return int((size[written] - _CHANCE_LETTERS).sum())


def _next_letters(marks: _Marks) -> npt.NDArray[np.int64]:
    """Point each mark at the nearest one to its right that continues its line."""
    count = len(marks.left)
    if not count:
        return np.empty(0, np.int64)
    height = marks.bottom - marks.top
    lower = np.minimum(height[:, None], height[None])
    gap = marks.left[None] - marks.right[:, None]
    overlap = np.minimum(marks.bottom[:, None], marks.bottom) - np.maximum(
        marks.top[:, None], marks.top
    )
    continues = (
        (gap > -0.2 * lower)
        & (gap < 0.9 * lower)
        & (marks.left[None] > marks.left[:, None])
        & (overlap > 0.5 * lower)
        & (np.maximum(height[:, None], height[None]) < 1.8 * lower)
        & (_ratio(marks.stroke) < 1.8)
        & (np.abs(marks.ink[:, None] - marks.ink) < 24)
    )
    gap[~continues] = np.inf
    nearest = gap.argmin(axis=1)
    rows = np.arange(count)
    return np.where(continues[rows, nearest], nearest, rows)


def _ratio(values: Numbers) -> Numbers:
    ratio = values[:, None] / values[None]
    return np.maximum(ratio, 1 / ratio)


def _mean(line: npt.NDArray[np.int64], values: Numbers) -> Numbers:
    return np.bincount(line, values) / np.bincount(line)


def _spread(line: npt.NDArray[np.int64], values: Numbers) -> Numbers:
    """Standard deviation of values within each line."""
    centred = values - _mean(line, values)[line]
    return np.sqrt(_mean(line, centred * centred))


def _residual(line: npt.NDArray[np.int64], x: Numbers, y: Numbers) -> Numbers:
    """Subtract each line's straight fit from y, so that a slope costs nothing."""
    x = x - _mean(line, x)[line]
    y = y - _mean(line, y)[line]
    slope = _mean(line, x * y) / np.maximum(_mean(line, x * x), 1e-9)
    return y - slope[line] * x


def over_blocks(fold: np.ufunc, plane: Grey, side: int) -> Grey:
    """Fold square blocks of a plane whose sides are multiples of theirs."""
    rows = fold.reduceat(plane, np.arange(0, plane.shape[0], side), axis=0)
    return np.asarray(fold.reduce(rows.reshape(len(rows), -1, side), axis=2))
