"""Pictures that ask: tiles of a board, or files brought to where the corpus lies."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.decode import decode_picture
from evoke_core.errors import BoardError, IndexUnavailable
from evoke_core.images.handcrafted import HandcraftedImageEncoder, affect_of
from evoke_core.playlists.asked import MOST, ask_with_files, ask_with_tiles
from evoke_core.shared_space import with_feeling
from evoke_core.storage.tables import read_table, write_table
from evoke_core.vectors import l2_normalize

ENCODER = HandcraftedImageEncoder()


def board(*image_ids):
    tiles = [{"image_id": image_id} for image_id in image_ids]
    return {"board_id": "b-1", "track": {"title": "Dew"}, "tiles": tiles}


def test_a_boards_tiles_ask_in_their_order_with_credit_and_vector(desk):
    asked = ask_with_tiles(board("p03", "p01"), desk)

    assert [one["image_id"] for one in asked.pictures] == ["p03", "p01"]
    assert [one["attribution"] for one in asked.pictures] == ["credit 3", "credit 1"]
    assert asked.vectors == pytest.approx(l2_normalize(desk.vectors_of(["p03", "p01"])))
    assert asked.moods.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert decode_picture(asked.images[0]).rgb.shape == (72, 96, 3)
    assert (asked.name, asked.asked_id, asked.unused) == ("Dew", "b-1", ())


def test_locked_tiles_ask_alone_and_have_a_name_of_their_own(desk):
    told = ask_with_tiles(board("p03", "p01"), desk, ["p07", "p01", "p07"])

    assert [one["image_id"] for one in told.pictures] == ["p07", "p01"]
    assert told.asked_id.startswith("b-1-")
    assert told.asked_id != ask_with_tiles(board(), desk, ["p01"]).asked_id


def test_a_picture_that_left_the_release_is_named_and_the_others_ask(desk):
    asked = ask_with_tiles(board("p03", "gone"), desk)

    assert len(asked.vectors) == 1
    assert [(one.name, one.reason) for one in asked.unused] == [
        ("gone", "not_in_release")
    ]
    with pytest.raises(BoardError, match="none of the 1 pictures"):
        ask_with_tiles(board("gone"), desk)


def test_more_tiles_than_say_anything_are_named_too(desk, monkeypatch):
    monkeypatch.setattr("evoke_core.playlists.asked.MOST", 2)
    asked = ask_with_tiles(board("p03", "gone", "p01", "p07"), desk)

    assert [one["image_id"] for one in asked.pictures] == ["p03", "p01"]
    assert [(one.name, one.reason) for one in asked.unused] == [
        ("gone", "not_in_release"), ("p07", "too_many")
    ]  # fmt: skip


def test_a_picture_whose_thumbnail_has_gone_asks_unseen(desk):
    for found in list(desk.store.listing("thumbnails/")):
        desk.store.delete(found.key)

    asked = ask_with_tiles(board("p03"), desk)

    assert asked.images == (b"",)
    assert len(asked.vectors) == 1


@pytest.fixture
def seeing(desk, jpeg):
    """The desk of a corpus that the handcrafted encoder saw."""
    known = read_table(desk.store, "image_embeddings")
    pictures = [decode_picture(jpeg(100 + row)).rgb for row in range(known.height)]
    vectors = ENCODER.encode_images(pictures)
    named = pl.lit(ENCODER.fingerprint).alias("fingerprint")
    seen = pl.Series("embedding", vectors.tolist(), pl.List(pl.Float32))
    write_table(desk.store, "image_embeddings", known.with_columns(named, seen))
    return replace(
        desk, release=replace(desk.release, image_encoder=ENCODER.fingerprint)
    )


@pytest.fixture
def folder(tmp_path, jpeg):
    """Three pictures and a table of credits."""
    made = tmp_path / "holiday"
    made.mkdir()
    for seed, name in enumerate(("a.jpg", "b.jpg", "sea view.jpg")):
        (made / name).write_bytes(jpeg(seed))
    (made / "names.csv").write_text("file,title,artist\na.jpg,Quay,Ann\n")
    return made


def located(path: Path) -> PictureSource:
    return PictureSource(
        kind="folder",
        release="local",
        licence="private",
        attribution="{title}, from your own pictures",
        location=str(path),
    )


def test_files_are_placed_as_a_picture_without_words_would_be(seeing, folder):
    asked = ask_with_files(located(folder), seeing, ENCODER)

    pixels = [
        decode_picture(path.read_bytes()).rgb for path in sorted(folder.glob("*.jpg"))
    ]
    looks = ENCODER.encode_images(pixels)
    trusted = 1 - seeing.run_profile.tags.word_weight  # as tag_pictures trusts looks
    assert asked.vectors == pytest.approx(
        with_feeling(looks, trusted * affect_of(looks)), abs=1e-5
    )
    assert asked.moods.shape == (3, len(seeing.vocabulary.moods))
    assert np.isfinite(asked.moods).all()


def test_files_keep_their_titles_credits_and_shapes(seeing, folder):
    asked = ask_with_files(located(folder), seeing, ENCODER)

    first, _, last = asked.pictures
    assert (asked.name, asked.board_id) == ("holiday", None)
    assert (first["title"], first["attribution"]) == ("Quay", "Quay, Ann")
    assert last["attribution"] == "sea view, from your own pictures"
    assert (first["width_px"], first["height_px"], first["licence"]) == (
        96,
        72,
        "private",
    )
    assert len(first["palette"]) >= 1


def test_bad_files_are_named_with_their_reasons_and_the_good_ones_ask(seeing, folder):
    whole = (folder / "a.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_bytes(b"no picture")

    asked = ask_with_files(located(folder), seeing, ENCODER)

    assert len(asked.pictures) == 3
    assert [(one.name, one.reason) for one in asked.unused] == [
        ("cut.jpg", "truncated"), ("empty.png", "empty_file"),
        ("text.jpg", "not_an_image"),
    ]  # fmt: skip


def test_a_folder_of_bad_files_alone_is_refused_with_the_first_reason(seeing, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "text.jpg").write_bytes(b"no picture")
    with pytest.raises(BoardError, match=r"none of its 1 pictures .* not_an_image"):
        ask_with_files(located(bad), seeing, ENCODER)


def test_the_same_pictures_have_the_same_id_wherever_they_lie(seeing, folder):
    before = ask_with_files(located(folder), seeing, ENCODER)
    moved = folder.rename(folder.with_name("elsewhere"))
    after = ask_with_files(located(moved), seeing, ENCODER)
    (moved / "b.jpg").unlink()
    fewer = ask_with_files(located(moved), seeing, ENCODER)

    assert before.asked_id == after.asked_id != fewer.asked_id


def test_more_pictures_than_say_anything_are_left_out(seeing, folder, monkeypatch):
    monkeypatch.setattr("evoke_core.playlists.asked.MOST", 2)
    asked = ask_with_files(located(folder), seeing, ENCODER)

    assert MOST == 200
    assert len(asked.pictures) == 2
    assert [(one.name, one.reason) for one in asked.unused] == [
        ("sea view.jpg", "too_many")
    ]


def test_another_encoder_than_the_releases_is_refused(desk, folder):
    with pytest.raises(IndexUnavailable, match="painter/1"):
        ask_with_files(located(folder), desk, ENCODER)
