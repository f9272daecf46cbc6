"""What pictures feel like by their pixels: judged by raters, and fitted to them.

    EVOKE_SHARED=folder python -m tests.benchmarks.seeing [fit]

The OASIS pictures (270, CC0 from Pixabay) with their norms (Kurdi, Lozano & Banaji,
Behavior Research Methods 49, 2017, open access). Each axis is judged by Spearman's rank
correlation on picture themes that were left out, with the penalty chosen within the
rest. `fit` writes evoke_core/images/affect_coefficients.json anew, the same bytes each
time; an axis is in it only where its gain over the published relations has a 95 %
interval, drawn over themes, that lies above 0.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.corpus.decode import decode_picture
from evoke_core.images.affect import affect_composites, standard_features
from evoke_core.images.fitted import COEFFICIENTS_FILE
from evoke_core.moods import AFFECT
from evoke_core.pixels.features import FEATURES, describe_view
from evoke_core.pixels.reference import load_reference
from evoke_core.pixels.view import view_picture
from evoke_core.vectors import Array, Array64
from evoke_core.workers import map_over_cores
from tests.benchmarks.rated import FOLDS, Rated, read_rating

PENALTIES = (300.0, 1000.0, 3000.0, 10000.0)
_REPEATS = 6  # dealings of themes, averaged
_DRAWS = 2000
_TERMS = {
    "fitted_on": "OASIS: Kurdi, Lozano & Banaji, Behav. Res. Methods 49, 2017",
    "terms": "norms open access; pictures CC0 (Pixabay). Coefficients only: no picture "
    "and no rating is in this file.",
    "by": "python -m tests.benchmarks.seeing fit",
}


def correct(published: Array64, x: Array64, rated: Array64, penalty: float) -> Array64:
    """Fit [scale, bias, weights of K features]: half the spread stays published.

    The weights are a ridge regression's. The published sum is scaled to the spread of
    their prediction, so that neither rules: on pictures unlike the rated ones (flat
    colours, paintings) fitted weights alone turn published relations round.

    Args:
        published: float64[N], in reference deviations.
        x: float64[N, K], standardised and clipped.
        rated: float64[N].
        penalty: Of the weights.
    """
    centred = x - x.mean(axis=0)
    gram = centred @ centred.T + penalty * np.eye(len(x))
    weights = centred.T @ np.linalg.solve(gram, rated - rated.mean())
    bias = rated.mean() - x.mean(axis=0) @ weights
    scale = (centred @ weights).std() / published.std()
    return np.concatenate([[scale, bias], weights])


def place(coefficients: Array64, published: Array64, x: Array64) -> Array64:
    """Apply what `correct` found, float64[N]."""
    scale, bias, weights = coefficients[0], coefficients[1], coefficients[2:]
    placed: Array64 = scale * published + bias + x @ weights
    return placed


def choose_penalty(
    published: Array64, x: Array64, rated: Array64, folds: np.ndarray
) -> float:
    """Choose the penalty whose regression errs least on folds left out."""

    def error(penalty: float) -> float:
        told = _left_out(published, x, rated, folds, penalty)
        return float(((told - rated) ** 2).mean())

    return min(PENALTIES, key=error)


def unseen(published: Array64, x: Array64, rated: Array64, groups: Array) -> Array64:
    """Place every picture by fits that saw nothing of its theme, nested."""
    placed = []
    for seed in range(_REPEATS):
        outer, inner = _deal(groups, seed), _deal(groups, 100 + seed)
        said = np.zeros(len(x))
        for fold in range(FOLDS):
            told, held = outer != fold, outer == fold
            penalty = choose_penalty(published[told], x[told], rated[told], inner[told])
            fitted = correct(published[told], x[told], rated[told], penalty)
            said[held] = place(fitted, published[held], x[held])
        placed.append(said)
    return np.mean(placed, axis=0)


def gain_interval(ours: Array64, theirs: Array64, rated: Array64, groups: Array):
    """Draw themes with replacement: 95 % interval of the gain in Spearman's rho."""
    rng, members = np.random.default_rng(0), _members(groups)
    gains = []
    for _ in range(_DRAWS):
        drawn = rng.integers(0, len(members), len(members))
        rows = np.concatenate([members[at] for at in drawn])
        gains.append(_rho(ours[rows], rated[rows]) - _rho(theirs[rows], rated[rows]))
    return [float(each) for each in np.percentile(gains, [2.5, 97.5])]


