"""Checks find what they are there for, and say in words what is wrong."""

import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.corpus.licences import load_licences
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import write_table
from evoke_pipelines import checks
from evoke_pipelines.environment import CONFIG_FOLDER
from tests.evoke_pipelines.tables import rows


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
