"""How a collection of pictures is laid out, filled and indexed.

What it holds once that is done is checked in `verification`.
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from evoke_core.index.connection import ANSWER_S
from evoke_core.vectors import Array

FIELDS = (
    "image_id", "source", "licence", "attribution", "url", "width_px", "height_px",
    "moods", "energy", "warmth", "complexity", "abstraction",
)  # fmt: skip
LOAD_S = 600.0
INDEX_S = 7200.0  # 50,000 vectors took minutes of two busy cores
LAYOUT: Final = 2  # counts up when a collection of the same content is laid out anew

_SIZES = ("width_px", "height_px")
_SCORES = ("energy", "warmth", "complexity", "abstraction")
ROWS_AT_ONCE = 1000
_TEXT_BYTES = 65_535  # Milvus's own limits
_MOODS, _MOOD_BYTES = 1024, 512


def create(client: Any, name: str, dimension: int) -> None:  # noqa: ANN401
    """Make an empty collection that has no index yet."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("image_id", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dimension)
    for field in FIELDS[1:]:
        if field in _SIZES:
            schema.add_field(field, DataType.INT64)
        elif field in _SCORES:
            schema.add_field(field, DataType.FLOAT)
        elif field == "moods":
            schema.add_field(
                field,
                DataType.ARRAY,
                element_type=DataType.VARCHAR,
                max_capacity=_MOODS,
                max_length=_MOOD_BYTES,
            )
        else:
            schema.add_field(field, DataType.VARCHAR, max_length=_TEXT_BYTES)
    client.create_collection(name, schema=schema, timeout=ANSWER_S)


def fill(client: Any, name: str, rows: pl.DataFrame, embeddings: Array) -> None:  # noqa: ANN401
    """Insert every row of `as_rows` with its vector, and write them out."""
    for start in range(0, rows.height, ROWS_AT_ONCE):
        part = rows.slice(start, ROWS_AT_ONCE).to_dicts()
        for row, embedding in zip(part, embeddings[start:], strict=False):
            row["embedding"] = embedding.tolist()
        client.insert(name, part, timeout=LOAD_S)
    client.flush(name, timeout=LOAD_S)


def add_index(client: Any, name: str, kind: str) -> None:  # noqa: ANN401
    """Index the vectors and make the collection ready to be searched.

    It comes after the rows: a server answers from a coarse index of its own, at .6 to
    .7 of the truth, until one that was asked for earlier is built.
    """
    parameters = client.prepare_index_params()
    parameters.add_index(
        "embedding", index_type=kind, metric_type="COSINE", params=_INDEXES[kind]
    )
    client.create_index(name, parameters, timeout=INDEX_S)
    client.load_collection(name, timeout=LOAD_S)


def drop_index(client: Any, name: str) -> None:  # noqa: ANN401
    """Take the index of the vectors away, so that another can be added."""
    client.release_collection(name, timeout=ANSWER_S)
    client.drop_index(name, "embedding", timeout=ANSWER_S)


def index_kinds(pictures: int, *, lite: bool) -> Iterator[str]:
    """Name the indexes to try, the last of which is exact.

    Exact search is wanted wherever it is quick, since nothing is lost by it: 27 queries
    for 500 pictures, which a board asks, take .6 s of a server with 50,000 vectors of
    512 numbers on two cores and 1.6 s of Lite with 100,000. Lite stays exact: its graph
    takes longer to build (74 s) than it would save in many boards.
    """
    if not lite and pictures >= _LARGE:
        yield "HNSW"
    yield "FLAT"


def search_depth(top_k: int) -> int:
    """Return `ef`, how many candidates HNSW keeps; other indexes ignore it."""
    return min(max(2 * top_k, 256), 32_768)


def as_rows(pictures: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of FIELDS as they are stored: no nulls, no overlong text."""
    texts = [name for name in FIELDS if name not in (*_SIZES, *_SCORES, "moods")]
    return pictures.select(FIELDS).with_columns(
        *(pl.col(name).fill_null("").map_elements(_cut, pl.String) for name in texts),
        *(pl.col(name).cast(pl.Int64).fill_null(0) for name in _SIZES),
        *(pl.col(name).cast(pl.Float32).fill_null(0.0) for name in _SCORES),
        pl.col("moods").cast(pl.List(pl.String)).fill_null([]).list.head(_MOODS),
    )


_LARGE = 200_000
_INDEXES: dict[str, dict[str, int]] = {
    "FLAT": {},
    # 32 links a vector and 200 candidates while building: what holds .98 of the truth
    # for hundreds of neighbours; the usual 16 lose whole regions.
    "HNSW": {"M": 32, "efConstruction": 200},
}


def _cut(text: str) -> str:
    """Shorten a text to what Milvus can hold, at a whole character."""
    return text.encode()[:_TEXT_BYTES].decode(errors="ignore")
