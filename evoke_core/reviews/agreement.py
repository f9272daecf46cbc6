"""How far raters agree beyond chance: Krippendorff's alpha for nominal labels.

Labels in, a figure with its interval out; nothing here knows what was judged.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
"""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from evoke_core.evaluation import Figure

_DRAWS = 2000


def krippendorff_alpha(units: Iterable[Sequence[Hashable]], *, seed: int = 0) -> Figure:
    """Measure the agreement of any number of raters, some of whom skipped some units.

    Args:
        units: The labels that each judged thing got, one a rater; a unit with fewer
            than two says nothing of agreement and is passed over.
        seed: Of the bootstrap over units.

    Returns:
        1 for agreement in all, 0 for chance, below 0 for less; NaN where fewer than
        two labels were ever used, for then nothing could have differed. n counts the
        units with two labels or more.
    """
    paired = [list(labels) for labels in units if len(labels) > 1]
    values = list(dict.fromkeys(label for labels in paired for label in labels))
    if len(values) < 2:
        return Figure(float("nan"), float("nan"), float("nan"), len(paired))
    per_unit = np.stack([_coincidences(labels, values) for labels in paired])
    rng = np.random.default_rng(seed)
    size = (_DRAWS, len(paired))
    weights = rng.multinomial(size[1], np.full(size[1], 1 / size[1]), _DRAWS)
    draws = _alpha(np.tensordot(weights, per_unit, axes=1))
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    value = _alpha(per_unit.sum(axis=0)[None])[0]
    return Figure(float(value), float(low), float(high), len(paired))


def _coincidences(
    labels: Sequence[Hashable], values: Sequence[Hashable]
) -> npt.NDArray[np.float64]:
    """Count ordered pairs of labels by different raters, float64[V, V]."""
    counts = np.array([sum(label == value for label in labels) for value in values])
    pairs = np.outer(counts, counts) - np.diag(counts)
    return np.asarray(pairs / (len(labels) - 1))


def _alpha(coincidences: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Compute 1 - observed / expected disagreement for float64[B, V, V]."""
    totals = coincidences.sum(axis=2)
    n = totals.sum(axis=1)
    observed = n - np.trace(coincidences, axis1=1, axis2=2)
    expected = (n**2 - (totals**2).sum(axis=1)) / (n - 1)
    safe = np.where(expected > 0, expected, 1.0)
    return np.where(expected > 0, 1.0 - observed / safe, np.nan)
