"""Where listeners place music: coefficients fitted on their ratings, for research.

`affect_coefficients.json` beside this file ships them. The fit starts from the
published signs and adds, by ridge, what they leave over; on music unlike the rated
clips a ridge goes astray, so it may move a song little further from its published place
than it moved most rated clips: a limit, softly by tanh.

Not here: the published signs (emotion), and who may use the table: the ratings are for
research, so a commercial run stays with the published signs.
Source: Hoerl & Kennard, Technometrics 12, 1970 (ridge; evoke_core.affect_ridge).
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import numpy as np

from evoke_core.affect_ridge import fit_affect
from evoke_core.errors import ConfigError
from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.vectors import Array, Array64

_FILE = "affect_coefficients.json"
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class FittedAxis:
    """How descriptors place a song on one axis.

    Args:
        slope: Of the published signs.
        weights: By descriptor, of what the signs leave over.
        centre: Mean of that correction over the rated clips.
        limit: Its standard deviation there; a song is moved by less than this.
        mean: Of places of clips left out of the fit.
        deviation: Standard deviation of those.
    """

    slope: float
    weights: Mapping[str, float]
    centre: float
    limit: float
    mean: float = 0.0
    deviation: float = 1.0

    def place(self, standardised: Array, published: Array) -> Array64:
        """Place songs, in deviations of clips that the fit did not know.

        Args:
            standardised: float32[W, K], descriptors in [-3, 3].
            published: float32[W], weighted mean of the axis' published cues.

        Returns:
            float64[W]; 0 is the middle.
        """
        weight = np.array([self.weights[name] for name in DESCRIPTORS])
        moved = standardised.astype(np.float64) @ weight - self.centre
        limited = self.limit * np.tanh(moved / self.limit)
        placed: Array64 = self.slope * published.astype(np.float64) + limited
        return (placed - self.mean) / self.deviation


@dataclass(frozen=True, slots=True)
class AffectTable:
    """The axes whose fit beats the published signs beyond doubt.

    Args:
        provenance: Which ratings, in words, and how the fit was judged.
        licence: Terms of the ratings.
        ratings: Number of rated clips.
        spearman: By axis, rank correlation with ratings of clips left out.
        axes: The fits.
    """

    provenance: str
    licence: str
    ratings: int
    spearman: Mapping[str, float]
    axes: Mapping[str, FittedAxis]

    @property
    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of the numbers."""
        numbers = {name: asdict(axis) for name, axis in self.axes.items()}
        text = json.dumps(numbers, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@functools.cache
def load_table() -> AffectTable:
    """Read the coefficients that are shipped with the package.

    Raises:
        ConfigError: They are of other descriptors than these.
    """
    text = resources.files("evoke_core.music").joinpath(_FILE).read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    axes = {name: FittedAxis(**axis) for name, axis in content.pop("axes").items()}
    content.pop("digest")
    if any(set(axis.weights) != set(DESCRIPTORS) for axis in axes.values()):
        raise ConfigError(
            f"{_FILE}: its descriptors are not those of the code; fit it anew with "
            "python -m tests.benchmarks.hearing fit"
        )
    return AffectTable(**content, axes=axes)


def write_table(table: AffectTable) -> str:
    """Return the text of `affect_coefficients.json`."""
    content = asdict(table)
    axes = content.pop("axes")
    return (
        json.dumps({**content, "digest": table.digest, "axes": axes}, indent=1) + "\n"
    )


def fit_axis(standardised: Array, published: Array, ratings: Array) -> FittedAxis:
    """Fit a slope for the published signs, and a ridge for what they leave over.

    Args:
        standardised: float32[N, K], descriptors of rated clips in [-3, 3].
        published: float32[N], weighted mean of the axis' published cues.
        ratings: float32[N].

    Returns:
        Rounded as it is written. The penalty is the one that leaves one clip out best.
    """
    wide = standardised.astype(np.float64)
    signs = published.astype(np.float64)
    signs -= signs.mean()
    slope = float(signs @ ratings / (signs @ signs))
    left_over = (ratings - slope * signs).astype(np.float32)
    scale = np.sqrt(wide.shape[1])  # rows of about unit length, as the ridge expects
    ridge = fit_affect((wide / scale).astype(np.float32), left_over[:, None])
    weight = np.round(ridge.weight[:, 0] / scale, _DIGITS)
    moved = wide @ weight
    return FittedAxis(
        slope=round(slope, _DIGITS),
        weights=dict(zip(DESCRIPTORS, weight.tolist(), strict=True)),
        centre=round(float(moved.mean()), _DIGITS),
        limit=round(max(float(moved.std()), 10.0**-_DIGITS), _DIGITS),
    )
