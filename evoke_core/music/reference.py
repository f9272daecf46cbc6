"""How descriptors are spread over real music: the constants that make them comparable.

`reference_statistics.json` beside this file ships the mean and standard deviation of
every descriptor and of every composite of cues; its `provenance` says over which clips.
They describe the sound only: no rating went into them.

Not here: the descriptors themselves, and what a composite of them means (emotion).
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import cast

import numpy as np

from evoke_core.errors import ConfigError
from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.vectors import Array

Cues = Mapping[str, float]  # descriptor -> weight, its sign the direction

_FILE = "reference_statistics.json"
_WIDEST = 3.0  # standard deviations; a stranger piece says no more than that


@dataclass(frozen=True, slots=True)
class ReferenceStatistics:
    """Mean and standard deviation over reference clips.

    Args:
        provenance: Which clips, in words.
        clips: Their number.
        descriptors: (mean, sd) by descriptor, in its units.
        composites: (mean, sd) by composite, of the weighted mean of standardised cues.
        digest: First 12 hex digits of the SHA-256 of the numbers.
    """

    provenance: str
    clips: int
    descriptors: dict[str, tuple[float, float]]
    composites: dict[str, tuple[float, float]]
    digest: str = ""

    def standardise(self, descriptors: Array) -> Array:
        """Turn float32[W, K] of raw units into deviations in [-3, 3], float32[W, K]."""
        mean, deviation = np.array([self.descriptors[name] for name in DESCRIPTORS]).T
        deviations = (descriptors - mean) / deviation
        clipped: Array = np.clip(deviations, -_WIDEST, _WIDEST).astype(np.float32)
        return clipped


@functools.cache
def load_reference() -> ReferenceStatistics:
    """Read the statistics that are shipped with the package.

    Raises:
        ConfigError: They are of other descriptors than these.
    """
    text = resources.files("evoke_core.music").joinpath(_FILE).read_text("utf-8")
    content = json.loads(text)
    if set(content["descriptors"]) != set(DESCRIPTORS):
        raise ConfigError(
            f"{_FILE}: its descriptors are not those of the code; measure it anew with "
            "measure_reference."
        )
    return _as_reference(content)


def measure_reference(
    descriptors: Array, composites: Mapping[str, Cues], *, provenance: str
) -> ReferenceStatistics:
    """Measure the statistics over clips, one row each.

    Args:
        descriptors: float32[N, K], the salience-weighted mean windows of N clips.
        composites: Cues by composite.
        provenance: Which clips, in words.

    The outermost hundredth on each side is drawn in before: one clip that ends in
    silence would else set the scale of its level's trend.
    """
    wide = descriptors.astype(np.float64)
    wide = np.clip(wide, *np.percentile(wide, [1, 99], axis=0))
    spread = {
        name: (round(float(column.mean()), 6), round(float(column.std()), 6))
        for name, column in zip(DESCRIPTORS, wide.T, strict=True)
    }
    partial = ReferenceStatistics(provenance, len(descriptors), spread, {})
    deviations = partial.standardise(descriptors)
    measured = {}
    for name, cues in composites.items():
        values = combine(deviations, cues).astype(np.float64)
        measured[name] = (round(float(values.mean()), 6), round(float(values.std()), 6))
    content = {
        "provenance": provenance,
        "clips": len(descriptors),
        "descriptors": spread,
        "composites": measured,
    }
    return _as_reference(content)


def combine(deviations: Array, cues: Cues) -> Array:
    """Average standardised descriptors by the cues' weights.

    Args:
        deviations: float32[W, K].
        cues: Weight by descriptor; a negative one turns it round.

    Returns:
        float32[W].
    """
    columns = [DESCRIPTORS.index(name) for name in cues]
    weights = np.array(list(cues.values()), dtype=np.float32)
    mean: Array = deviations[:, columns] @ (weights / np.abs(weights).sum())
    return mean


def write_reference(reference: ReferenceStatistics) -> str:
    """Return the text of `reference_statistics.json`."""
    content = {
        "provenance": reference.provenance,
        "clips": reference.clips,
        "descriptors": reference.descriptors,
        "composites": reference.composites,
    }
    return json.dumps(content, indent=1) + "\n"


def _as_reference(content: dict[str, object]) -> ReferenceStatistics:
    tables = {
        part: {
            name: (float(mean), float(deviation))
            for name, (mean, deviation) in cast(
                "dict[str, tuple[float, float]]", content[part]
            ).items()
        }
        for part in ("descriptors", "composites")
    }
    numbers = json.dumps(tables, sort_keys=True).encode()
    return ReferenceStatistics(
        provenance=str(content["provenance"]),
        clips=int(cast("int", content["clips"])),
        descriptors=tables["descriptors"],
        composites=tables["composites"],
        digest=hashlib.sha256(numbers).hexdigest()[:12],
    )
