"""Tables and arrays: what can be read is valid, and equal content has one digest."""

import io
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.errors import EvokeError, SchemaError
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.store import digest
from evoke_core.storage.tables import (
    as_matrix,
    frame_digest,
    read_arrays,
    read_table,
    read_table_or_empty,
    table_key,
    write_arrays,
    write_frame,
    write_table,
)

NAMES = ["a", "b", "a name too long to be kept inside a string view", None]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.none() | st.integers(-5, 5),
        st.lists(st.floats(-1, 1, width=32), max_size=3),
    ),
    max_size=12,
)
SCHEMA = {"name": pl.String, "number": pl.Int64, "vector": pl.List(pl.Float32)}


def tags(*image_ids: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"image_id": name, "valence": 0.1, "arousal": -0.5, "moods": ["calm"]}
            | {"scores": [0.25, 0.75], "labelled": False, "strength": 1.0}
            for name in image_ids
        ],
        schema={n: c.dtype for n, c in TABLES["image_tags"].columns.items()},
    )


def stored_bytes(frame: pl.DataFrame) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        write_frame(store, "frame.parquet", frame)
        return store.read("frame.parquet")


def test_a_table_is_read_back_as_it_was_written(store: LocalStore):
    frame = tags("i1", "i2")

    write_table(store, "image_tags", frame)

    assert read_table(store, "image_tags").equals(frame)
    assert store.exists("tables/image_tags/all.parquet")


def test_columns_are_stored_in_their_declared_order(store: LocalStore):
    shuffled = tags("i1").select(reversed(tags().columns))

    done = write_table(store, "image_tags", shuffled)

    assert read_table(store, "image_tags").columns == TABLES["image_tags"].names()
    assert done == write_table(store, "image_tags", tags("i1"))


def test_a_table_that_breaks_a_rule_leaves_the_stored_one(store: LocalStore):
    write_table(store, "image_tags", tags("i1"))

    with pytest.raises(EvokeError, match="repeat a key"):
        write_table(store, "image_tags", tags("i2", "i2"))

    assert read_table(store, "image_tags")["image_id"].to_list() == ["i1"]


def test_a_table_that_was_never_written_is_a_key_error_or_empty(store: LocalStore):
    with pytest.raises(KeyError):
        read_table(store, "image_tags")

    empty = read_table_or_empty(store, "image_tags")

    assert (empty.height, empty.columns) == (0, TABLES["image_tags"].names())


def test_a_table_of_an_older_schema_is_nothing_to_resume_from(store: LocalStore):
    def stored(frame: pl.DataFrame) -> int:
        path = store.root / table_key("image_tags")
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)
        return read_table_or_empty(store, "image_tags").height

    assert stored(tags("i1")) == 1
    assert stored(tags("i1").drop("scores")) == 0
    assert stored(tags("i1").with_columns(pl.col("valence").cast(pl.Float64))) == 0


@given(ROWS, st.integers(0, 3))
@settings(max_examples=40)
def test_equal_rows_have_one_digest_however_they_came_about(
    rows: list[tuple[str | None, int | None, list[float]]], cut: int
):
    made = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    decoy = pl.DataFrame(
        [("a decoy that is filtered away again", 99, [9.0, 9.0])],
        schema=SCHEMA,
        orient="row",
    )
    filtered = pl.concat([decoy, made[:cut], decoy, made[cut:]]).filter(
        pl.col("number").ne_missing(99)
    )
    masked = made.with_columns(pl.col("number").fill_null(7)).with_columns(
        pl.when(made["number"].is_not_null()).then("number").alias("number")
    )

    assert filtered.equals(made)
    assert frame_digest(filtered) == frame_digest(made)
    assert frame_digest(masked) == frame_digest(made)
    assert stored_bytes(filtered) == stored_bytes(masked) == stored_bytes(made)


def test_another_value_order_or_name_is_another_digest():
    frame = pl.DataFrame({"a": [1, 2], "b": [1.0, 2.0]})
    others = [
        frame.reverse(),
        frame.rename({"a": "c"}),
        frame.with_columns(pl.col("a").cast(pl.Int32)),
        frame.with_columns(b=pl.lit(1.0)),
        frame.head(1),
    ]

    assert len({frame_digest(f) for f in (frame, *others)}) == 6


def test_a_stored_table_keeps_its_digest_which_is_that_of_its_bytes(store: LocalStore):
    done = write_table(store, "image_tags", tags("i1", "i2"))

    assert digest(store.read(table_key("image_tags"))) == done
    assert write_table(store, "image_tags", read_table(store, "image_tags")) == done


def test_vectors_stack_into_a_float32_matrix():
    column = pl.Series([[1.0, 2.0], [3.0, 4.0]], dtype=pl.List(pl.Float64))

    matrix = as_matrix(column)

    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert as_matrix(column.clear()).shape == (0, 0)


def test_arrays_and_their_card_come_back(store: LocalStore):
    arrays = {
        "weights": np.arange(6, dtype=np.float32).reshape(2, 3).T,  # not contiguous
        "bias": np.array([1, 2], np.int64),
    }
    card = {"licence": "CC0-1.0", "metrics": {"mrr": 0.25}, "who": "Müller"}

    write_arrays(store, "bridge/one.safetensors", arrays, card)
    found, found_card = read_arrays(store, "bridge/one.safetensors")

    assert found_card == card
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_equal_arrays_are_equal_bytes_in_whatever_order_they_are_named(
    store: LocalStore,
):
    a, b = np.ones(3, np.float32), np.zeros((2, 2), np.float32)

    first = write_arrays(store, "one", {"a": a, "b": b}, {"x": 1, "y": 2})
    second = write_arrays(store, "two", {"b": b, "a": a}, {"y": 2, "x": 1})

    assert first == second
    assert store.read("one") == store.read("two")
    assert first != write_arrays(store, "three", {"a": a, "b": b}, {"x": 1, "y": 3})


def test_absent_arrays_are_a_key_error(store: LocalStore):
    with pytest.raises(KeyError):
        read_arrays(store, "none")


def test_parts_are_read_as_one_table_in_the_order_of_their_names(store: LocalStore):
    write_table(store, "image_tags", tags("i2"), "second")
    write_table(store, "image_tags", tags("i1"), "first")

    assert read_table(store, "image_tags")["image_id"].to_list() == ["i1", "i2"]
    assert read_table_or_empty(store, "image_tags", "first").height == 1
    assert read_table_or_empty(store, "image_tags", "third").height == 0


def test_a_damaged_part_is_nothing_to_resume_from(store: LocalStore):
    store.write(table_key("image_tags", "first"), b"rubbish")

    assert read_table_or_empty(store, "image_tags", "first").height == 0


def test_a_table_of_another_data_dictionary_is_refused_with_the_remedy(store) -> None:
    older = TABLES["track_refusals"].empty().drop("detail")
    buffer = io.BytesIO()
    older.write_parquet(buffer)
    store.write(table_key("track_refusals"), buffer.getvalue())
    with pytest.raises(SchemaError, match=r"detail differ; run `make demo`"):
        read_table(store, "track_refusals")
