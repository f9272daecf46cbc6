"""The simple ways from music to pictures that the bridge must beat.

All are fitted on the same tags and see the same tracks as the bridge. Chance and the
mean vector show what a board that ignores the song scores.
"""

from typing import cast

import numpy as np

from evoke_core.bridge.projection import Projection, Side
from evoke_core.vectors import Array, l2_normalize

_RIDGE_ALPHA = 1.0  # embeddings are of unit length; 0.3 to 3 differ by less than noise
_CCA_SHARE = 0.1  # of the mean variance, added to each covariance's diagonal
_CCA_FLOOR = 1e-12  # the same where nothing varies, such as one song without windows
_CCA_COMPONENTS = 8
_PLACES = 13  # anchors per axis of the affect plane: one every sixth of a unit
_BANDWIDTH = 0.15
_SHARPNESS = 0.1  # temperature of the tag similarities that make a track's target


def fit_rivals(music: Side, images: Side, *, seed: int) -> dict[str, Projection]:
    """Fit every rival.

    Args:
        music: Training tracks and their windows.
        images: Training pictures.
        seed: Fixes chance.
    """
    return {
        "chance": _fit_chance(music, images, seed),
        "mean": Projection("mean", {"vector": images.embedding.mean(axis=0)}),
        "affect": _fit_affect(images),
        "tags": _fit_tags(images),
        "ridge": fit_ridge(music, images),
        "cca": _fit_cca(music, images),
    }


def soft_targets(left: Side, right: Side, *, temperature: float) -> Array:
    """Say how well each right item's moods match each left one's.

    Returns:
        float32[N_left, N_right], rows sum to 1.
    """
    similarity = l2_normalize(left.moods) @ l2_normalize(right.moods).T
    sharp = np.exp((similarity - similarity.max(axis=1, keepdims=True)) / temperature)
    return cast("Array", (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32))


def fit_ridge(music: Side, images: Side) -> Projection:
    """Regress the mean look of matching pictures on the music, with an L2 penalty."""
    weight, bias = _ridge(music.embedding, _mean_looks(music, images))
    return Projection("ridge", {"weight": weight, "bias": bias})


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
    looks = weight @ images.embedding / weight.sum(axis=1, keepdims=True)
    return Projection(
        "affect",
        {
            "places": places,
            "looks": looks.astype(np.float32),
            "bandwidth": np.array([_BANDWIDTH], np.float32),
        },
    )


def _fit_tags(images: Side) -> Projection:
    """Note the mean look of every mood."""
    weight = images.moods / (images.moods.sum(axis=0, keepdims=True) + 1e-9)
    return Projection(
        "tags", {"looks": (weight.T @ images.embedding).astype(np.float32)}
    )


def _fit_cca(music: Side, images: Side) -> Projection:
    """Map music through regularised canonical correlations (Hotelling 1936).

    The image side of each canonical pair is expressed by its loadings, so that the
    projected vector lies in image space itself.
    """
    looks = _mean_looks(music, images)
    x, y = music.embedding.astype(np.float64), looks.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    x_white, y_white = _whitener(x), _whitener(y)
    left, strength, right = np.linalg.svd(x_white.T @ (x.T @ y / len(x)) @ y_white)
    kept = min(_CCA_COMPONENTS, len(strength))
    loadings = right[:kept] @ np.linalg.pinv(y_white)
    weight = x_white @ left[:, :kept] @ np.diag(strength[:kept]) @ loadings
    return Projection(
        "cca",
        {
            "weight": weight.astype(np.float32),
            "bias": (y_mean - x_mean @ weight).astype(np.float32),
        },
    )


def _mean_looks(music: Side, images: Side) -> Array:
    targets = soft_targets(music, images, temperature=_SHARPNESS)
    return l2_normalize(targets @ images.embedding)


def _ridge(x: Array, y: Array) -> tuple[Array, Array]:
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    centred = (x - x_mean).astype(np.float64)
    gram = centred.T @ centred + _RIDGE_ALPHA * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, centred.T @ (y - y_mean))
    bias = y_mean - x_mean @ weight
    return weight.astype(np.float32), bias.astype(np.float32)


def _whitener(centred: np.ndarray) -> np.ndarray:
    covariance = centred.T @ centred / len(centred)
    damping = _CCA_SHARE * float(np.trace(covariance)) / len(covariance) + _CCA_FLOOR
    values, vectors = np.linalg.eigh(covariance + damping * np.eye(len(covariance)))
    return cast("np.ndarray", vectors / np.sqrt(values))
