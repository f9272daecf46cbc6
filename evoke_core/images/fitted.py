"""A correction to the published relations, fitted to ratings of pictures.

`affect_coefficients.json` holds, for an axis where it helped on picture themes that
were left out, one number for each feature: a ridge regression. It is added to the
published sum, which is scaled to spread as far, so that neither rules: on pictures
unlike the rated ones fitted weights alone turn published relations round. The file says
what it was fitted on, under which terms, how many pictures, and the rank correlations
with and without it. It holds no picture and no rating.

Valence has none: fitted weights were no better than the published ones on unseen
themes, which agrees with Redies et al. (Front. Psychol. 11, 2020).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from evoke_core.vectors import Array, Array64

COEFFICIENTS_FILE = Path(__file__).with_name("affect_coefficients.json")


@dataclass(frozen=True, slots=True, eq=False)
class FittedAxis:
    """How far ratings move one axis away from the published sum.

    Args:
        weights: By feature, on standardised and clipped features.
        scale: Of the published sum, in its standard deviations.
        mean: Of the result over the reference pictures.
        deviation: The same.
    """

    weights: Mapping[str, float]
    scale: float
    mean: float
    deviation: float

    def place(self, published: Array, standard: Array, names: Sequence[str]) -> Array64:
        """Join the published sum and the correction, in reference deviations.

        Args:
            published: float[N], in its reference deviations.
            standard: float[N, K], standardised and clipped features.
            names: K features.

        Returns:
            float64[N].
        """
        weights = np.array([self.weights.get(name, 0.0) for name in names])
        joined = self.scale * published + standard.astype(np.float64) @ weights
        placed: Array64 = (joined - self.mean) / self.deviation
        return placed


@dataclass(frozen=True, slots=True, eq=False)
class FittedAffect:
    """The axes that were fitted, by name, and the digest of their file."""

    axes: Mapping[str, FittedAxis]
    digest: str


@cache
def load_fitted() -> FittedAffect:
    """Read the shipped coefficients, once per process."""
    content = COEFFICIENTS_FILE.read_bytes()
    axes = {
        name: FittedAxis(
            weights=axis["weights"],
            scale=float(axis["scale"]),
            mean=float(axis["mean"]),
            deviation=float(axis["deviation"]),
        )
        for name, axis in json.loads(content)["axes"].items()
    }
    return FittedAffect(axes, hashlib.sha256(content).hexdigest())
