"""How the sliders are fitted: two ways, and what is found on unseen pictures chooses.

`apart` is linear and sure, `found` follows retrieval and bends with it. Which of them
moves one thing at a time on pictures that it has not seen depends on the encoder:
handcrafted vectors, where attributes lie on half circles, want the second; a network's
thousand dimensions and a few hundred pictures the first. So both are tried on halves.
"""

from dataclasses import dataclass
from functools import partial
from math import log

from evoke_core.config.fields import AXES
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.directions.apart import directions_apart
from evoke_core.directions.found import LEAK_WEIGHT, LEAST, directions_found
from evoke_core.directions.judge import (
    Fit,
    SliderReport,
    cross_judge,
    judge_sliders,
)
from evoke_core.errors import BridgeError
from evoke_core.vectors import Array, l2_normalize, spaced_rows
from evoke_core.zero_shot import TextEncoder, class_embeddings

FEWEST = 16  # pictures; of fewer there is nothing to leave out
_MOST = 20_000  # pictures that a fit looks at, evenly spaced


@dataclass(frozen=True, slots=True, eq=False)
class Sliders:
    """Four directions, and how they do.

    Args:
        directions: float32[4, D], orthonormal rows, in the order of AXES.
        way: "apart" or "found".
        reports: By axis, of directions that were fitted the same way on one half of the
            pictures and judged on the other; of all pictures where these are few.
    """

    directions: Array
    way: str
    reports: dict[str, SliderReport]


def fit_directions(
    embeddings: Array,
    attributes: Array,
    *,
    reach: float,
    text_poles: Array | None = None,
    seed: int = 0,
) -> Sliders:
    """Find directions along which one attribute moves and the others stay.

    Args:
        embeddings: float32[N, D], unit length.
        attributes: float32[N, 4], in the order of AXES.
        reach: Shift at the end of a slider.
        text_poles: float32[4, D], unit length: what texts say of each axis, high less
            low; see `read_poles`.
        seed: Of the halves: one dealing chooses the way, the next one judges it.

    Raises:
        BridgeError: There is no picture.
    """
    if not len(embeddings):
        raise BridgeError(
            "sliders are learned from the pictures that curation keeps; got none; see "
            "the reasons in curated_images, and add pictures or widen the curation "
            "rules of the profile"
        )
    rows = spaced_rows(len(embeddings), _MOST)
    x, y = embeddings[rows], attributes[rows]
    ways: dict[str, Fit] = {
        "apart": partial(directions_apart, text_poles=text_poles),
        "found": partial(directions_found, text_poles=text_poles, reach=reach),
    }
    if len(x) < FEWEST:
        directions = ways["apart"](x, y)
        told = judge_sliders(directions, x, y, x, reach=reach)
        return Sliders(directions, "apart", told)
    losses = {
        name: _loss_of(cross_judge(way, x, y, reach=reach, seed=seed))
        for name, way in ways.items()
    }
    name = min(losses, key=losses.__getitem__)
    reports = cross_judge(ways[name], x, y, reach=reach, seed=seed + 1)
    return Sliders(ways[name](x, y), name, reports)


def read_poles(encoder: TextEncoder, vocabulary: Vocabulary) -> Array:
    """Encode what the vocabulary says of the ends of each axis.

    Returns:
        float32[4, D], unit length, in the order of AXES: high less low.
    """
    axes = vocabulary.axes
    high = class_embeddings(encoder, {name: axes[name].high_prompts for name in AXES})
    low = class_embeddings(encoder, {name: axes[name].low_prompts for name in AXES})
    return l2_normalize(high - low)


def _loss_of(reports: dict[str, SliderReport]) -> float:
    """The loss of `found`, of what was judged: leaks cost, movement pays."""
    return sum(
        LEAK_WEIGHT * min(report.leak, 2.0) ** 2 - log(max(report.movement, LEAST))
        for report in reports.values()
    )
