"""A release keeps its pictures' vectors and tags, whatever a refresh makes of them."""

import polars as pl
import pytest

from evoke_core.boards.collected import (
    FITTED,
    collected_pictures,
    drop_collected,
    keep_collected,
    served_pictures,
)
from evoke_core.storage.tables import read_table, write_table


@pytest.fixture
def refreshed(store):
    """A store whose tables a refresh replaced since the collection was built."""
    keep_collected(store, "images_1", served_pictures(store))
    tags = read_table(store, "image_tags")
    write_table(
        store, "image_tags",
        tags.with_columns(moods=pl.lit(["other"]), valence=pl.lit(0.9, pl.Float32)),
    )  # fmt: skip
    seen = read_table(store, "image_embeddings")
    write_table(
        store, "image_embeddings", seen.with_columns(fingerprint=pl.lit("painter/2"))
    )
    listed = read_table(store, "source_manifests")
    write_table(
        store, "source_manifests", listed.with_columns(attribution=pl.lit("corrected"))
    )
    curated = read_table(store, "curated_images")
    left = pl.col("image_id") == "p00"
    write_table(
        store, "curated_images", curated.with_columns(served=~left & pl.col("served"))
    )
    return store


def test_vectors_and_tags_are_those_of_the_collection(store, refreshed):
    tables, kept = served_pictures(store), collected_pictures(store, "images_1")
    assert tables["moods"].to_list()[0] == ["other"]
    assert ["other"] not in kept["moods"].to_list()
    assert set(kept["fingerprint"]) == {"painter/1"}
    assert kept.columns == tables.columns
    assert kept["image_id"].to_list() == tables["image_id"].to_list()


def test_who_left_and_what_is_said_of_a_picture_counts_at_once(refreshed):
    kept = collected_pictures(refreshed, "images_1")
    assert kept["image_id"].to_list() == [f"p{number:02d}" for number in range(1, 24)]
    assert set(kept["attribution"]) == {"corrected"}


def test_a_picture_that_came_since_is_not_among_them(store):
    pictures = served_pictures(store)
    keep_collected(store, "images_1", pictures.head(20))
    found = collected_pictures(store, "images_1")
    assert found.equals(pictures.head(20))


@pytest.mark.parametrize("harm", [None, b"rubbish"])
def test_where_nothing_whole_was_kept_the_tables_say_it(store, harm):
    [key] = keep_collected(store, "images_1", served_pictures(store).head(20))
    store.delete(key)
    if harm:
        store.write(key, harm)
    assert collected_pictures(store, "images_1").equals(served_pictures(store))


def test_what_no_release_names_is_dropped(store):
    pictures = served_pictures(store)
    keys = [
        key for n in range(3) for key in keep_collected(store, f"images_{n}", pictures)
    ]
    drop_collected(store, keep=["images_0", "images_2"])
    assert [store.exists(key) for key in keys] == [True, False, True]
    assert set(FITTED) < set(served_pictures(store).columns)
