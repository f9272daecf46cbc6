"""Asking again among 100,000 pictures: exactly, in memory, against Milvus Lite.

What a board that is refined costs beyond its own drawing: the song's queries are known,
the vectors lie in memory. The peer is the index that a new board asks, here a Lite file
that searches exactly too (FLAT), so that both must find the same pictures.

    python -m tests.benchmarks.requery
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.index.exact import nearest
from evoke_core.index.image_index import ImageIndex, open_index
from evoke_core.vectors import Array, l2_normalize
from tests.benchmarks.row import Row, abba, compare

_PICTURES, _DIMENSION, _TOP_K = 100_000, 512, 200
_BOARD = 27  # queries of a board: a song, its sections, the ends of the sliders
_ROUNDS = 5


def rows() -> Iterator[Row]:
    """Measure one query, which the bar is for, and all that a board asks together."""
    vectors, queries = _world(seed=5)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_index(str(Path(folder, "milvus.db"))) as index,
    ):
        index.build("images_bench", _pictures(), vectors)
        yield _against_lite("requery_100k", index, vectors, queries[:1])
        yield _against_lite("requery_100k_board", index, vectors, queries)


def _against_lite(name: str, index: ImageIndex, vectors: Array, queries: Array) -> Row:
    def ours() -> list[list[str]]:
        found, _ = nearest(vectors, queries, _TOP_K)
        return [[_id(row) for row in row_numbers] for row_numbers in found.tolist()]

    def peer() -> list[list[str]]:
        found = index.search("images_bench", queries, top_k=_TOP_K)
        return [[hit.image_id for hit in hits] for hits in found]

    same = [set(one) for one in ours()] == [set(other) for other in peer()]
    seconds = abba(ours, peer, rounds=_ROUNDS)
    said = (
        f"{len(queries)} queries, top {_TOP_K} of {_PICTURES:,} x {_DIMENSION}, both "
        f"exact, {'the same pictures' if same else 'OTHER PICTURES'}"
    )
    return compare(name, *seconds, said, same=same)


def _world(*, seed: int) -> tuple[Array, Array]:
    """Make vectors with 24 directions that matter, and queries among them."""
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(24, _DIMENSION))
    places = rng.normal(size=(_PICTURES + _BOARD, 24)) @ axes / 5
    places[:_PICTURES] += 0.3 * rng.normal(size=(_PICTURES, _DIMENSION))
    made = l2_normalize(places)
    return made[:_PICTURES], made[_PICTURES:]


def _pictures() -> pl.DataFrame:
    plain = ("source", "licence", "attribution", "url")
    sizes = ("width_px", "height_px")
    scores = ("energy", "warmth", "complexity", "abstraction")
    return pl.DataFrame(
        {"image_id": [_id(row) for row in range(_PICTURES)]}
    ).with_columns(
        *(pl.lit("x").alias(name) for name in plain),
        *(pl.lit(640).alias(name) for name in sizes),
        *(pl.lit(0.5).alias(name) for name in scores),
        moods=pl.lit(["calm"]),
    )


def _id(row: int) -> str:
    return f"i{row:06d}"


if __name__ == "__main__":
    for measured in rows():
        sys.stdout.write(
            f"{measured.name}: ours {measured.ours:.4f} s, peer {measured.peer:.4f} s, "
            f"{measured.ratio:.1f}x, {measured.said}\n"
        )
