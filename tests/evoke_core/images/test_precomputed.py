"""Pictures with brought vectors: found by any name, and failed rows where not found."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evoke_core.errors import ConfigError, PictureRefused
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.images.precomputed import (
    PrecomputedImages,
    embed_by_name,
    without_unfindable,
)
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.tables import as_matrix

_LIST = pl.List
SHA = ["a" * 64, "b" * 64, "c" * 64, "d" * 64]


@pytest.fixture
def encoder(tmp_path: Path) -> PrecomputedImages:
    path = tmp_path / "mine.npz"
    np.savez(
        path,
        id=np.array([SHA[0], "sea/one.jpg", "two.jpg"]),
        embedding=np.array([[2, 0, 0], [0, 2, 0], [0, 0, 2]], np.float32),
    )
    return PrecomputedImages(path)


def facts(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Rows of (source_key, sha256, status)."""
    columns = TABLES["image_facts"].columns
    return TABLES["image_facts"].frame(
        [
            {
                **{n: [] if c.dtype == _LIST else None for n, c in columns.items()},
                "image_id": f"i{number}",
                "source": "folder",
                "source_key": key,
                "version": "1",
                "measured_by": "1",
                "status": status,
                "reason": None if status == "measured" else "truncated",
                "sha256": sha256,
            }
            for number, (key, sha256, status) in enumerate(rows)
        ]
    )


def test_it_is_an_image_encoder_whose_fingerprint_is_the_files(
    encoder: PrecomputedImages, tmp_path: Path
):
    as_protocol: ImageEncoder = encoder
    assert as_protocol.dimension == 3
    other = tmp_path / "other.npz"
    np.savez(other, id=np.array(["x", "y"]), embedding=np.eye(2))
    assert PrecomputedImages(other).fingerprint != encoder.fingerprint
    assert PrecomputedImages(encoder.path).fingerprint == encoder.fingerprint


def test_pictures_are_found_by_digest_and_by_key(encoder: PrecomputedImages):
    found = encoder.look_up(
        facts(
            ("elsewhere.jpg", SHA[0], "measured"),
            ("all/sea/one.jpg", SHA[1], "measured"),
            ("lost.jpg", SHA[2], "measured"),
        )
    )
    assert found["sha256"].to_list() == SHA[:2]
    expected = np.array([[2, -1, -1], [-1, 2, -1]]) / 6**0.5
    assert as_matrix(found["embedding"]) == pytest.approx(expected)


def test_a_picture_under_two_keys_needs_one_of_them(encoder: PrecomputedImages):
    twice = facts(("lost.jpg", SHA[2], "measured"), ("two.jpg", SHA[2], "measured"))
    assert encoder.look_up(twice)["sha256"].to_list() == [SHA[2]]
    assert encoder.mark_missing(twice).equals(twice)


def test_without_a_vector_a_picture_is_a_failed_row_with_a_reason(
    encoder: PrecomputedImages,
):
    before = facts(
        ("sea/one.jpg", SHA[1], "measured"),
        ("lost.jpg", SHA[2], "measured"),
        ("broken.jpg", SHA[3], "failed"),
    )
    after = validate("image_facts", encoder.mark_missing(before))
    assert after["status"].to_list() == ["measured", "failed", "failed"]
    assert after["reason"].to_list() == [None, "no_vector", "truncated"]
    assert "mine.npz has no vector" in after["detail"][1]
    same = [
        name for name in before.columns if name not in {"status", "reason", "detail"}
    ]
    assert after.select(same).equals(before.select(same))


def test_no_pictures_are_no_vectors(encoder: PrecomputedImages):
    assert encoder.look_up(facts()).height == 0
    assert encoder.encode_images([]).shape == (0, 3)


def test_pixels_alone_are_refused_with_a_remedy(encoder: PrecomputedImages):
    with pytest.raises(PictureRefused, match="handcrafted or open_clip") as refused:
        encoder.encode_images([np.zeros((4, 4, 3), np.uint8)])
    assert refused.value.reason == "no_vector"


def test_a_missing_file_is_said_when_it_is_needed(tmp_path: Path):
    encoder = PrecomputedImages(tmp_path / "gone.npz")
    with pytest.raises(ConfigError, match="there is no such file"):
        _ = encoder.fingerprint


def test_vectors_become_rows_without_a_look_at_any_picture(encoder: PrecomputedImages):
    listed = facts(
        ("elsewhere.jpg", SHA[0], "measured"),
        ("sea/one.jpg", SHA[1], "measured"),
        ("lost.jpg", SHA[2], "measured"),
    )
    frames = list(embed_by_name([SHA[1], SHA[2], SHA[0]], listed, encoder))
    rows = validate("image_embeddings", pl.concat(frames))
    assert rows["sha256"].to_list() == [SHA[1], SHA[0]]
    assert rows["fingerprint"].unique().to_list() == [encoder.fingerprint]
    expected = np.array([[-1, 2, -1], [2, -1, -1]]) / 6**0.5
    assert as_matrix(rows["embedding"]) == pytest.approx(expected)
    assert list(embed_by_name([], listed, encoder)) == []


def test_other_encoders_leave_the_facts_alone(encoder: PrecomputedImages):
    lost = facts(("lost.jpg", SHA[2], "measured"))
    assert without_unfindable(lost, HandcraftedImageEncoder()) is lost
    assert without_unfindable(lost, encoder)["reason"].to_list() == ["no_vector"]
