"""Kept pictures come with what is known of them, and only kept ones."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from evoke_core.images.gather import kept_embeddings, kept_pictures
from evoke_core.schemas import TABLES
from evoke_core.shared_space import FEELING
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import as_matrix, write_table
from evoke_core.vectors import from_half_circle, l2_normalize

STATUS = {
    "i1": "kept",
    "i2": "duplicate",
    "i3": "kept",
    "i4": "rejected",
    "i5": "failed",
}
SHA256 = {"i1": "h1", "i2": "h1", "i3": "h3", "i4": "h4", "i5": None}


def put(store: LocalStore, name: str, rows: list[dict[str, Any]]) -> None:
    """Write a table; what is not named gets some valid value."""
    some = {pl.String: "-", pl.Boolean: True, pl.Float32: 0.0}
    columns = TABLES[name].columns
    blank = {
        n: [] if isinstance(c.dtype, pl.List) else None if c.optional else some[c.dtype]
        for n, c in columns.items()
    }
    schema = {n: c.dtype for n, c in columns.items()}
    write_table(store, name, pl.DataFrame([blank | r for r in rows], schema=schema))


def fill(store: LocalStore, fingerprint: str, dimension: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    vectors = l2_normalize(rng.normal(size=(3, dimension)))
    put(
        store,
        "source_manifests",
        [{"image_id": n, "keywords": [f"word of {n}"]} for n in STATUS],
    )
    put(
        store,
        "curated_images",
        [
            {"image_id": n, "status": status, "source": "s", "served": n == "i1"}
            for n, status in STATUS.items()
        ],
    )
    put(
        store,
        "image_facts",
        [
            {"image_id": n, "sha256": h, "status": "measured" if h else "failed"}
            for n, h in SHA256.items()
        ],
    )
    put(
        store,
        "image_embeddings",
        [
            {"sha256": h, "fingerprint": fingerprint, "embedding": v.tolist()}
            for h, v in zip(("h1", "h3", "h4"), vectors, strict=True)
        ],
    )
    put(
        store,
        "image_tags",
        [
            {
                "image_id": "i3",
                "valence": 0.5,
                "arousal": -0.25,
                "moods": ["calm"],
                "strength": 1.0,
            },
            {
                "image_id": "i1",
                "valence": -1.0,
                "arousal": 1.0,
                "moods": ["tense"],
                "strength": 0.5,
            },
        ],
    )
    return vectors


def test_only_kept_pictures_come_in_the_order_of_their_ids(store: LocalStore):
    vectors = fill(store, "some-model", 8)

    kept = kept_embeddings(store)

    assert kept["image_id"].to_list() == ["i1", "i3"]
    assert kept["served"].to_list() == [True, False]
    assert kept["keywords"].to_list() == [["word of i1"], ["word of i3"]]
    assert as_matrix(kept["embedding"]) == pytest.approx(vectors[:2])
    assert {"source", "sha256", "attributes", "fingerprint"} <= set(kept.columns)


def test_pictures_lie_where_their_tags_put_them_and_look_as_they_were_seen(
    store: LocalStore,
):
    vectors = fill(store, "some-model", 8)

    pictures = kept_pictures(store)
    shared = as_matrix(pictures["embedding"])

    assert pictures["image_id"].to_list() == ["i1", "i3"]
    assert pictures["moods"].to_list() == [["tense"], ["calm"]]
    assert from_half_circle(shared[:, :FEELING]) == pytest.approx(
        np.array([[-1, 1], [0.5, -0.25]]), abs=1e-5
    )
    assert l2_normalize(shared[:, FEELING:]) == pytest.approx(vectors[:2], abs=1e-6)


def test_nothing_kept_is_an_empty_frame(store: LocalStore):
    fill(store, "some-model", 8)
    put(store, "curated_images", [{"image_id": "i1", "status": "failed"}])

    assert kept_pictures(store).height == 0
    assert "embedding" in kept_pictures(store).columns
