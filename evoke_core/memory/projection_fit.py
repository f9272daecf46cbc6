"""A projection that is trained: sound regressed on what people say of such music.

Songs of a library carry mood tags; a text model says where their tags lie. A ridge from
sounds to these places is fitted in closed form, its penalty chosen on songs left out.
How well it holds is judged on songs that neither fit nor penalty have seen, all songs
of a group together: a fit that can't tell a song's own tags from another's is no better
than the untrained one, and its card says so.

Not here: the projection itself (projection), the ridge (bridge.shrinkage).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.shrinkage import choose_shrinkage, fit_reduced_ridge
from evoke_core.errors import BridgeError
from evoke_core.evaluation import Figure, bootstrap
from evoke_core.memory.projection import (
    Projection,
    centred_projection,
    orthogonal_weight,
    untrained_projection,
)
from evoke_core.memory.text_encoder import TextEncoder
from evoke_core.vectors import Array, cosine_similarity, l2_normalize

FEWEST_GROUPS = 10  # below, songs left out say nothing of other songs
_FOLDS = 5
_RANK_FLOOR = 1e-6  # of the largest singular value


@dataclass(frozen=True, slots=True)
class ProjectionFit:
    """A trained projection and how well it holds.

    Args:
        projection: Fitted on all songs.
        own: Cosine of a left-out song's direction with its own tags' place, both from
            the middle; the mean over groups.
        margin: The same less the cosine with the other left-out songs' tags: 0 for
            chance.
        untrained: The margin of the untrained projection on the same songs.
    """

    projection: Projection
    own: Figure
    margin: Figure
    untrained: Figure

    @property
    def is_better_than_chance(self) -> bool:
        """Say whether the whole interval of the margin lies above 0."""
        return self.margin.low > 0

    def card(self) -> dict[str, Any]:
        """Return the figures as plain numbers."""
        named = {
            "own_cosine": self.own,
            "margin_over_other_songs": self.margin,
            "margin_of_untrained": self.untrained,
        }
        figures = {
            name: {"value": f.value, "low": f.low, "high": f.high, "groups": f.n}
            for name, f in named.items()
        }
        return figures | {"is_better_than_chance": self.is_better_than_chance}


@dataclass(frozen=True, slots=True)
class LibraryProjection:
    """What a library has to say about projections.

    Args:
        projection: The trained one where it holds on songs left out; else the
            untrained one, centred on the library.
        card: Which of them and why, in plain values.
    """

    projection: Projection
    card: dict[str, Any]


def project_library(
    sounds: Array, targets: Array | None, groups: npt.NDArray[Any], *, seed: int = 0
) -> LibraryProjection:
    """Make the projection that a library supports.

    Args:
        sounds: float32[N, D], N >= 2.
        targets: float32[N, 768], see `tag_targets`; None where nothing is tagged.
        groups: [N].
        seed: Of the matrix and the folds.
    """
    plain = untrained_projection(sounds.shape[1], library=sounds, seed=seed)
    if targets is None:
        return LibraryProjection(plain, {"way": "untrained", "reason": "no tags"})
    try:
        fit = fit_projection(sounds, targets, groups, seed=seed)
    except BridgeError as none:
        return LibraryProjection(plain, {"way": "untrained", "reason": str(none)})
    if not fit.is_better_than_chance:
        said = {
            "way": "untrained",
            "reason": "the trained one is no better than chance",
        }
        return LibraryProjection(plain, said | fit.card())
    return LibraryProjection(fit.projection, {"way": "trained"} | fit.card())


def tag_targets(encoder: TextEncoder, tags: Sequence[Sequence[str]]) -> Array:
    """Say where songs' mood tags lie among word states.

    Args:
        encoder: The text side that will be perturbed.
        tags: Each song's moods, at least one each.

    Returns:
        float32[N, 768], unit length: the mean state of the words, since words are what
        a direction is added to.
    """
    said = [", ".join(each) for each in tags]
    places = {text: encoder.encode(text).word_mean() for text in sorted(set(said))}
    return np.stack([places[text] for text in said])


def fit_projection(
    sounds: Array, targets: Array, groups: npt.NDArray[Any], *, seed: int = 0
) -> ProjectionFit:
    """Fit sounds to the places of their tags, and judge the fit on songs left out.

    Args:
        sounds: float32[N, D].
        targets: float32[N, 768], unit length, as of `tag_targets`.
        groups: [N]; songs of a group (takes of one recording) are left out together.
        seed: Deals groups to folds.

    Raises:
        BridgeError: Too few groups, or all targets are the same.
    """
    names, group = np.unique(groups, return_inverse=True)
    if len(names) < FEWEST_GROUPS or np.ptp(targets, axis=0).max() == 0:
        raise BridgeError(
            f"trained projection: needs {FEWEST_GROUPS} groups of songs of different "
            f"moods, got {len(names)}; tag more of the library, or use the untrained "
            "projection"
        )
    rng = np.random.default_rng(seed)
    fold = rng.permutation(np.arange(len(names)) % _FOLDS)[group]
    plain = orthogonal_weight(sounds.shape[1], targets.shape[1], seed=seed)
    own, margin, chance = (np.empty(len(sounds)) for _ in range(3))
    for each in range(_FOLDS):
        held, shown = fold == each, fold != each
        weight = _fit(sounds[shown], targets[shown], group[shown], seed)
        heard = sounds[held] - sounds[shown].mean(axis=0)
        said = targets[held] - targets[shown].mean(axis=0)
        own[held], margin[held] = _agreement(heard @ weight, said, group[held])
        chance[held] = _agreement(heard @ plain, said, group[held])[1]
    count = np.bincount(group)
    origin = f"trained on {len(sounds)} songs in {len(names)} groups, seed {seed}"
    weight = _fit(sounds, targets, group, seed)
    return ProjectionFit(
        centred_projection(weight, sounds, origin=origin),
        own=bootstrap(np.bincount(group, own) / count, seed=seed),
        margin=bootstrap(np.bincount(group, margin) / count, seed=seed),
        untrained=bootstrap(np.bincount(group, chance) / count, seed=seed),
    )


def _fit(sounds: Array, targets: Array, group: npt.NDArray[Any], seed: int) -> Array:
    """Return float32[D, 768], by the ridge in the space that the songs span.

    A ridge has no weight outside it, and songs are far fewer than dimensions.
    """
    centred = sounds - sounds.mean(axis=0)
    _, strength, right = np.linalg.svd(centred, full_matrices=False)
    span = right[strength > _RANK_FLOOR * strength[0]].T  # [D, R]
    inner = centred @ span
    shrinkage = choose_shrinkage(inner, targets, group, reduced=False, seed=seed)
    ridge = fit_reduced_ridge(inner, targets, shrinkage)
    weight: Array = (span @ (ridge.code @ ridge.loadings)).astype(np.float32)
    return weight


def _agreement(
    pulled: Array, said: Array, group: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Compare each song with its own tags, and these with those of other groups."""
    cosine = cosine_similarity(l2_normalize(pulled), said).astype(np.float64)
    own = np.diag(cosine).copy()
    is_other = group[:, None] != group[None]
    counted = np.maximum(is_other.sum(axis=1), 1)
    return own, own - (cosine * is_other).sum(axis=1) / counted
