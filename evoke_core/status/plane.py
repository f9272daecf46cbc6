"""Two axes of the shared space on which pictures and music can be looked at.

Principal components of the pictures, turned so that what is pleasant lies to the right
and what is exciting at the top, as far as the plane knows of either. What is drawn on
it is `shared_map`.

Sources: Pearson 1901 (principal components); Schönemann 1966 (orthogonal Procrustes).
"""

from dataclasses import dataclass

import numpy as np

from evoke_core.vectors import Array, Array64

_NAMED = 0.3  # correlation below which an axis is not called after a feeling
_MARGIN = 0.04  # of the plane's side, kept free along its edges


@dataclass(frozen=True, slots=True)
class Plane:
    """Where vectors of the shared space are drawn.

    Args:
        mean: float64[D].
        axes: float64[D, 2], orthonormal columns: to the right, and up.
        low: float64[2], least score that is drawn.
        high: float64[2], greatest one.
        explained: Share of the pictures' variance that the plane shows, 0 to 1.
        feelings: Correlation of each axis with valence and arousal, in this order.
    """

    mean: Array64
    axes: Array64
    low: Array64
    high: Array64
    explained: float
    feelings: tuple[float, float]

    def place(self, vectors: Array) -> Array64:
        """Place vectors in percent of the drawing, from its top left.

        Args:
            vectors: float32[N, D].

        Returns:
            float64[N, 2] in [0, 100]; what lies beyond is drawn on the edge.
        """
        scores = (vectors.astype(np.float64) - self.mean) @ self.axes
        share = (scores - self.low) / np.where(
            self.high > self.low, self.high - self.low, 1
        )
        inside = np.clip(share, 0, 1) * (1 - 2 * _MARGIN) + _MARGIN
        inside[:, 1] = 1 - inside[:, 1]
        return np.asarray(100 * inside)

    def names(self) -> tuple[bool, bool]:
        """Say whether the axes may be called after valence and after arousal."""
        return self.feelings[0] >= _NAMED, self.feelings[1] >= _NAMED


def fit_plane(vectors: Array, affect: Array, music: Array) -> Plane | None:
    """Fit the plane to pictures, and its window to all that is drawn.

    Args:
        vectors: float32[N, D] of pictures.
        affect: float32[N, 2], their valence and arousal.
        music: float32[M, D] that is to be in the window, too.

    Returns:
        None for fewer than three pictures, or for pictures that are all alike.
    """
    if len(vectors) < 3:
        return None
    wide = vectors.astype(np.float64)
    mean = wide.mean(axis=0)
    variances, components = np.linalg.eigh(np.cov(wide.T))
    if not variances[-1] > 1e-12:
        return None
    axes = components[:, :-3:-1]  # eigh's order ascends
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    axes = axes @ _turn((wide - mean) @ axes, affect)
    scores = (wide - mean) @ axes
    asked = (music.astype(np.float64) - mean) @ axes if len(music) else scores[:0]
    # A few strange pictures must not press all others together; every song is in.
    window = np.vstack([np.percentile(scores, [0.5, 99.5], axis=0), asked])
    return Plane(
        mean=mean,
        axes=axes,
        low=window.min(axis=0),
        high=window.max(axis=0),
        explained=float(variances[-2:].sum() / variances.sum()),
        feelings=_feelings(scores, affect),
    )


def _turn(scores: Array64, affect: Array) -> Array64:
    """Return the turn or flip, float64[2, 2], that brings scores nearest to affect."""
    centred = affect - affect.mean(axis=0)
    left, strength, right = np.linalg.svd(scores.T @ centred)
    return np.asarray(left @ right) if strength[0] > 1e-9 else np.eye(2)


def _feelings(scores: Array64, affect: Array) -> tuple[float, float]:
    found = []
    for axis in (0, 1):
        pair = np.stack([scores[:, axis], affect[:, axis].astype(np.float64)])
        moves = bool((pair.std(axis=1) > 1e-9).all())
        correlation = np.atleast_2d(np.corrcoef(pair)) if moves else np.zeros((2, 2))
        found.append(float(correlation[0, 1]))
    return found[0], found[1]
