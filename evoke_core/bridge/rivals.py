"""The simple ways from music to pictures that the bridge must beat.

All are fitted on the same tags and see the same tracks as the bridge. Chance and the
mean vector show what a board that ignores the song scores.
"""

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.projection import Projection, Side
from evoke_core.bridge.shrinkage import choose_shrinkage, fit_reduced_ridge
from evoke_core.bridge.supervision import NO_PAIRS, Pairs, mean_looks
from evoke_core.shared_space import FEELING
from evoke_core.vectors import Array64

_CCA_SHARE = 0.1  # of the mean variance, added to each covariance's diagonal
_CCA_FLOOR = 1e-12  # the same where nothing varies, such as one song without windows
_CCA_COMPONENTS = 32
_PLACES = 13  # anchors per axis of the affect plane: one every sixth of a unit
_BANDWIDTH = 0.25


def fit_rivals(
    music: Side,
    images: Side,
    groups: npt.NDArray[Any] | None = None,
    *,
    pairs: Pairs = NO_PAIRS,
    seed: int,
) -> dict[str, Projection]:
    """Fit every rival.

    Args:
        music: Training tracks and their windows.
        images: Training pictures.
        groups: The track of each row of music; without it each is its own.
        pairs: Of rows of both, that the bridge is fitted on too.
        seed: Fixes chance and the folds of ridge.
    """
    return {
        "chance": _fit_chance(music, images, seed),
        "mean": Projection("mean", {"vector": images.embedding.mean(axis=0)}),
        "affect": _fit_affect(images),
        "tags": _fit_tags(images),
        "ridge": fit_ridge(music, images, groups, pairs=pairs, seed=seed),
        "cca": _fit_cca(music, images, pairs, seed),
    }


def fit_ridge(
    music: Side,
    images: Side,
    groups: npt.NDArray[Any] | None = None,
    *,
    pairs: Pairs = NO_PAIRS,
    seed: int = 0,
) -> Projection:
    """Regress the mean look of matching pictures on the music, with an L2 penalty.

    The penalty is chosen by cross-validation over groups; rows are their own groups
    where none are given.
    """
    looks = mean_looks(music, images, pairs, seed=seed)
    groups = np.arange(len(music)) if groups is None else groups
    shrinkage = choose_shrinkage(
        music.embedding, looks, groups, reduced=False, seed=seed
    )
    ridge = fit_reduced_ridge(music.embedding, looks, shrinkage)
    weight = ridge.code @ ridge.loadings
    return _linear("ridge", weight, ridge.y_mean - ridge.x_mean @ weight)


def _fit_chance(music: Side, images: Side, seed: int) -> Projection:
    shape = (music.embedding.shape[1], images.embedding.shape[1])
    weight = np.random.default_rng(seed).normal(0.0, 50.0, shape)
    return Projection("chance", {"weight": weight.astype(np.float32)})


def _fit_affect(images: Side) -> Projection:
    """Note what pictures look like around each point of a grid over the plane."""
    steps = np.linspace(-1.0, 1.0, _PLACES)
    places = np.array([(v, a) for v in steps for a in steps], np.float32)
    distance2 = ((places[:, None] - images.affect[None]) ** 2).sum(-1)
    weight = np.exp(-distance2 / (2 * _BANDWIDTH**2)) + 1e-9
    looks = weight @ images.embedding[:, FEELING:] / weight.sum(axis=1, keepdims=True)
    return Projection(
        "affect",
        {
            "places": places,
            "looks": looks.astype(np.float32),
            "bandwidth": np.array([_BANDWIDTH / 2], np.float32),
        },
    )


def _fit_tags(images: Side) -> Projection:
    """Note the mean look of every mood."""
    weight = images.moods / (images.moods.sum(axis=0, keepdims=True) + 1e-9)
    return Projection(
        "tags", {"looks": (weight.T @ images.embedding).astype(np.float32)}
    )


def _fit_cca(music: Side, images: Side, pairs: Pairs, seed: int) -> Projection:
    """Map music through regularised canonical correlations (Hotelling 1936).

    The image side of each canonical pair is expressed by its loadings, so that the
    projected vector lies in image space itself.
    """
    looks = mean_looks(music, images, pairs, seed=seed)
    x, y = music.embedding.astype(np.float64), looks.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    x_white, y_white = _whitener(x), _whitener(y)
    left, strength, right = np.linalg.svd(x_white.T @ (x.T @ y / len(x)) @ y_white)
    kept = min(_CCA_COMPONENTS, len(strength))
    loadings = right[:kept] @ np.linalg.pinv(y_white)
    weight = x_white @ left[:, :kept] @ np.diag(strength[:kept]) @ loadings
    return _linear("cca", weight, y_mean - x_mean @ weight)


def _linear(kind: str, weight: Array64, bias: Array64) -> Projection:
    arrays = {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
    return Projection(kind, arrays)


def _whitener(centred: np.ndarray) -> np.ndarray:
    covariance = centred.T @ centred / len(centred)
    damping = _CCA_SHARE * float(np.trace(covariance)) / len(covariance) + _CCA_FLOOR
    values, vectors = np.linalg.eigh(covariance + damping * np.eye(len(covariance)))
    return cast("np.ndarray", vectors / np.sqrt(values))
