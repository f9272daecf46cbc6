"""Means and spreads of a reference collection, by which much and little are judged.

`reference_statistics.json` holds, for every feature, attribute and affect composite,
the mean and standard deviation over 816 openly licensed photographs and paintings. It
holds statistics only: no picture, no rating.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array

STATISTICS_FILE = Path(__file__).with_name("reference_statistics.json")


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceStatistics:
    """Mean and standard deviation by name, and the digest of their file."""

    moments: Mapping[str, tuple[float, float]]
    digest: str

    def standardise(
        self, names: Sequence[str], values: npt.NDArray[np.floating]
    ) -> Array:
        """Subtract each name's mean and divide by its standard deviation.

        Args:
            names: K names.
            values: float[..., K], raw.

        Returns:
            float32[..., K].
        """
        mean, sd = np.array([self.moments[name] for name in names]).T
        return np.asarray((values - mean) / sd, dtype=np.float32)


@cache
def load_reference() -> ReferenceStatistics:
    """Read the shipped statistics, once per process."""
    content = STATISTICS_FILE.read_bytes()
    moments = {
        name: (float(mean), float(sd))
        for name, (mean, sd) in json.loads(content)["moments"].items()
    }
    return ReferenceStatistics(moments, hashlib.sha256(content).hexdigest())
