"""The four sliders as unit directions in image space, mutually orthogonal.

They are learned from attributes that are measured on the pictures, not from the
encoder, and are judged by the same attributes on pictures that a shifted query finds.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from evoke_core.config import AXES
from evoke_core.vectors import Array, l2_normalize

_RIDGE_SHARE = 0.05  # of the mean variance, added to the diagonal
_FOUND = 24  # pictures a query looks at when a slider is judged
_STOPS = 11


@dataclass(frozen=True, slots=True)
class SliderReport:
    """How one slider behaves.

    Args:
        tau: Kendall's tau-b of the wanted attribute with the stops.
        movement: Change of the wanted attribute from end to end, in corpus sds.
        leak: Largest change of another attribute, as a share of the wanted one's.
    """

    tau: float
    movement: float
    leak: float

    @property
    def holds(self) -> bool:
        """Say whether the bar is met: tau >= 0.9 and leak <= 1/3."""
        return self.tau >= 0.9 and self.leak <= 1 / 3


def fit_directions(embeddings: Array, attributes: Array) -> Array:
    """Find directions along which one attribute moves and the others stay.

    Each direction is the one that ridge regression would follow to raise its attribute
    with the other three held fixed (the dual basis of the four read-outs); then the
    nearest orthonormal set is taken (Löwdin 1950), which favours no axis.

    Args:
        embeddings: float32[N, D].
        attributes: float32[N, 4], in the order of AXES.

    Returns:
        float32[4, D], orthonormal rows.
    """
    x = embeddings.astype(np.float64) - embeddings.mean(axis=0)
    spread = attributes.std(axis=0)
    y = (attributes - attributes.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    gram = x.T @ x
    damping = _RIDGE_SHARE * float(np.trace(gram)) / len(gram)
    read_out = np.linalg.solve(gram + damping * np.eye(len(gram)), x.T @ y)  # [D, 4]
    dual = np.linalg.pinv(read_out)  # [4, D]
    left, _, right = np.linalg.svd(
        l2_normalize(dual).astype(np.float64), full_matrices=False
    )
    return cast("Array", (left @ right).astype(np.float32))


def judge_sliders(
    directions: Array,
    embeddings: Array,
    attributes: Array,
    queries: Array,
    *,
    reach: float,
) -> dict[str, SliderReport]:
    """Move each slider over its stops and measure the pictures that are found.

    Args:
        directions: float32[4, D].
        embeddings: float32[N, D], the corpus.
        attributes: float32[N, 4], measured on the pictures.
        queries: float32[Q, D], unit length; figures are averaged over them.
        reach: Shift at the end of a slider.
    """
    from scipy.stats import kendalltau

    spread = attributes.std(axis=0)
    scaled = (attributes / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    stops = np.linspace(-1.0, 1.0, _STOPS)
    found = min(_FOUND, len(embeddings))
    reports = {}
    for axis, name in enumerate(AXES):
        course = np.stack(
            [
                _found_mean(
                    queries + np.float32(stop * reach) * directions[axis],
                    embeddings,
                    scaled,
                    found,
                )
                for stop in stops
            ]
        )  # [stops, 4]
        change = course[-1] - course[0]
        others = np.delete(np.abs(change), axis).max()
        tau = kendalltau(stops, course[:, axis]).statistic
        reports[name] = SliderReport(
            tau=float(np.nan_to_num(tau)),
            movement=float(change[axis]),
            leak=float(others / max(abs(change[axis]), 1e-9)),
        )
    return reports


def _found_mean(queries: Array, embeddings: Array, scaled: Array, count: int) -> Array:
    scores = l2_normalize(queries) @ embeddings.T
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    return cast("Array", scaled[best].mean(axis=(0, 1)))
