"""Feeling from labels: a small ridge from vectors to valence and arousal.

Vectors that come without a text side (a user's own, or a network's without prompts)
can't be asked for moods. But where some items carry words of the mood vocabulary, or
ratings, those places can be regressed on the vectors, and every item read off. No item
is judged by its own label: labelled ones are placed by fits that left their group out.

Not here: the labels themselves (labels), and which moods a place is called (moods).
Source: Hoerl & Kennard, Technometrics 12, 1970; the penalty is chosen by leaving one
out in closed form (Allen, Technometrics 16, 1974), within each fit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evoke_core.errors import BridgeError
from evoke_core.vectors import Array, Array64, spaced_rows

FEWEST = 20  # labelled items; below that two axes can't be told from chance
MOST = 20_000  # items that one fit looks at; more move a thousand numbers no further
_FOLDS = 5  # parts that labelled groups are dealt into
PENALTIES: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class AffectRidge:
    """A linear way from vectors to the affect plane.

    Args:
        weight: float64[D, 2].
        bias: float64[2].
    """

    weight: Array64
    bias: Array64

    def place(self, embeddings: Array) -> Array64:
        """Return float64[N, 2], valence and arousal, drawn towards the mean."""
        placed: Array64 = embeddings.astype(np.float64) @ self.weight + self.bias
        return placed


def affect_from_labels(
    embeddings: Array,
    labelled: Array,
    groups: npt.NDArray[np.generic],
    *,
    seed: int = 0,
    spread: bool = True,
) -> Array:
    """Place every item by what the labels of others say of vectors like its own.

    Args:
        embeddings: float32[N, D], unit length.
        labelled: float32[N, 2], valence and arousal by labels; NaN where there is none.
        groups: [N]; items of one group (pictures of one series, takes of one song) are
            left out together.
        seed: Of the dealing.
        spread: Give the places the mean and spread that the labels have; a regression
            draws everything towards the middle, where no mood lies.

    Returns:
        float32[N, 2] in [-1, 1].

    Raises:
        BridgeError: Too few labels or labelled groups to leave some out.
    """
    known = np.asarray(np.isfinite(labelled).all(axis=1))
    dealt = _deal(groups, known, seed)
    placed = np.zeros((len(embeddings), 2))
    if not known.all():
        every = fit_affect(embeddings[known], labelled[known])
        placed[~known] = every.place(embeddings[~known])
    for fold in range(_FOLDS):
        held = known & (dealt == fold)
        others = known & (dealt != fold)
        fitted = fit_affect(embeddings[others], labelled[others])
        placed[held] = fitted.place(embeddings[held])
    if spread:
        placed = _with_spread(placed, placed[known], labelled[known])
    return np.clip(placed, -1.0, 1.0).astype(np.float32)


def fit_affect(embeddings: Array, affect: Array) -> AffectRidge:
    """Regress places on vectors, with the penalty that leaves one out best, per axis.

    Args:
        embeddings: float32[N, D]; of more than MOST, evenly spaced ones are taken.
        affect: float32[N, 2].
    """
    shown = spaced_rows(len(embeddings), MOST)
    x = embeddings[shown].astype(np.float64)
    y = affect[shown].astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    left, strength, right = np.linalg.svd(x - x_mean, full_matrices=False)
    seen = left.T @ (y - y_mean)  # [rank, 2]
    errors = [_left_out_error(left, strength, y - y_mean, p) for p in PENALTIES]
    chosen = np.array(PENALTIES)[np.argmin(errors, axis=0)]  # [2]
    shrink = strength[:, None] / (strength[:, None] ** 2 + chosen[None])
    weight = right.T @ (shrink * seen)  # [D, 2]
    return AffectRidge(weight=weight, bias=y_mean - x_mean @ weight)


def _deal(
    groups: npt.NDArray[np.generic],
    known: npt.NDArray[np.bool_],
    seed: int,
) -> npt.NDArray[np.int64]:
    """Deal labelled groups to folds; int64[N], -1 for items without a label."""
    names = np.unique(groups[known])
    if int(known.sum()) < FEWEST or len(names) < _FOLDS:
        raise BridgeError(
            f"feeling from labels: needs {FEWEST} labelled items in {_FOLDS} groups; "
            f"got {int(known.sum())} in {len(names)}; label more of them with words of "
            "mood_vocabulary.yaml, or choose an encoder that reads text"
        )
    order = np.random.default_rng(seed).permutation(np.arange(len(names)) % _FOLDS)
    dealt = np.full(len(groups), -1)
    dealt[known] = order[np.searchsorted(names, groups[known])]
    return dealt


def _left_out_error(
    left: Array64, strength: Array64, centred: Array64, penalty: float
) -> Array64:
    """Return the mean squared error of each axis where each item is left out."""
    share = strength**2 / (strength**2 + penalty)
    fitted = left @ (share[:, None] * (left.T @ centred))
    leverage = (left**2 @ share) + 1.0 / len(left)  # the mean is fitted too
    residual = (centred - fitted) / np.maximum(1.0 - leverage, 1e-9)[:, None]
    error: Array64 = (residual**2).mean(axis=0)
    return error


def _with_spread(placed: Array64, judged: Array64, labels: Array) -> Array64:
    """Move and scale places so that judged ones lie as widely as their labels."""
    width = judged.std(axis=0)
    scale = labels.std(axis=0) / np.where(width > 0, width, 1.0)
    moved: Array64 = (placed - judged.mean(axis=0)) * scale + labels.mean(axis=0)
    return moved
