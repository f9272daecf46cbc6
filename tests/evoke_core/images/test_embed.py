"""Every distinct picture is embedded once per encoder."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest

from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import PictureRefused
from evoke_core.images.embed import embed_pictures
from evoke_core.images.encode import ImageEncoder
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array, l2_normalize

Jpeg = Callable[..., bytes]


@dataclass
class MeanColour:
    """An encoder of three dimensions: the mean of each channel."""

    fingerprint: str = "mean-1"
    seen: list[int] = field(default_factory=list)
    name = "mean"
    dimension = 3
    licence = "none"

    def encode_images(self, pictures: Sequence[np.ndarray]) -> Array:
        self.seen.append(len(pictures))
        return l2_normalize(np.stack([rgb.mean(axis=(0, 1)) for rgb in pictures]))


@pytest.fixture
def encoder() -> MeanColour:
    return MeanColour()


@pytest.fixture
def facts(store: LocalStore, jpeg: Jpeg) -> pl.DataFrame:
    """Three pictures, two of them of equal bytes, and one that failed."""
    rows = []
    for number, seed in enumerate([1, 2, 1]):
        data = jpeg(seed)
        sha256 = hashlib.sha256(data).hexdigest()
        store.write(thumbnail_key(sha256), data)
        rows.append((f"i{number}", "measured", sha256))
    rows.append(("i3", "failed", None))
    columns = ("image_id", "status", "sha256")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def embed(
    facts: pl.DataFrame,
    encoder: ImageEncoder,
    store: LocalStore,
    known: pl.DataFrame | None = None,
) -> pl.DataFrame:
    earlier = TABLES["image_embeddings"].empty() if known is None else known
    journal = Journal(store, "image_embeddings")
    found = embed_pictures(facts, earlier, encoder, journal, report=lambda *_: None)
    assert validate("image_embeddings", found).equals(found)
    return found


def test_equal_bytes_are_embedded_once(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    found = embed(facts, encoder, store)

    assert encoder.seen == [2]
    assert found["sha256"].to_list() == sorted(set(facts["sha256"].drop_nulls()))
    assert found["fingerprint"].to_list() == ["mean-1"] * 2


def test_each_row_holds_the_vector_of_its_own_picture(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    for row in embed(facts, encoder, store).iter_rows(named=True):
        picture = decode_picture(store.read(thumbnail_key(row["sha256"]))).rgb
        (expected,) = encoder.encode_images([picture])
        assert row["embedding"] == pytest.approx(expected)


def test_what_is_known_is_not_encoded_again(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    first = embed(facts.filter(pl.col("image_id") == "i1"), encoder, store)
    encoder.seen.clear()

    second = embed(facts, encoder, store, first)
    third = embed(facts, encoder, store, second)

    assert encoder.seen == [1]
    assert third.equals(second)
    assert third.equals(embed(facts, encoder, store))


def test_another_encoder_starts_afresh(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    first = embed(facts, encoder, store)
    newer = MeanColour(fingerprint="mean-2")

    second = embed(facts, newer, store, first)

    assert newer.seen == [2]
    assert second["fingerprint"].unique().to_list() == ["mean-2"]


def test_an_encoder_tried_and_left_midway_costs_the_first_one_nothing(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    first = embed(facts, encoder, store)
    tried = embed(facts, MeanColour("mean-2"), store)
    Journal(store, "image_embeddings")._write([tried])
    encoder.seen.clear()

    assert embed(facts, encoder, store, first).equals(first)
    assert encoder.seen == []


def test_a_withdrawn_picture_leaves_the_table(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    first = embed(facts, encoder, store)

    second = embed(facts.filter(pl.col("image_id") == "i1"), encoder, store, first)

    assert second["sha256"].to_list() == [facts["sha256"][1]]
    assert as_matrix(second["embedding"]).shape == (1, 3)


def test_pictures_are_handed_over_in_batches_and_progress_is_told(
    encoder: MeanColour, store: LocalStore, jpeg: Jpeg
):
    names = [hashlib.sha256(bytes([n])).hexdigest() for n in range(40)]
    for name in names:
        store.write(thumbnail_key(name), jpeg(1))
    many = pl.DataFrame({"status": "measured", "sha256": names})
    told = []

    embed_pictures(
        many,
        TABLES["image_embeddings"].empty(),
        encoder,
        Journal(store, "image_embeddings"),
        report=lambda *at: told.append(at),
    )

    assert encoder.seen == [32, 8]
    assert told == [(2, 2)]


def test_a_damaged_thumbnail_is_not_passed_over(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore
):
    store.write(thumbnail_key(facts["sha256"][1]), b"torn")

    with pytest.raises(PictureRefused):
        embed(facts, encoder, store)


def test_no_pictures_are_an_empty_table(encoder: MeanColour, store: LocalStore):
    nothing = pl.DataFrame(schema={"status": pl.String, "sha256": pl.String})

    assert embed(nothing, encoder, store).height == 0
    assert encoder.seen == []


def test_a_panorama_is_embedded_like_any_picture(
    facts: pl.DataFrame, encoder: MeanColour, store: LocalStore, jpeg: Jpeg
):
    store.write(thumbnail_key(facts["sha256"][1]), jpeg(5, width=512, height=40))

    assert embed(facts, encoder, store).height == 2
