"""Arithmetic on embeddings that every stage shares; no files, no models."""

from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Array64 = npt.NDArray[np.float64]

CELLS_AT_ONCE = 4_000_000  # of a table that is worked out in blocks: 16 MB of float32
_HALF_TURN = np.pi / 2  # one step from the middle of an axis to its end


def l2_normalize(vectors: npt.NDArray[np.floating]) -> Array:
    """Scale rows to unit length; an all-zero row stays zero.

    Args:
        vectors: float[..., D].

    Returns:
        float32[..., D].
    """
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=-1, keepdims=True)
    return cast("Array", (wide / np.where(norms > 0, norms, 1.0)).astype(np.float32))


def cosine_similarity(left: Array, right: Array) -> Array:
    """Compare every row of left with every row of right.

    Args:
        left: float32[N, D].
        right: float32[M, D].

    Returns:
        float32[N, M] in [-1, 1].
    """
    return cast("Array", l2_normalize(left) @ l2_normalize(right).T)


def weighted_mean(vectors: Array, weights: Array) -> Array:
    """Average rows by non-negative weights; equal weights where all are zero.

    Args:
        vectors: float32[N, D].
        weights: float32[N].

    Returns:
        float32[D], not normalised.
    """
    total = float(weights.sum())
    shares = weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
    return cast("Array", (shares @ vectors).astype(np.float32))


def mean_pairwise_distance(vectors: Array) -> float:
    """Average cosine distance over all pairs of rows; 0.0 for fewer than two.

    Args:
        vectors: float32[N, D].

    Returns:
        A number in [0, 2].
    """
    count = len(vectors)
    if count < 2:
        return 0.0
    similarity = cosine_similarity(vectors, vectors)
    off_diagonal = float(similarity.sum()) - float(np.trace(similarity))
    return 1.0 - off_diagonal / (count * (count - 1))


def on_half_circle(coordinates: npt.NDArray[np.floating]) -> Array:
    """Bend axes onto half circles, so that a cosine says how near two values are.

    The inner product of two bent values u and v is cos(pi/2 * (u - v)): 1 where they
    agree, 0 one unit apart, -1 at opposite ends. A plain coordinate can't do that: its
    inner product prefers the most extreme picture to the nearest one.

    Args:
        coordinates: float[..., K] in [-1, 1]; values beyond are clipped.

    Returns:
        float32[..., 2K]: the K cosines, then the K sines.
    """
    angle = np.clip(coordinates, -1.0, 1.0) * _HALF_TURN
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=-1).astype(np.float32)


def from_half_circle(bent: Array) -> Array:
    """Read coordinates back from what `on_half_circle` made of them.

    Args:
        bent: float32[..., 2K], at any positive scale.

    Returns:
        float32[..., K] in [-1, 1].
    """
    cosines, sines = np.split(bent, 2, axis=-1)
    return cast("Array", (np.arctan2(sines, cosines) / _HALF_TURN).astype(np.float32))


def softmax(logits: Array64) -> Array64:
    """Turn rows of logits into shares, float64[N, K]; rows sum to 1."""
    weights: Array64 = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Cut the rows of a table into blocks that fit in memory, each of at least a row.

    Args:
        rows: Of the whole table.
        columns: Of the whole table; a block has at most `CELLS_AT_ONCE` cells.

    Yields:
        Slices, in order; none for a table without rows.
    """
    size = max(1, CELLS_AT_ONCE // max(columns, 1))
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def spaced_rows(count: int, most: int) -> npt.NDArray[np.int64]:
    """Choose at most so many of `count` rows, evenly spaced, the first and the last."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
