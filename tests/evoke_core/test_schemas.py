"""The data dictionary refuses each kind of fault by table, column and cause."""

from typing import Any

import polars as pl
import pytest

from evoke_core.errors import SchemaError
from evoke_core.schemas import TABLES, validate

EMBEDDINGS = {
    "sha256": pl.String, "fingerprint": pl.String, "embedding": pl.List(pl.Float32),
}  # fmt: skip


def clusters(**changed: Any) -> pl.DataFrame:
    values = {
        "image_id": ["i1", "i2"],
        "source": ["s", "s"],
        "source_key": ["k1", "k2"],
        "phash": pl.Series([1, 2], dtype=pl.UInt64),
        "cluster_id": ["i1", "i1"],
        "is_keeper": [True, False],
        "relation": ["keeper", "near"],
        "component_id": ["i1", "i1"],
    }
    return pl.DataFrame(values | changed)


def embeddings(*vectors: list[float | None]) -> pl.DataFrame:
    rows = [(f"h{n}", "f", vector) for n, vector in enumerate(vectors)]
    return pl.DataFrame(rows, schema=EMBEDDINGS, orient="row")


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_of_every_kind_is_valid(name: str):
    empty = TABLES[name].empty()

    assert validate(name, empty).columns == TABLES[name].names()


@pytest.mark.parametrize("name", TABLES)
def test_keys_are_columns_that_are_never_missing(name: str):
    table = TABLES[name]

    assert table.key
    assert all(not table.columns[column].optional for column in table.key)
    assert all(column.meaning for column in table.columns.values())


def test_columns_come_out_in_their_declared_order():
    shuffled = clusters().select(reversed(clusters().columns))

    assert validate("duplicate_clusters", shuffled).equals(clusters())


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (clusters().drop("relation"), r"columns differ.*'relation'"),
        (clusters(extra=[1, 2]), r"columns differ.*'extra'"),
        (clusters(is_keeper=[1, 0]), r"\.is_keeper: got Int64, declared Boolean"),
        (clusters(cluster_id=["i1", None]), r"\.cluster_id: 1 values are missing"),
        (clusters(relation=["keeper", "twin"]), r"\.relation: a value is none of"),
        (clusters(image_id=["i1", "i1"]), r"1 rows repeat a key \('image_id',\)"),
    ],
)
def test_a_fault_names_table_column_and_cause(frame: pl.DataFrame, said: str):
    with pytest.raises(SchemaError, match=f"^duplicate_clusters.*{said}"):
        validate("duplicate_clusters", frame)


def test_what_is_optional_may_be_missing():
    row = dict.fromkeys(TABLES["image_facts"].names()) | {
        "image_id": "i", "source": "s", "source_key": "k", "version": "1",
        "measured_by": "1", "status": "failed", "reason": "truncated", "palette": [],
    }  # fmt: skip
    frame = TABLES["image_facts"].frame([row])

    assert validate("image_facts", frame).height == 1


def test_a_key_of_two_columns_repeats_only_as_a_whole():
    rows = [("t1", "i1"), ("t1", "i2"), ("t2", "i1")]
    frame = pl.DataFrame(
        [(*pair, "positive", 0.5, 0) for pair in rows],
        schema=TABLES["training_pairs"].schema(),
        orient="row",
    )

    assert validate("training_pairs", frame).height == 3
    with pytest.raises(SchemaError, match="2 rows repeat a key"):
        validate("training_pairs", pl.concat([frame, frame[:2]]))


def test_vectors_of_unit_length_pass():
    fine = embeddings([1.0, 0.0], [0.6, 0.8])

    assert validate("image_embeddings", fine).equals(fine)


@pytest.mark.parametrize(
    "vector",
    [[0.0, 0.0], [1.0, 0.1], [], [float("nan"), 0.0], [float("inf"), 0.0], [1.0, None]],
)
def test_vectors_of_any_other_length_are_refused(vector: list[float | None]):
    with pytest.raises(
        SchemaError, match=r"image_embeddings\.embedding: .*unit length"
    ):
        validate("image_embeddings", embeddings([1.0, 0.0], vector))
