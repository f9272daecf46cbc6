"""What people felt: rated clips and pictures on one plane, and how rankings are judged.

The research collections lie where EVOKE_SHARED says; their program `evaluate` scores.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.bridge.report import planted_truth
from evoke_core.evaluation import Figure, retrieval_figures
from evoke_core.vectors import Array

FOLDS = 5
SEED = 0

# The same recording under two numbers belongs on one side of any split.
_SAME = {
    "emotify_classical_80": "emotify_classical_54",
    "emotify_rock_166": "emotify_rock_163",
    "emotify_rock_175": "emotify_rock_172",
}


@dataclass(frozen=True, slots=True)
class Rated:
    """Items with ratings.

    Args:
        paths: N names, below the folder of the collections.
        affect: float32[N, 2], the plane.
        groups: [N]; one group is never on both sides of a split.
    """

    paths: list[str]
    affect: Array
    groups: npt.NDArray[np.str_]

    def folds(self) -> npt.NDArray[np.int64]:
        """Deal groups to folds, int64[N]."""
        names, group = np.unique(self.groups, return_inverse=True)
        dealt = np.random.default_rng(SEED).permutation(np.arange(len(names)) % FOLDS)
        return dealt[group]


@dataclass(frozen=True, slots=True)
class Scored:
    """One system: by the program `evaluate`, and by our own retrieval figures."""

    name: str
    gain: Figure
    specific: Figure
    own: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Rating:
    """The clips, the pictures, and the program that judges rankings of them."""

    clips: Rated
    pictures: Rated
    data: Path

    def score(self, name: str, scores: Array) -> Scored:
        """Judge float32[clips, pictures], the highest first."""
        order = np.argsort(-scores, axis=1, kind="stable").tolist()
        ranked = {
            clip: [self.pictures.paths[picture] for picture in row]
            for clip, row in zip(self.clips.paths, order, strict=True)
        }
        said = self._evaluate(ranked)
        count = len(self.clips.paths)
        truth = planted_truth(self.clips.affect, self.pictures.affect)
        return Scored(
            name=name,
            gain=Figure(said["gain"], *said["gain_ci"], count),
            specific=Figure(said["specific"], *said["specific_ci"], count),
            own=retrieval_figures(scores, truth.label),
        )

    def _evaluate(self, ranked: Mapping[str, list[str]]) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "rankings.json")
            file.write_text(json.dumps(ranked))
            done = subprocess.run(
                [sys.executable, str(self.data / "evaluate"), str(file), "--json"],
                capture_output=True, check=True, text=True, timeout=120,
            )  # fmt: skip
        return json.loads(done.stdout)


def read_rating(data: Path) -> Rating:
    """Read who felt what."""
    plane = pl.read_csv(data / "labels" / "emotion_plane.csv")
    music = plane.filter(pl.col("kind") == "music")
    oasis = plane.filter(
        (pl.col("kind") == "image") & pl.col("how").str.starts_with("oasis")
    )
    recordings = [_recording(path) for path in music["path"].to_list()]
    themes = [theme(path) for path in oasis["path"].to_list()]
    return Rating(_rated(music, recordings), _rated(oasis, themes), data)


def theme(path: str) -> str:
    """Name the series that a picture belongs to: `beach` of `beach-1.jpg`."""
    return re.sub(r"-?\d+$", "", Path(path).stem)


def _rated(rows: pl.DataFrame, groups: list[str]) -> Rated:
    affect = rows.select("valence", "arousal").to_numpy().astype(np.float32)
    return Rated(rows["path"].to_list(), affect, np.array(groups))


def _recording(path: str) -> str:
    stem = Path(path).stem
    return _SAME.get(stem, stem)
