"""Checks find what they are there for, and say in words what is wrong."""

import io
from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl
import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.corpus.licences import load_licences
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import table_key, write_table
from evoke_pipelines import checks
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.environment import CONFIG_FOLDER


def rows(table: str, *given: Mapping[str, Any]) -> pl.DataFrame:
    """Fill what is not given with something that the data dictionary allows."""
    return TABLES[table].frame([_blank(table) | dict(each) for each in given])


def _blank(table: str) -> dict[str, Any]:
    filler = {pl.String: "", pl.Boolean: False}
    return {
        name: column.choices[0]
        if column.choices
        else None
        if column.optional
        else [1.0]
        if column.unit_length
        else []
        if isinstance(column.dtype, pl.List)
        else filler.get(column.dtype, 0)
        for name, column in TABLES[table].columns.items()
    }


def put(store: LocalStore, table: str, frame: pl.DataFrame) -> None:
    """Write a table as nobody checked it."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    store.write(table_key(table), buffer.getvalue())


def _dictionary_check(table: str) -> dg.AssetChecksDefinition:
    [found] = [
        each
        for each in CHECKS
        for key in each.check_keys
        if key.name == f"{table}_fit_the_data_dictionary"
    ]
    return found


def test_a_repeated_key_fails_with_the_table_and_the_number_of_rows(store) -> None:
    row = {"track_id": "a"}
    put(store, "track_refusals", rows("track_refusals", row, row))
    found = _dictionary_check("track_refusals")(store=store)
    assert not found.passed
    assert "1 rows repeat a key" in found.description
    assert "| track_id | String | String, key | 0 |" in found.metadata["columns"].value


def test_a_vector_that_is_not_of_unit_length_fails(store) -> None:
    put(
        store,
        "image_embeddings",
        rows("image_embeddings", {"sha256": "a", "embedding": [3.0, 4.0]}),
    )
    found = _dictionary_check("image_embeddings")(store=store)
    assert not found.passed
    assert "unit length" in found.description


def test_a_table_that_is_not_there_or_no_parquet_fails_in_words(store) -> None:
    check = _dictionary_check("track_refusals")
    assert "nothing is stored" in check(store=store).description
    store.write(table_key("track_refusals"), b"rubbish")
    assert "can't be read" in check(store=store).description


def test_a_picture_that_vanished_on_the_way_is_named(store) -> None:
    listed = rows("source_manifests", {"image_id": "a"}, {"image_id": "b"})
    write_table(store, "source_manifests", listed)
    kept = rows("curated_images", {"image_id": "a", "status": "kept"})
    write_table(store, "curated_images", kept)
    found = checks.every_listed_picture_is_accounted_for(store=store)
    assert not found.passed
    assert "nowhere after: 1 (b)" in found.description
    assert found.metadata["unaccounted"].value == 1


@pytest.mark.parametrize(
    ("licence", "credit", "passes"),
    [
        ("CC0-1.0", "A. Painter", True),
        ("CC0-1.0", " ", False),
        ("all rights reserved", "A. Painter", False),
    ],
)
def test_kept_pictures_need_a_licence_that_is_allowed_and_a_credit(
    store, licence: str, credit: str, passes: bool
) -> None:
    listed = {"image_id": "a", "licence": licence, "attribution": credit}
    write_table(store, "source_manifests", rows("source_manifests", listed))
    kept = rows("curated_images", {"image_id": "a", "status": "kept"})
    write_table(store, "curated_images", kept)
    found = checks.every_kept_picture_is_licensed_and_credited(
        store=store,
        run_profile=load_run_profile(CONFIG_FOLDER, "demo"),
        licences=load_licences(CONFIG_FOLDER / "licences.yaml"),
    )
    assert found.passed == passes, found.description


def test_a_kept_picture_without_vector_or_tags_is_named(store) -> None:
    kept = rows("curated_images", {"image_id": "a", "status": "kept"})
    write_table(store, "curated_images", kept)
    write_table(store, "image_tags", rows("image_tags", {"image_id": "old"}))
    facts = rows("image_facts", {"image_id": "a", "sha256": "1"})
    write_table(store, "image_facts", facts)
    write_table(store, "image_embeddings", TABLES["image_embeddings"].empty())
    found = checks.every_kept_picture_has_vector_and_tags(store=store)
    assert found.description == (
        "kept without tags: 1 (a); tagged, but not kept: 1 (old); "
        "kept without a vector: 1 (a)"
    )


def test_a_pair_of_a_picture_that_is_gone_is_named(store) -> None:
    pair = {"track_id": "t", "image_id": "gone", "kind": "positive"}
    write_table(store, "training_pairs", rows("training_pairs", pair))
    write_table(store, "track_tags", rows("track_tags", {"track_id": "t"}))
    write_table(store, "curated_images", TABLES["curated_images"].empty())
    found = checks.every_pair_joins_a_heard_track_and_a_kept_picture(store=store)
    assert found.description == "unknown pictures: 1 (gone)"
