"""How sliders are judged: by attributes of the pictures that moved queries find.

The attributes are measured on pixels (evoke_core.pixels.attributes) and know nothing of
the directions. `cross_judge` fits and judges on different pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.config.fields import AXES
from evoke_core.vectors import Array, Array64, l2_normalize

FOUND = 24  # pictures that a query looks at
STOPS = 11
_QUERIES = 60
_MOST = 20_000  # pictures that one judgement searches; more change no mean of 24

Fit = Callable[[Array, Array], Array]  # embeddings, attributes -> directions


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
    return _report(_courses(directions, embeddings, attributes, queries, reach))


def cross_judge(
    fit: Fit, embeddings: Array, attributes: Array, *, reach: float, seed: int
) -> dict[str, SliderReport]:
    """Judge a way of fitting on pictures and queries that it has not seen.

    Pictures are dealt into halves; each half is judged by directions that the other
    gave, and the two courses are averaged.

    Args:
        fit: Gives float32[4, D] from embeddings and attributes.
        embeddings: float32[N, D], N >= 4.
        attributes: float32[N, 4].
        reach: Shift at the end of a slider.
        seed: Of the dealing.
    """
    courses = [
        _courses(
            fit(embeddings[told], attributes[told]),
            embeddings[held],
            attributes[held],
            embeddings[held][:_QUERIES],
            reach,
        )
        for told, held in deal_halves(len(embeddings), seed=seed)
    ]
    return _report(np.mean(courses, axis=0))


def deal_halves(
    count: int, *, seed: int
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Deal rows at random into two halves; returns (told, held) both ways round."""
    order = np.random.default_rng(seed).permutation(count)[: 2 * _MOST]
    one, other = np.array_split(order, 2)
    return [(one, other), (other, one)]


def _courses(
    directions: Array,
    embeddings: Array,
    attributes: Array,
    queries: Array,
    reach: float,
) -> Array64:
    """Mean attributes at each stop of each slider, float64[4, stops, 4], in sds."""
    spread = attributes.std(axis=0)
    scaled = (attributes / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    found = min(FOUND, len(embeddings))
    stops = np.linspace(-1.0, 1.0, STOPS)
    means = [
        _found_mean(
            queries + np.float32(stop * reach) * direction, embeddings, scaled, found
        )
        for direction in directions
        for stop in stops
    ]
    return np.reshape(means, (len(directions), STOPS, -1)).astype(np.float64)


def _found_mean(queries: Array, embeddings: Array, scaled: Array, count: int) -> Array:
    scores = l2_normalize(queries) @ embeddings.T
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    return cast("Array", scaled[best].mean(axis=(0, 1)))


def _report(courses: Array64) -> dict[str, SliderReport]:
    from scipy.stats import kendalltau

    stops = np.linspace(-1.0, 1.0, STOPS)
    reports = {}
    for axis, name in enumerate(AXES):
        course = courses[axis]
        change = course[-1] - course[0]
        others = np.delete(np.abs(change), axis).max()
        tau = kendalltau(stops, course[:, axis]).statistic
        reports[name] = SliderReport(
            tau=float(np.nan_to_num(tau)),
            movement=float(change[axis]),
            leak=float(others / max(abs(change[axis]), 1e-9)),
        )
    return reports
