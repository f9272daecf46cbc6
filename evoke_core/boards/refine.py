"""Choose tiles from a pool for a slider setting, exactly as the board page does.

The page carries a copy of this in JavaScript. Both give the very same tiles: vectors
are 8-bit and the shifted query 16-bit integers, so every inner product is an exact
integer, below 2^53 and so in float64 too, in whatever order it is summed; what is left
are single IEEE operations in the same order.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.config.fields import AXES
from evoke_core.vectors import Array, Array64

_VECTOR_PEAK = 127
_QUERY_PEAK = 32767


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates of a board, best first, and the rules for choosing among them.

    Args:
        vectors: int8[N, D], see `quantise`.
        clusters: Near-duplicate cluster of each candidate.
        artists: Artist of each, None where unknown.
        sources: Source of each.
    """

    vectors: npt.NDArray[np.int8]
    clusters: Sequence[str]
    artists: Sequence[str | None]
    sources: Sequence[str]


@dataclass(frozen=True, slots=True)
class Refinement:
    """What a setting is applied to.

    Args:
        queries: float64[1 + S, D]: the whole track, then its sections.
        whole_weight: Weight of the whole against the best section.
        directions: float64[4, D], in the order of AXES.
        reach: Shift at the end of a slider.
        balance: 1 is relevance alone, 0 variety alone.
        size: Tiles wanted.
        max_per_artist: Cap by known artist.
        max_per_source: Cap by source, None for no cap.
    """

    queries: Array64
    whole_weight: float
    directions: Array64
    reach: float
    balance: float
    size: int
    max_per_artist: int
    max_per_source: int | None


def quantise(vectors: Array) -> npt.NDArray[np.int8]:
    """Round rows to 8 bits, each scaled by its own largest value.

    A cosine does not see the scale, and over 64 dimensions the rounding moves it by
    less than 0.01.
    """
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    scaled = vectors / np.where(peak > 0, peak, 1.0) * _VECTOR_PEAK
    return np.rint(scaled).astype(np.int8)


def encode_vector(vector: npt.NDArray[np.int8]) -> str:
    """Write a quantised vector as base64, the way board.json carries it."""
    return base64.b64encode(vector.tobytes()).decode("ascii")


def choose_tiles(
    pool: Pool, refinement: Refinement, setting: Mapping[str, float]
) -> list[int]:
    """Choose tiles for a slider setting, in board order.

    Args:
        pool: The candidates.
        refinement: Queries, directions and rules.
        setting: Slider positions in [-1, 1] by axis; an absent one is 0.

    Returns:
        Distinct rows of the pool; fewer than `size` where caps or the pool end first.
    """
    relevance = relevance_of(pool, refinement, setting)
    return _diversify(pool, refinement, relevance)


def relevance_of(
    pool: Pool, refinement: Refinement, setting: Mapping[str, float]
) -> Array64:
    """Score every candidate for a setting.

    Returns:
        float64[N]: the whole track's cosine and the best section's, weighted.
    """
    shifted = refinement.queries.copy()
    for axis, name in enumerate(AXES):
        step = setting.get(name, 0.0) * refinement.reach
        shifted = shifted + step * refinement.directions[axis]
    vectors = pool.vectors.astype(np.float64)
    norms = np.sqrt((vectors * vectors).sum(axis=1))
    scores = [_cosines(query, vectors, norms) for query in shifted]
    if len(scores) == 1:
        return scores[0]
    whole, rest = refinement.whole_weight, 1 - refinement.whole_weight
    return cast("Array64", whole * scores[0] + rest * np.max(scores[1:], axis=0))


def _cosines(query: Array64, vectors: Array64, norms: Array64) -> Array64:
    peak = float(np.abs(query).max())
    if peak == 0:
        return np.zeros(len(vectors))
    rounded = np.floor(query * (_QUERY_PEAK / peak) + 0.5)
    length = np.sqrt((rounded * rounded).sum())
    product = length * norms
    dots = vectors @ rounded
    safe = np.where(product > 0, product, 1.0)
    return cast("Array64", np.where(product > 0, dots / safe, 0.0))


def _diversify(pool: Pool, refinement: Refinement, relevance: Array64) -> list[int]:
    """Pick by maximal marginal relevance (Carbonell & Goldstein 1998) under caps."""
    vectors = pool.vectors.astype(np.float64)
    norms = np.sqrt((vectors * vectors).sum(axis=1))
    free = np.ones(len(vectors), bool)
    likeness = np.full(len(vectors), -np.inf)
    caps = Caps(pool, refinement)
    chosen: list[int] = []
    while len(chosen) < refinement.size and free.any():
        value = refinement.balance * relevance
        if chosen:
            value = value - (1 - refinement.balance) * likeness
        best = int(np.where(free, value, -np.inf).argmax())
        chosen.append(best)
        free &= caps.still_free(best)
        product = norms[best] * norms
        dots = vectors @ vectors[best]
        safe = np.where(product > 0, product, 1.0)
        likeness = np.maximum(likeness, np.where(product > 0, dots / safe, 0.0))
    return chosen


class Caps:
    """Which candidates the tiles chosen so far have ruled out."""

    def __init__(self, pool: Pool, refinement: Refinement) -> None:
        self._clusters = np.array(pool.clusters, object)
        self._groups = (
            (np.array(pool.artists, object), refinement.max_per_artist),
            (np.array(pool.sources, object), refinement.max_per_source),
        )
        self._counts: dict[tuple[int, str], int] = {}

    def still_free(self, chosen: int) -> npt.NDArray[np.bool_]:
        """Count a chosen tile and return which candidates may still be taken."""
        free = np.asarray(self._clusters != self._clusters[chosen])
        free[chosen] = False
        for group, (names, cap) in enumerate(self._groups):
            name = names[chosen]
            if name is None or cap is None:
                continue
            count = self._counts[group, name] = self._counts.get((group, name), 0) + 1
            if count >= cap:
                free &= names != name
        return free
