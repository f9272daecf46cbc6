"""Ridge regression whose penalty and rank are chosen on tracks left out.

First the penalty is chosen at full rank, then the rank, by how well predictions tell
held-out rows' targets apart: the bridge's own objective, not squared error, which
prefers to shrink everything to the mean. All that is kept of the rows are their
moments, so that memory does not grow with them.

Sources: Hoerl & Kennard 1970 (ridge); Izenman 1975, Mukherjee & Zhu 2011 (reduced-rank
ridge regression).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array, Array64

_PENALTIES = tuple(10.0 ** (step / 2) for step in range(-4, 3))  # of the mean variance
_RANKS = (8, 24, 64)
_TEMPERATURES = (0.02, 0.05, 0.12, 0.3)
_FOLDS = 3
_JUDGED = 400  # held-out rows of a fold that are told apart
_ROWS_AT_ONCE = 4096
_FLOOR = 1e-12  # of the mean variance: one song without windows varies in nothing


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How much a ridge is held back.

    Args:
        penalty: Added to each variance, in units of their mean.
        rank: Dimensions of image space that are predicted; None for all.
    """

    penalty: float
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class ReducedRidge:
    """A linear map y = y_mean + (x - x_mean) code loadings.

    Args:
        x_mean: float64[D_x].
        y_mean: float64[D_y].
        code: float64[D_x, R], predicts R uncorrelated components of unit variance.
        loadings: float64[R, D_y], how each shows in y, the strongest first.
    """

    x_mean: Array64
    y_mean: Array64
    code: Array64
    loadings: Array64

    def encode(self, x: Array) -> Array:
        """Return the components of x, float32[N, R]."""
        code = self.code.astype(np.float32)
        return cast("Array", x @ code - (self.x_mean @ self.code).astype(np.float32))


@dataclass(frozen=True, slots=True)
class _Moments:
    """Count, sums and sums of products of some rows, about a common origin."""

    count: int
    x: Array64
    y: Array64
    xx: Array64
    xy: Array64

    def less(self, other: "_Moments") -> "_Moments":
        return _Moments(
            self.count - other.count,
            self.x - other.x,
            self.y - other.y,
            self.xx - other.xx,
            self.xy - other.xy,
        )


@dataclass(frozen=True, slots=True)
class _Centred:
    """Means, and the eigenvectors of the variance of x with their covariances."""

    x_mean: Array64
    y_mean: Array64
    variance: Array64
    vectors: Array64
    cross: Array64


@dataclass(frozen=True, slots=True)
class _Exam:
    """Rows that some moments know nothing of.

    Args:
        centred: Those moments.
        heard: float64[n, D_x], in their eigenvectors.
        targets: float64[n, D_y].
        middle: float64[D_y], mean target of the other rows.
    """

    centred: _Centred
    heard: Array64
    targets: Array64
    middle: Array64


def choose_shrinkage(
    x: Array, y: Array, groups: npt.NDArray[Any], *, reduced: bool, seed: int
) -> Shrinkage:
    """Choose penalty, and rank where it may be reduced, by cross-validation.

    Args:
        x: float32[N, D_x].
        y: float32[N, D_y], unit length.
        groups: [N]; a group is never on both sides of a split.
        reduced: Whether ranks are tried too.
        seed: Deals groups to folds.
    """
    names, group = np.unique(groups, return_inverse=True)
    if len(names) < 3:
        return Shrinkage(1.0)
    rng = np.random.default_rng(seed)
    folds = rng.permutation(np.arange(len(names)) % min(_FOLDS, len(names)))[group]
    origin = x.mean(axis=0), y.mean(axis=0)
    parts = [_moments(x[folds == f], y[folds == f], origin) for f in np.unique(folds)]
    whole = _total(parts)
    exams = []
    for fold, part in enumerate(parts):
        held = np.flatnonzero(folds == fold)
        held = rng.choice(held, min(_JUDGED, len(held)), replace=False)
        centred = _centre(whole.less(part))
        heard = (x[held] - origin[0] - centred.x_mean) @ centred.vectors
        targets = y[held].astype(np.float64)
        exams.append(_Exam(centred, heard, targets, centred.y_mean + origin[1]))
    best = _best(exams, _PENALTIES, (None,))
    if not reduced:
        return best
    return _best(exams, (best.penalty,), (None, *(r for r in _RANKS if r < y.shape[1])))


