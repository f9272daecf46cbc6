"""Everything at hand, or a message that says what is missing."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evoke_core.boards.collected import served_pictures
from evoke_core.boards.desk import open_desk
from evoke_core.errors import BoardError, IndexUnavailable, ReleaseMissing
from evoke_core.release import publish, read_release
from evoke_core.storage.tables import read_table, write_arrays, write_table


def test_a_desk_has_all_that_the_release_names(desk, store):
    assert desk.release == read_release(store)
    assert desk.projection.kind == "ridge"
    np.testing.assert_array_equal(desk.directions, np.eye(4, 12))
    assert len(desk.pictures) == len(desk.rows) == len(desk.embeddings) == 24


def test_vectors_are_those_of_the_pictures_that_were_asked_for(desk, index):
    _, embeddings = index.collections["images_1"]
    np.testing.assert_array_equal(desk.vectors_of(["p07", "p02"]), embeddings[[7, 2]])


def test_pictures_know_credit_colours_and_where_they_lie(desk):
    picture = desk.pictures["p05"]
    assert picture["attribution"] == "credit 5"
    assert picture["artist"] == "Ann"
    assert picture["cluster_id"] == "p05"
    assert picture["location"] == "store:gone/5"
    assert len(picture["palette"]) == 5
    assert "embedding" not in picture


def test_only_kept_pictures_that_may_be_shown_are_at_hand(store):
    rows = read_table(store, "curated_images").with_columns(
        status=pl.when(pl.col("image_id") == "p00").then(pl.lit("duplicate"))
        .otherwise("status"),
        served=pl.col("image_id") != "p01",
    )  # fmt: skip
    write_table(store, "curated_images", rows)
    found = served_pictures(store)["image_id"].to_list()
    assert found == [f"p{number:02d}" for number in range(2, 24)]


def test_without_a_release_there_is_no_desk(
    store, index, encoder, run_profile, vocabulary
):
    store.delete("release.json")
    with pytest.raises(ReleaseMissing, match="publish_release"):
        open_desk(store, index, encoder, run_profile, vocabulary)


def test_a_release_of_another_music_encoder_is_refused_with_the_remedy(
    store, index, run_profile, vocabulary
):
    other = SimpleNamespace(fingerprint="listener/9")
    with pytest.raises(
        IndexUnavailable, match=r"listener/9; run refresh_corpus, fit_bridge"
    ):
        open_desk(store, index, other, run_profile, vocabulary)


def test_a_collection_that_is_not_there_is_found_out_before_any_song(
    store, index, encoder, run_profile, vocabulary
):
    publish(store, replace(read_release(store), collection="images_9"))
    with pytest.raises(IndexUnavailable, match="images_9"):
        open_desk(store, index, encoder, run_profile, vocabulary)


def test_pictures_of_another_encoder_are_found_out_before_any_song(
    store, index, encoder, run_profile, vocabulary
):
    seen = read_table(store, "image_embeddings")
    seen = seen.with_columns(fingerprint=pl.lit("painter/2"))
    write_table(store, "image_embeddings", seen)
    with pytest.raises(IndexUnavailable, match=r"painter/1.*painter/2; run refresh"):
        open_desk(store, index, encoder, run_profile, vocabulary)


def test_moods_of_another_vocabulary_are_found_out_before_any_song(
    store, index, encoder, run_profile, vocabulary
):
    publish(store, replace(read_release(store), vocabulary="older"))
    with pytest.raises(IndexUnavailable, match="mood vocabulary older"):
        open_desk(store, index, encoder, run_profile, vocabulary)


def test_sliders_of_another_space_are_found_out_before_any_song(
    store, index, encoder, run_profile, vocabulary
):
    axes = {"directions": np.eye(4, 99, dtype=np.float32)}
    write_arrays(store, "models/d.safetensors", axes, {})
    with pytest.raises(IndexUnavailable, match="length 99, this run has 12"):
        open_desk(store, index, encoder, run_profile, vocabulary)


def test_a_corpus_without_a_picture_to_show_is_found_out_before_any_song(
    store, index, encoder, run_profile, vocabulary
):
    rows = read_table(store, "curated_images").with_columns(served=pl.lit(value=False))
    write_table(store, "curated_images", rows)
    with pytest.raises(BoardError, match="no picture that may be shown; run refresh"):
        open_desk(store, index, encoder, run_profile, vocabulary)
