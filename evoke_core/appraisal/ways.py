"""Ways of choosing tiles from a pool, side by side under the same caps.

Boards choose as `boards.refine` does, which `mmr` here repeats on a matrix, tile by
tile the same; the others are what it is measured against. Not here: the measuring
(`variety`).

Sources: maximal marginal relevance, Carbonell & Goldstein, SIGIR 1998; greedy
determinantal point process, Chen, Zhang & Zhou, NeurIPS 2018; farthest-first
traversal, Gonzalez, Theoretical Computer Science 38, 1985.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evoke_core.boards.refine import Caps, Pool, Refinement, relevance_of
from evoke_core.shared_space import FEELING
from evoke_core.vectors import Array64

_LEAST_VOLUME = 1e-12  # of a picture that the tiles chosen already span
Value = Callable[[list[int]], Array64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A pool as the ways of choosing see it.

    Args:
        pool: N candidates, best first.
        refinement: Size and caps, which hold for all ways alike.
        relevance: float64[N].
        similarity: float64[N, N], cosines of candidates.
        looks: float64[N, N], cosines without what `shared_space` says of feeling.
        lift: float64[N], relevance above the pool's mean, 1.0 for the mean of the
            most relevant board that the caps allow.
        seed: Of what is drawn.
    """

    pool: Pool
    refinement: Refinement
    relevance: Array64
    similarity: Array64
    looks: Array64
    lift: Array64
    seed: int


def judge_pool(pool: Pool, refinement: Refinement, *, seed: int = 0) -> Judged:
    """Work out what the ways of choosing share.

    Similarities are the very numbers that `refine` works with: inner products of 8-bit
    integers are exact in float64.
    """
    relevance = relevance_of(pool, refinement, {})
    vectors = pool.vectors.astype(np.float64)
    similarity = _cosines(vectors)
    above = relevance - relevance.mean()
    flat = Judged(pool, refinement, relevance, similarity, similarity, above, seed)
    best = float(above[most_relevant(flat)].mean())
    lift = above / best if best > 0 else np.ones_like(above)
    return replace(flat, looks=_cosines(vectors[:, FEELING:]), lift=lift)


def most_relevant(judged: Judged, _: float = 1.0) -> list[int]:
    """Choose by relevance alone, under the caps."""
    return _greedy(judged, lambda _: judged.relevance)


def mmr(judged: Judged, balance: float) -> list[int]:
    """Choose by maximal marginal relevance; 1.0 is relevance alone."""
    return _marginal(judged, balance, judged.similarity)


def mmr_of_looks(judged: Judged, balance: float) -> list[int]:
    """Choose so, but let tiles feel as much alike as they like."""
    return _marginal(judged, balance, judged.looks)


def dpp(judged: Judged, weight: float) -> list[int]:
    """Choose greedily for the largest determinant of quality times similarity.

    Args:
        judged: The pool; its kernel is (1 + cosine) / 2, which is never negative.
        weight: Of the lift in relevance against the logarithm of the volume.
    """
    kernel = (1.0 + judged.similarity) / 2.0
    volume = np.diag(kernel).copy()
    factors = np.zeros((judged.refinement.size, len(volume)))

    def value(chosen: list[int]) -> Array64:
        if chosen:  # one more row of the Cholesky factor
            last, count = chosen[-1], len(chosen) - 1
            spanned = factors[:count, last] @ factors[:count]
            row = (kernel[last] - spanned) / np.sqrt(max(volume[last], _LEAST_VOLUME))
            factors[count] = row
            np.maximum(volume - row * row, _LEAST_VOLUME, out=volume)
        return np.asarray(weight * judged.lift + np.log(volume))

    return _greedy(judged, value)


def farthest_first(judged: Judged, share: float) -> list[int]:
    """Choose, among the best, whatever is farthest from all tiles so far.

    Args:
        judged: The pool.
        share: How much of the pool, beyond a board's size, counts as the best.
    """
    likeness = np.full(len(judged.relevance), -np.inf)

    def value(chosen: list[int]) -> Array64:
        if not chosen:
            return judged.relevance
        np.maximum(likeness, judged.similarity[chosen[-1]], out=likeness)
        return -likeness

    return _greedy(judged, value, within=_within(judged, share))


def at_random(judged: Judged, share: float) -> list[int]:
    """Draw from the best; the whole pool where share is 1."""
    drawn = np.random.default_rng(judged.seed).random(len(judged.relevance))
    return _greedy(judged, lambda _: drawn, within=_within(judged, share))


_BALANCES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 32.0, 128.0)
_SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.0)

WAYS: Mapping[str, tuple[tuple[float, ...], Callable[[Judged, float], list[int]]]] = {
    "mmr": (_BALANCES, mmr),
    "mmr of looks": (_BALANCES, mmr_of_looks),
    "dpp": (_WEIGHTS, dpp),
    "farthest first": (_SHARES, farthest_first),
    "random": (_SHARES, at_random),
    "most relevant": ((1.0,), most_relevant),
}


def _marginal(judged: Judged, balance: float, similarity: Array64) -> list[int]:
    likeness = np.full(len(judged.relevance), -np.inf)

    def value(chosen: list[int]) -> Array64:
        relevance = balance * judged.relevance
        if not chosen:
            return relevance
        np.maximum(likeness, similarity[chosen[-1]], out=likeness)
        return relevance - (1 - balance) * likeness

    return _greedy(judged, value)


def _greedy(judged: Judged, value: Value, *, within: int | None = None) -> list[int]:
    """Take the most valuable candidate that caps leave, until the board is full.

    Args:
        judged: The pool.
        value: float64[N] of the candidates, given the tiles so far; asked once a tile.
        within: Only so many of the most relevant, while the caps leave any of them.
    """
    free = np.ones(len(judged.relevance), bool)
    near = np.zeros(len(free), bool)
    near[np.argsort(-judged.relevance, kind="stable")[:within]] = True
    caps = Caps(judged.pool, judged.refinement)
    chosen: list[int] = []
    while len(chosen) < judged.refinement.size and free.any():
        worth, allowed = value(chosen), free & near
        if not allowed.any():
            worth, allowed = judged.relevance, free
        best = int(np.where(allowed, worth, -np.inf).argmax())
        chosen.append(best)
        free &= caps.still_free(best)
    return chosen


def _within(judged: Judged, share: float) -> int:
    size, count = judged.refinement.size, len(judged.relevance)
    return size + round(share * max(count - size, 0))


def _cosines(vectors: Array64) -> Array64:
    norms = np.sqrt((vectors * vectors).sum(axis=1))
    product = norms[:, None] * norms[None]
    safe = np.where(product > 0, product, 1.0)
    return np.where(product > 0, (vectors @ vectors.T) / safe, 0.0)
