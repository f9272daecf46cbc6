"""Which pictures are the same picture: exact by bytes, near by pHash and embedding.

A near pair is proposed by an exact Hamming join of 64-bit pHashes and confirmed by the
cosine of the two embeddings. A cluster is a keeper and what is within *its* reach, so
that a chain of small steps can't tie unlike pictures together.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.config import DedupeRules
from evoke_core.vectors import Array

_CELLS_AT_ONCE = 1 << 22  # bounds the distance matrix to a few dozen megabytes

# Of two copies the one that may be used more freely stays, all else being equal.
_FREEDOM = ("CC0", "Public domain", "PDM", "Unsplash", "MIT", "CC BY", "CC-BY")


def hamming_pairs(
    phashes: npt.NDArray[np.uint64], radius: int
) -> npt.NDArray[np.int64]:
    """Find all pairs of hashes within a Hamming radius, exactly.

    Args:
        phashes: uint64[N].
        radius: Bits, 0 to 64.

    Returns:
        int64[P, 2], each row (i, j) with i < j, in ascending order.
    """
    found = list(_pairs_by_block(phashes, radius))
    if not found:
        return np.empty((0, 2), np.int64)
    return np.concatenate(found)


def cluster_duplicates(
    pictures: pl.DataFrame, embeddings: Array, rules: DedupeRules
) -> pl.DataFrame:
    """Assign every picture to a cluster of copies.

    Args:
        pictures: Columns image_id, source, source_key, sha256, phash, width_px,
            height_px, licence, sharpness; one row per readable picture.
        embeddings: float32[N, D], unit length, in the rows' order.
        rules: Radius in bits and the cosine that confirms a pair.

    Returns:
        The table `duplicate_clusters`, in the rows' order.
    """
    neighbours = _neighbours(pictures, embeddings, rules)
    keeper = np.full(pictures.height, -1)
    for row in _by_preference(pictures):
        if keeper[row] < 0:
            reach = [row, *(n for n in neighbours.get(row, ()) if keeper[n] < 0)]
            keeper[reach] = row
    ids = pictures["image_id"].to_numpy()
    sha256 = pictures["sha256"].to_numpy()
    own = keeper == np.arange(pictures.height)
    relation = np.where(sha256 == sha256[keeper], "exact", "near")
    return pictures.select("image_id", "source", "source_key").with_columns(
        pl.Series("cluster_id", ids[keeper], pl.String),
        pl.Series("is_keeper", own, pl.Boolean),
        pl.Series("relation", np.where(own, "keeper", relation), pl.String),
    )


def _pairs_by_block(
    phashes: npt.NDArray[np.uint64], radius: int
) -> Iterator[npt.NDArray[np.int64]]:
    rows_at_once = max(1, _CELLS_AT_ONCE // max(1, len(phashes)))
    for start in range(0, len(phashes), rows_at_once):
        block = phashes[start : start + rows_at_once]
        distance = np.bitwise_count(block[:, None] ^ phashes[None, start:])
        left, right = np.nonzero(distance <= radius)
        later = left < right
        if later.any():
            yield np.stack([left[later], right[later]], axis=1) + start


def _neighbours(
    pictures: pl.DataFrame, embeddings: Array, rules: DedupeRules
) -> dict[int, list[int]]:
    pairs = hamming_pairs(pictures["phash"].to_numpy(), rules.radius_bits)
    cosine = np.einsum("pd,pd->p", embeddings[pairs[:, 0]], embeddings[pairs[:, 1]])
    sha256 = pictures["sha256"].to_numpy()
    same_bytes = sha256[pairs[:, 0]] == sha256[pairs[:, 1]]
    neighbours: dict[int, list[int]] = {}
    for left, right in pairs[same_bytes | (cosine >= rules.min_cosine)].tolist():
        neighbours.setdefault(left, []).append(right)
        neighbours.setdefault(right, []).append(left)
    return neighbours


def _by_preference(pictures: pl.DataFrame) -> list[int]:
    """Order rows from the best keeper on: largest, freest, sharpest, then by id."""
    order = (
        pictures.with_row_index("row")
        .with_columns(
            pl.col("width_px")
            .cast(pl.Int64)
            .mul(pl.col("height_px").cast(pl.Int64))
            .alias("area"),
            pl.col("licence")
            .map_elements(_freedom, return_dtype=pl.Int64)
            .alias("freedom"),
        )
        .sort(
            ["area", "freedom", "sharpness", "image_id"],
            descending=[True, False, True, False],
        )
    )
    return cast("list[int]", order["row"].to_list())


def _freedom(licence: str) -> int:
    if "NC" in licence.upper():  # CC BY-NC is not as free as CC BY
        return len(_FREEDOM)
    return next(
        (rank for rank, name in enumerate(_FREEDOM) if licence.startswith(name)),
        len(_FREEDOM),
    )
