"""The music library as it can be asked about: tracks, windows and halves.

Boards of it are `report`; it answers pictures in `playlists`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.bridge.projection import Side
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, read_table
from evoke_core.vectors import Array, l2_normalize


@dataclass(frozen=True, slots=True)
class Halves:
    """First and second halves of N tracks, which have no sound in common.

    Args:
        track_ids: [N].
        whole: The tracks.
        first: Equal-weight means of the windows that end by the middle.
        second: Of those that start at the middle or later.
    """

    track_ids: tuple[str, ...]
    whole: Side
    first: Side
    second: Side

    def rows(self, chosen: npt.NDArray[np.intp]) -> "Halves":
        """Return the chosen tracks, by number."""
        return Halves(
            tuple(self.track_ids[row] for row in chosen),
            *(side.rows(chosen) for side in (self.whole, self.first, self.second)),
        )


def read_parts(store: Store) -> pl.DataFrame:
    """Join what is known of the library's tracks and windows.

    Where a track lies is told by its tags, which also know its labels.
    """
    heard = read_table(store, "track_embeddings").drop("valence", "arousal")
    return heard.join(read_table(store, "track_tags"), on=["track_id", "part"])


def side_of(rows: pl.DataFrame) -> Side:
    """Stack rows of `read_parts`."""
    return Side(
        embedding=as_matrix(rows["embedding"]),
        moods=as_matrix(rows["scores"]),
        affect=rows.select("valence", "arousal").to_numpy().astype(np.float32),
    )


def halves_of(parts: pl.DataFrame) -> Halves:
    """Cut tracks in two by their windows.

    Args:
        parts: `track_embeddings` joined with `track_tags`.

    Returns:
        Those tracks that have a window on each side of the middle, by track_id.
    """
    wholes = parts.filter(pl.col("part") == 0)
    windows = parts.filter(pl.col("part") > 0).join(
        wholes.select("track_id", middle=(pl.col("start_s") + pl.col("end_s")) / 2),
        on="track_id",
    )
    sides = (
        windows.filter(pl.col("end_s") <= pl.col("middle")),
        windows.filter(pl.col("start_s") >= pl.col("middle")),
    )
    both = wholes.join(sides[0], on="track_id", how="semi").join(
        sides[1], on="track_id", how="semi"
    )
    cut = both.sort("track_id")["track_id"].to_list()
    first, second = (_means(windows, cut) for windows in sides)
    return Halves(tuple(cut), _means(wholes, cut), first, second)


def _means(rows: pl.DataFrame, track_ids: list[str]) -> Side:
    """Average the rows of each track, as one row of a side."""
    groups = rows.sort("track_id", "part").partition_by("track_id", as_dict=True)
    found = [groups[track_id,] for track_id in track_ids]
    embedding = [as_matrix(each["embedding"]).mean(axis=0) for each in found]
    moods = [as_matrix(each["scores"]).mean(axis=0) for each in found]
    affect = [
        each.select("valence", "arousal").to_numpy().mean(axis=0) for each in found
    ]
    return Side(l2_normalize(_stacked(embedding)), _stacked(moods), _stacked(affect))


def _stacked(rows: Sequence[Array]) -> Array:
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.stack(rows).astype(np.float32)
