"""The board that a real one is held against: as good to look at, about something else.

A heap of random pictures would lose by its looks alone. So a random board is asked for
with the song's own queries, moved as they are to the place of a picture drawn at
random, and chosen by the same rules: only its fit to the music differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from evoke_core.boards.refine import Pool, Refinement, choose_tiles, quantise
from evoke_core.boards.stored import read_refinement
from evoke_core.errors import BoardError
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array


@dataclass(frozen=True, slots=True)
class Corpus:
    """The pictures that boards may show.

    Args:
        pictures: Of `boards.collected.served_pictures`.
        embeddings: float32[N, D], unit length, in the same order.
        rows: Row of each by image_id.
    """

    pictures: pl.DataFrame
    embeddings: Array
    rows: Mapping[str, int]


def open_corpus(pictures: pl.DataFrame) -> Corpus:
    """Bring the table of served pictures into the form that boards are drawn from."""
    ids = pictures["image_id"].to_list()
    return Corpus(
        pictures=pictures,
        embeddings=as_matrix(pictures["embedding"]),
        rows={image_id: row for row, image_id in enumerate(ids)},
    )


def random_board(
    board: Mapping[str, Any], corpus: Corpus, rng: np.random.Generator
) -> list[str]:
    """Choose a board about a picture drawn at random.

    Args:
        board: The real one, of schema evoke.board/1; none of its tiles is used.
        corpus: What is chosen from.
        rng: Draws the picture.

    Returns:
        Distinct image_ids in board order; fewer than the real board's where the corpus
        or the caps end first.

    Raises:
        BoardError: The board was made in another image space, or no picture is left.
    """
    asked = _refinement(board, corpus)
    taken = {corpus.rows.get(str(tile["image_id"]), -1) for tile in board["tiles"]}
    free = np.setdiff1d(np.arange(len(corpus.embeddings)), list(taken))
    if not len(free):
        raise BoardError(
            f"board {board['board_id']}: it shows all {len(corpus.embeddings)} "
            "pictures, so there is no other board; judge with a larger corpus"
        )
    place = corpus.embeddings[rng.choice(free)].astype(np.float64)
    queries = asked.queries - asked.queries[0] + place
    nearest = np.argsort(-(corpus.embeddings[free] @ place), kind="stable")
    rows = free[nearest[: len(board["candidates"])]]
    chosen = choose_tiles(_pool(corpus, rows), replace(asked, queries=queries), {})
    ids = corpus.pictures["image_id"]
    return [ids[int(rows[row])] for row in chosen]


def _refinement(board: Mapping[str, Any], corpus: Corpus) -> Refinement:
    dimension, width = board["refinement"]["dimension"], corpus.embeddings.shape[1]
    if dimension != width:
        raise BoardError(
            f"board {board['board_id']}: made in {dimension} dimensions, the "
            f"pictures now have {width}; compose the board again"
        )
    return read_refinement(board["refinement"])


def _pool(corpus: Corpus, rows: np.ndarray) -> Pool:
    pictures = corpus.pictures[rows.tolist()]
    return Pool(
        vectors=quantise(corpus.embeddings[rows]),
        clusters=pictures["cluster_id"].to_list(),
        artists=pictures["artist"].to_list(),
        sources=pictures["source"].to_list(),
    )
