"""Relevance against variety: what each way of choosing tiles gives up for the other.

Not here: the ways themselves (`ways`), and where pools come from (`boards.pool`).

Source of the knee: Satopaa et al., ICDCS workshops 2011.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evoke_core.appraisal.ways import WAYS, Judged, judge_pool
from evoke_core.boards.refine import Pool, Refinement
from evoke_core.vectors import Array64


@dataclass(frozen=True, slots=True)
class Curve:
    """What a way of choosing gives at its P settings, for Q queries.

    Args:
        settings: P of them.
        relevance: float64[Q, P]: 1 is the most relevant board that the caps allow, 0
            the mean of the pool. A plain ratio of cosines would depend on how near an
            encoder places any two pictures.
        distance: float64[Q, P], mean cosine distance of all pairs of tiles.
        look_distance: float64[Q, P], the same of their looks alone: tiles that feel
            alike are what was asked for, tiles that look alike are not.
        nearest: float64[Q, P], mean cosine distance of a tile to the one most like it.
    """

    settings: tuple[float, ...]
    relevance: Array64
    distance: Array64
    look_distance: Array64
    nearest: Array64

    def points(self) -> Array64:
        """Return float64[P, 2]: mean relevance and mean distance by setting."""
        return np.stack([self.relevance.mean(axis=0), self.distance.mean(axis=0)], 1)

    def most_at(self, level: Array64, values: Array64) -> Array64:
        """Return the most of something at no less than a relevance, by interpolation.

        Args:
            level: float64[Q], the relevance wanted of each query.
            values: float64[Q, P], this curve's distances of some kind.

        Returns:
            float64[Q]; NaN where no setting is as relevant.
        """
        rows = zip(level, self.relevance, values, strict=True)
        return np.array([_most_at(*row) for row in rows], np.float64)


def trace_curves(
    asked: Iterable[tuple[Pool, Refinement]],
    *,
    balances: Sequence[float] = (),
    seed: int = 0,
) -> dict[str, Curve]:
    """Choose tiles for every query by every way at every setting.

    Args:
        asked: Pool and refinement of each query; sliders are at rest.
        balances: Settings of `mmr` beside those of its grid.
        seed: Of the boards drawn at random.

    Returns:
        A curve for each name in WAYS.
    """
    settings = {name: grid for name, (grid, _) in WAYS.items()}
    settings["mmr"] = tuple(sorted({*settings["mmr"], *balances}))
    found: dict[str, list[list[tuple[float, ...]]]] = {n: [] for n in WAYS}
    for number, (pool, refinement) in enumerate(asked):
        judged = judge_pool(pool, refinement, seed=seed + number)
        for name, (_, choose) in WAYS.items():
            boards = [choose(judged, setting) for setting in settings[name]]
            found[name].append([_measure(judged, board) for board in boards])
    return {
        name: Curve(
            settings[name],
            *np.array(rows, np.float64)
            .reshape(len(rows), len(settings[name]), 4)
            .transpose(2, 0, 1),
        )
        for name, rows in found.items()
    }


def knee(points: Array64) -> int:
    """Find where a front bends most: farthest above the chord between its ends.

    Args:
        points: float64[P, 2], relevance and distance; each is scaled to the span
            between the most relevant point and the most distant one. Boards below
            relevance 0, which a draw from the pool would beat, are no candidates.

    Returns:
        A row of points; of equals the first.
    """
    rows = np.flatnonzero(points[:, 0] >= 0)
    kept = points[rows]
    ends = kept[[kept[:, 0].argmax(), kept[:, 1].argmax()]]
    low, span = ends.min(axis=0), np.ptp(ends, axis=0)
    if (span <= 0).any():
        return int(rows[kept[:, 0].argmax()])
    return int(rows[((kept - low) / span).sum(axis=1).argmax()])


def _measure(judged: Judged, board: list[int]) -> tuple[float, ...]:
    """Return lift in relevance, and the three distances of a curve."""
    count = len(board)
    relevance = float(judged.lift[board].mean())
    if count < 2:
        return relevance, 0.0, 0.0, 0.0
    square = np.ix_(board, board)
    others = ~np.eye(count, dtype=bool)
    nearest = np.where(others, 1.0 - judged.similarity[square], np.inf).min(axis=1)
    return (
        relevance,
        float(1.0 - judged.similarity[square][others].mean()),
        float(1.0 - judged.looks[square][others].mean()),
        float(nearest.mean()),
    )


def _most_at(level: float, relevance: Array64, distance: Array64) -> float:
    order = np.argsort(relevance, kind="stable")
    least = relevance[order]
    # Whoever may be less relevant may also take the more relevant board.
    most = np.maximum.accumulate(distance[order][::-1])[::-1]
    if level > least[-1] + 1e-9:
        return float("nan")
    return float(np.interp(level, least, most))