def fit_reduced_ridge(x: Array, y: Array, shrinkage: Shrinkage) -> ReducedRidge:
    """Fit x to y.

    Args:
        x: float32[N, D_x].
        y: float32[N, D_y].
        shrinkage: As it was chosen.
    """
    origin = x.mean(axis=0), y.mean(axis=0)
    centred = _centre(_moments(x, y, origin))
    weight = _solve(centred, shrinkage.penalty)
    spread, turned = _principal_axes(centred, weight)
    rank = min(shrinkage.rank or len(spread), int((spread > 0).sum()) or 1)
    scale = np.sqrt(np.maximum(spread[:rank], _FLOOR))
    return ReducedRidge(
        origin[0] + centred.x_mean,
        origin[1] + centred.y_mean,
        centred.vectors @ (weight @ turned[:, :rank]) / scale,
        scale[:, None] * turned[:, :rank].T,
    )


def _moments(x: Array, y: Array, origin: tuple[Array, Array]) -> _Moments:
    wide, narrow = x.shape[1], y.shape[1]
    xs, ys = np.zeros(wide), np.zeros(narrow)
    xx, xy = np.zeros((wide, wide)), np.zeros((wide, narrow))
    for start in range(0, len(x), _ROWS_AT_ONCE):
        left = x[start : start + _ROWS_AT_ONCE] - origin[0]
        right = y[start : start + _ROWS_AT_ONCE] - origin[1]
        xs += left.sum(axis=0)
        ys += right.sum(axis=0)
        xx += left.T @ left
        xy += left.T @ right
    return _Moments(len(x), xs, ys, xx, xy)


def _total(parts: Sequence[_Moments]) -> _Moments:
    return _Moments(
        sum(p.count for p in parts),
        np.sum([p.x for p in parts], axis=0),
        np.sum([p.y for p in parts], axis=0),
        np.sum([p.xx for p in parts], axis=0),
        np.sum([p.xy for p in parts], axis=0),
    )


def _centre(moments: _Moments) -> _Centred:
    count = max(moments.count, 1)
    x, y = moments.x / count, moments.y / count
    variance, vectors = np.linalg.eigh(moments.xx / count - np.outer(x, x))
    cross = vectors.T @ (moments.xy / count - np.outer(x, y))
    return _Centred(x, y, np.maximum(variance, 0.0), vectors, cross)


def _solve(centred: _Centred, penalty: float) -> Array64:
    """Return the map from eigenvectors of x to y."""
    damping = penalty * max(float(centred.variance.mean()), _FLOOR)
    return centred.cross / (centred.variance + damping)[:, None]


def _principal_axes(centred: _Centred, weight: Array64) -> tuple[Array64, Array64]:
    """Return variances and axes of what is predicted, the strongest first."""
    spread, axes = np.linalg.eigh(weight.T @ (centred.variance[:, None] * weight))
    return np.maximum(spread[::-1], 0.0), axes[:, ::-1]


def _best(
    exams: Sequence[_Exam], penalties: Sequence[float], ranks: Sequence[int | None]
) -> Shrinkage:
    losses: dict[tuple[Shrinkage, float], float] = {}
    for exam in exams:
        for penalty in penalties:
            for key, loss in _judge(exam, penalty, ranks):
                losses[key] = losses.get(key, 0.0) + loss
    return min(losses, key=lambda key: losses[key])[0]


def _judge(
    exam: _Exam, penalty: float, ranks: Sequence[int | None]
) -> Iterator[tuple[tuple[Shrinkage, float], float]]:
    """Yield how well each rank tells held-out rows apart, at each temperature."""
    weight, middle = _solve(exam.centred, penalty), exam.middle
    found, seen, centre = exam.heard @ weight, exam.targets, middle
    if any(rank is not None for rank in ranks):
        _, axes = _principal_axes(exam.centred, weight)
        found, seen, centre = found @ axes, seen @ axes, centre @ axes
    for rank in ranks:
        near, far = found[:, :rank], seen[:, :rank]
        power = middle @ middle + (near * (near + 2 * centre[:rank])).sum(axis=1)
        length = np.sqrt(np.maximum(power, _FLOOR))[:, None]
        cosine = (near @ far.T + exam.targets @ middle) / length
        for temperature in _TEMPERATURES:
            yield (
                (Shrinkage(penalty, rank), temperature),
                _contrast(cosine / temperature),
            )


def _contrast(logits: Array64) -> float:
    """Return the cross-entropy of naming each row's own column."""
    top = logits.max(axis=1)
    summed = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    return float((summed - np.diag(logits)).mean())
