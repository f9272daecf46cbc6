"""How well a ranking finds what is relevant: arrays in, figures with intervals out.

Nothing here knows of songs, pictures or models. Rows are queries, columns are items.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array, row_blocks

Relevance = npt.NDArray[np.bool_]
_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    n: int

    def overlaps_or_exceeds(self, other: "Figure") -> bool:
        """Say whether this is not worse than other beyond its interval, or unknown."""
        return not self.value < other.low

    def exceeds(self, other: "Figure") -> bool:
        """Say whether this is better than other beyond its interval."""
        return self.value > other.high


class Products:
    """Scores that are inner products, worked out for some queries at a time.

    They are summed in double precision, so that equal items have equal scores however
    many queries are asked together.

    Args:
        queries: float32[Q, D].
        items: float32[N, D].
    """

    def __init__(self, queries: Array, items: Array) -> None:
        self._queries, self._items = queries, items.astype(np.float64)
        self.shape = (len(queries), len(items))

    def __getitem__(self, rows: npt.NDArray[np.intp]) -> Array:
        wide = self._queries[rows].astype(np.float64) @ self._items.T
        return cast("Array", wide.astype(np.float32))


def retrieval_figures(
    scores: Array | Products, relevant: Relevance, *, seed: int = 0
) -> dict[str, Figure]:
    """Judge rankings by what is relevant.

    Args:
        scores: float32[Q, N]; the highest is ranked first, ties in an order drawn for
            each query, so that the place of a column decides nothing.
        relevant: bool[Q, N]; queries without a relevant item are left out.
        seed: Of the bootstrap and of ties.

    Returns:
        mrr, recall_at_{1,5,10} (is a relevant item among the first k), precision_at_1
        and precision_at_5, and auc (a relevant item outscores another one). Queries
        whose items are all relevant are left out of auc: there is no other one.
    """
    asked = np.flatnonzero(relevant.any(axis=1))
    rng = np.random.default_rng(seed)
    parts: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in _RULES}
    for some in row_blocks(len(asked), scores.shape[1]):
        rows = asked[some]
        hits = _in_rank_order(scores[rows], relevant[rows], rng)
        for name, rule in _RULES.items():
            parts[name].append(rule(hits))
    judged = {
        name: np.concatenate([np.zeros(0), *each]) for name, each in parts.items()
    }
    return {
        name: bootstrap(values[~np.isnan(values)], seed=seed)
        for name, values in judged.items()
    }


def bootstrap(values: npt.NDArray[Any], *, seed: int = 0) -> Figure:
    """Average values and give the percentile interval over resampled queries."""
    if not len(values):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    rng = np.random.default_rng(seed)
    draws = [
        values[
            rng.integers(0, len(values), (some.stop - some.start, len(values)))
        ].mean(axis=1)
        for some in row_blocks(_DRAWS, len(values))
    ]
    low, high = np.percentile(np.concatenate(draws), [2.5, 97.5])
    return Figure(float(values.mean()), float(low), float(high), len(values))


def _in_rank_order(
    scores: Array, relevant: Relevance, rng: np.random.Generator
) -> Relevance:
    columns = np.arange(scores.shape[1], dtype=np.int32)
    shuffled = rng.permuted(np.tile(columns, (len(scores), 1)), axis=1)
    mixed = np.take_along_axis(scores, shuffled, axis=1)
    order = np.argsort(-mixed, axis=1, kind="stable")
    best_first = np.take_along_axis(shuffled, order, axis=1)
    return cast("Relevance", np.take_along_axis(relevant, best_first, axis=1))


def _any_of_first(hits: Relevance, k: int) -> npt.NDArray[np.float64]:
    return np.asarray(hits[:, :k].any(axis=1), np.float64)


def _share_of_first(hits: Relevance, k: int) -> npt.NDArray[np.float64]:
    return np.asarray(hits[:, :k].mean(axis=1), np.float64)


def _area_under_curve(hits: Relevance) -> npt.NDArray[np.float64]:
    """Share of (relevant, other) pairs in the right order, per query; NaN of none."""
    others_above = np.cumsum(~hits, axis=1)
    good, bad = hits.sum(axis=1), (~hits).sum(axis=1)
    wrong = (others_above * hits).sum(axis=1)
    share = 1.0 - wrong / np.maximum(good * bad, 1)
    return cast("npt.NDArray[np.float64]", np.where(bad > 0, share, np.nan))


_RULES: Mapping[str, Callable[[Relevance], npt.NDArray[np.float64]]] = {
    "mrr": lambda hits: np.asarray(1.0 / (hits.argmax(axis=1) + 1.0)),
    "recall_at_1": lambda hits: _any_of_first(hits, 1),
    "recall_at_5": lambda hits: _any_of_first(hits, 5),
    "recall_at_10": lambda hits: _any_of_first(hits, 10),
    "precision_at_1": lambda hits: hits[:, 0].astype(np.float64),
    "precision_at_5": lambda hits: _share_of_first(hits, 5),
    "auc": _area_under_curve,
}
