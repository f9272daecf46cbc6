"""Which pictures a track learns from: matching ones, near misses, and others.

Music and pictures were tagged independently; here their tags meet. Tracks are dealt to
folds, so that every track can be judged by a bridge that never heard it; pictures were
reduced to one of each near-duplicate cluster before, so no copy can leak.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.config.profile import PairRules
from evoke_core.schemas import TABLES
from evoke_core.shared_space import FEELING
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array, l2_normalize, row_blocks


def pair_by_tags(
    tracks: pl.DataFrame,
    pictures: pl.DataFrame,
    embeddings: Array,
    rules: PairRules,
    *,
    folds: int,
) -> pl.DataFrame:
    """Pair every track with pictures by the similarity of their mood scores.

    Args:
        tracks: Columns track_id, scores; one row per track.
        pictures: Columns image_id, scores; one row per kept picture.
        embeddings: float32[N, FEELING + D] of the shared space, in the pictures'
            order.
        rules: How many of each kind, and the seed.
        folds: Number of cross-fitting folds.

    Returns:
        The table `training_pairs`: positives are the most similar pictures, hard
        negatives look like them but feel otherwise, negatives are drawn from the
        less similar half. Empty where there are no tracks or no pictures.
    """
    if not (tracks.height and pictures.height):
        return TABLES["training_pairs"].empty()
    rng = np.random.default_rng(rules.seed)
    dealt = _deal(tracks.height, folds, rng)
    similarity = _compare(as_matrix(tracks["scores"]), as_matrix(pictures["scores"]))
    ids = pictures["image_id"].to_list()
    rows = [
        (track, ids[picture], kind, float(likeness[picture]), int(fold))
        for track, fold, likeness in zip(
            tracks["track_id"].to_list(), dealt, similarity, strict=True
        )
        for kind, picture in _choose(likeness, embeddings, rules, rng)
    ]
    schema = TABLES["training_pairs"].schema()
    return pl.DataFrame(rows, schema=schema, orient="row")


def _compare(tracks: Array, pictures: Array) -> Iterator[Array]:
    """Yield each track's cosines with all pictures, float32[N]."""
    left, right = l2_normalize(tracks), l2_normalize(pictures)
    for some in row_blocks(len(left), len(right)):
        yield from left[some] @ right.T


def _deal(count: int, folds: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    return np.asarray(rng.permutation(np.arange(count) % folds))


def _choose(
    similarity: Array, embeddings: Array, rules: PairRules, rng: np.random.Generator
) -> list[tuple[str, int]]:
    order = np.argsort(-similarity, kind="stable")
    positives = order[: rules.positives]
    unlike = order[max(len(order) // 2, rules.positives) :]
    looks = embeddings[:, FEELING:]
    likeness = looks[unlike] @ looks[positives].mean(axis=0)
    hard = unlike[np.argsort(-likeness, kind="stable")[: rules.hard_negatives]]
    rest = np.setdiff1d(unlike, hard)
    drawn = rng.choice(rest, min(rules.random_negatives, len(rest)), replace=False)
    return [
        *(("positive", int(p)) for p in positives),
        *(("hard_negative", int(p)) for p in hard),
        *(("negative", int(p)) for p in np.sort(drawn)),
    ]