def main(arguments: list[str]) -> int:
    """Print both axes, and write the table when asked."""
    if "EVOKE_SHARED" not in os.environ:
        sys.stdout.write("no research collections; EVOKE_SHARED names their folder\n")
        return 2
    data = Path(os.environ["EVOKE_SHARED"]) / "data"
    pictures = read_rating(data).pictures
    described = _described(data, pictures.paths)
    axes = {}
    for column, axis in enumerate(AFFECT):
        entry = _judged(described, pictures, column)
        low, high = entry["gain_interval_95"]
        sys.stdout.write(
            f"{axis:8} n {entry['n']}: published {entry['spearman_published']:.3f}, "
            f"corrected {entry['spearman_cross_validated']:.3f}, "
            f"gain {low:.3f} to {high:.3f}\n"
        )
        if entry["gain_interval_95"][0] > 0:
            axes[axis] = entry
    if arguments == ["fit"]:
        listed = pl.read_csv(data / "images" / "images.csv", infer_schema=False)
        reference = _described(data, listed["path"].to_list())
        table = {axis: _complete(axes[axis], axis, reference) for axis in axes}
        content = json.dumps({**_TERMS, "axes": table}, indent=1) + "\n"
        COEFFICIENTS_FILE.write_text(content, encoding="utf-8")
    return 0


def _judged(raw: Array, pictures: Rated, column: int) -> dict:
    published, x = _inputs(raw, column)
    rated = pictures.affect[:, column].astype(np.float64)
    said = unseen(published, x, rated, pictures.groups)
    penalty = choose_penalty(published, x, rated, _deal(pictures.groups, 0))
    fitted = correct(published, x, rated, penalty)
    return {
        "n": len(x),
        "themes": len(np.unique(pictures.groups)),
        "penalty": penalty,
        "spearman_published": round(_rho(published, rated), 3),
        "spearman_cross_validated": round(_rho(said, rated), 3),
        "gain_interval_95": [
            round(end, 3)
            for end in gain_interval(said, published, rated, pictures.groups)
        ],
        "scale": float(f"{fitted[0]:.4g}"),
        "weights": {
            name: float(f"{weight:.4g}")
            for name, weight in zip(FEATURES, fitted[2:], strict=True)
        },
    }


def _complete(entry: dict, axis: str, reference: Array) -> dict:
    """Add mean and deviation over the reference pictures."""
    published, x = _inputs(reference, AFFECT.index(axis))
    weights = np.array([entry["weights"][name] for name in FEATURES])
    joined = entry["scale"] * published + x @ weights
    return {
        **entry,
        "mean": float(f"{joined.mean():.4g}"),
        "deviation": float(f"{joined.std():.4g}"),
    }


def _inputs(raw: Array, column: int) -> tuple[Array64, Array64]:
    composites = load_reference().standardise(AFFECT, affect_composites(raw))
    x = standard_features(raw).astype(np.float64)
    return composites[:, column].astype(np.float64), x


def _left_out(
    published: Array64, x: Array64, rated: Array64, folds: np.ndarray, penalty: float
) -> Array64:
    said = np.zeros(len(x))
    for fold in range(FOLDS):
        told, held = folds != fold, folds == fold
        fitted = correct(published[told], x[told], rated[told], penalty)
        fitted[0] = 0.0  # the published sum has its own scale, which is no regression's
        said[held] = place(fitted, published[held], x[held])
    return said


def _deal(groups: np.ndarray, seed: int) -> np.ndarray:
    names, which = np.unique(groups, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(np.arange(len(names)) % FOLDS)
    return dealt[which]


def _members(groups: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(groups == name) for name in np.unique(groups)]


def _rho(left: np.ndarray, right: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(left, right).statistic)


def _described(data: Path, paths: list[str]) -> Array:
    return np.stack(list(map_over_cores(partial(_describe, data=data), paths)))


def _describe(path: str, *, data: Path) -> Array:
    return describe_view(view_picture(decode_picture((data / path).read_bytes()).rgb))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
