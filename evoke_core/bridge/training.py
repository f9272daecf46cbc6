"""Tables become arrays: what the bridge and its rivals are fitted and judged on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.bridge.projection import Side, in_shared_space
from evoke_core.bridge.report import Truth, planted_truth, tag_truth
from evoke_core.bridge.supervision import Pairs, Supervision, make_pairs
from evoke_core.moods import AFFECT
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array

# What each kind of pair weighs: matches as much as they are alike, and a picture that
# only looks like a match twice as much as any other in the denominator.
_WEIGHTS = {"hard_negative": -1.0, "negative": 0.0}

_PLANTED = ["planted_valence", "planted_arousal"]
# Of a verdict: how far it is from a tie, and how many stand behind it; one rater is
# trusted by half.
_TRUST = (2 * pl.col("agreement") - 1) * pl.col("raters") / (pl.col("raters") + 1)


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
        supervision: Pairs of rows of both; every window has its track's pairs.
    """

    music: Side
    track_ids: npt.NDArray[Any]
    is_whole: npt.NDArray[np.bool_]
    folds: npt.NDArray[Any]
    images: Side
    image_ids: npt.NDArray[Any]
    supervision: Supervision


def training_set(
    track_parts: pl.DataFrame,
    pictures: pl.DataFrame,
    pairs: pl.DataFrame,
    curated: pl.DataFrame | None = None,
) -> TrainingSet:
    """Assemble what training needs.

    Args:
        track_parts: `track_embeddings` joined with `track_tags`.
        pictures: Kept pictures with embedding, scores, valence and arousal.
        pairs: The table `training_pairs`.
        curated: The table `curated_pairs`. Pairs of tracks or pictures that are gone
            are left out.
    """
    curated = TABLES["curated_pairs"].empty() if curated is None else curated
    dealt = pairs.select("track_id", "fold").unique()
    parts = track_parts.join(dealt, on="track_id").sort("track_id", "part")
    wanted = pl.concat([pairs.select("image_id"), curated.select("image_id")]).unique()
    named = pictures.join(wanted, on="image_id", how="semi").sort("image_id")
    sign = pl.when(pl.col("match") == 1).then(1.0).otherwise(-1.0)
    return TrainingSet(
        music=in_shared_space(_side(parts)),
        track_ids=parts["track_id"].to_numpy(),
        is_whole=parts["part"].to_numpy() == 0,
        folds=parts["fold"].to_numpy(),
        images=_side(named),
        image_ids=named["image_id"].to_numpy(),
        supervision=Supervision(
            _numbered(_weighted(pairs), parts, named),
            _numbered(curated.with_columns(worth=sign * _TRUST), parts, named),
        ),
    )


def _weighted(pairs: pl.DataFrame) -> pl.DataFrame:
    worth = pl.col("kind").replace_strict(
        _WEIGHTS, default=None, return_dtype=pl.Float64
    )
    return pairs.with_columns(worth=worth.fill_null(pl.col("similarity")))


def _numbered(
    pairs: pl.DataFrame, parts: pl.DataFrame, pictures: pl.DataFrame
) -> Pairs:
    """Find the rows of each pair's track, whole and windows, and of its picture."""
    rows = parts.select("track_id").with_row_index("music")
    seen = pictures.select("image_id").with_row_index("image")
    found = pairs.join(rows, on="track_id").join(seen, on="image_id")
    found = found.sort("music", "image")
    return make_pairs(*(found[name].to_numpy() for name in ("music", "image", "worth")))


def held_truth(
    training: TrainingSet, tracks: pl.DataFrame, pictures: pl.DataFrame
) -> tuple[Truth, npt.NDArray[np.bool_]]:
    """Find out what is known to belong together, apart from the tags.

    Where some tracks and pictures were planted, they alone are judged.

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
    known = np.asarray(np.isfinite(heard).all(axis=1))
    if judged.any() and known.any():
        truth = planted_truth(heard[known], planted[judged])
        return replace(truth, known=known), judged
    everything = np.ones(len(training.images), bool)
    return tag_truth(
        training.music.rows(training.is_whole), training.images
    ), everything


def _side(rows: pl.DataFrame) -> Side:
    return Side(
        embedding=as_matrix(rows["embedding"]),
        moods=as_matrix(rows["scores"]),
        affect=rows.select(AFFECT).to_numpy().astype(np.float32),
    )


def _planted(table: pl.DataFrame, key: str, wanted: npt.NDArray[Any]) -> Array:
    order = pl.DataFrame({key: wanted.tolist()})
    joined = order.join(
        table.select(key, *_PLANTED), on=key, how="left", maintain_order="left"
    )
    return joined.select(_PLANTED).to_numpy().astype(np.float32)
