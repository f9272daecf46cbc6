"""Tables become arrays: what the bridge and its rivals are fitted and judged on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.bridge.projection import Side
from evoke_core.bridge.report import Truth, planted_truth, tag_truth
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array

_AFFECT = ["valence", "arousal"]
_PLANTED = ["planted_valence", "planted_arousal"]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Music and pictures side by side.

    Args:
        music: N tracks and windows.
        track_ids: [N], the track of each row.
        is_whole: bool[N], the row is a whole track.
        folds: int[N], cross-fitting fold of the row's track.
        images: M kept pictures that a pair names.
        image_ids: [M].
    """

    music: Side
    track_ids: npt.NDArray[Any]
    is_whole: npt.NDArray[np.bool_]
    folds: npt.NDArray[Any]
    images: Side
    image_ids: npt.NDArray[Any]


def training_set(
    track_parts: pl.DataFrame, pictures: pl.DataFrame, pairs: pl.DataFrame
) -> TrainingSet:
    """Assemble what training needs.

    Args:
        track_parts: `track_embeddings` joined with `track_tags`.
        pictures: Kept pictures with embedding, scores, valence and arousal.
        pairs: The table `training_pairs`.
    """
    dealt = pairs.select("track_id", "fold").unique()
    parts = track_parts.join(dealt, on="track_id").sort("track_id", "part")
    named = pictures.join(pairs.select("image_id").unique(), on="image_id", how="semi")
    named = named.sort("image_id")
    return TrainingSet(
        music=_side(parts),
        track_ids=parts["track_id"].to_numpy(),
        is_whole=parts["part"].to_numpy() == 0,
        folds=parts["fold"].to_numpy(),
        images=_side(named),
        image_ids=named["image_id"].to_numpy(),
    )


def held_truth(
    training: TrainingSet, tracks: pl.DataFrame, pictures: pl.DataFrame
) -> tuple[Truth, npt.NDArray[np.bool_]]:
    """Find out what is known to belong together, apart from the tags.

    Args:
        training: What was fitted on.
        tracks: `track_manifest`.
        pictures: `source_manifests`.

    Returns:
        The truth for whole tracks and judged pictures, and bool[M]: which of the
        training pictures are judged.
    """
    planted = _planted(pictures, "image_id", training.image_ids)
    heard = _planted(tracks, "track_id", training.track_ids[training.is_whole])
    judged = np.asarray(np.isfinite(planted).all(axis=1))
    if judged.any() and np.isfinite(heard).all():
        return planted_truth(heard, planted[judged]), judged
    everything = np.ones(len(training.images), bool)
    return tag_truth(
        training.music.rows(training.is_whole), training.images
    ), everything


def _side(rows: pl.DataFrame) -> Side:
    return Side(
        embedding=as_matrix(rows["embedding"]),
        moods=as_matrix(rows["scores"]),
        affect=rows.select(_AFFECT).to_numpy().astype(np.float32),
    )


def _planted(table: pl.DataFrame, key: str, wanted: npt.NDArray[Any]) -> Array:
    order = pl.DataFrame({key: wanted.tolist()})
    joined = order.join(
        table.select(key, *_PLANTED), on=key, how="left", maintain_order="left"
    )
    return joined.select(_PLANTED).to_numpy().astype(np.float32)
