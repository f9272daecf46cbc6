"""Threads decode ahead of the encoder, in order and bounded."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import PictureRefused
from evoke_core.images.embed import embed_pictures
from evoke_core.images.engine import BatchEncoder, embed_by_batches, map_ahead
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array, l2_normalize

Jpeg = Callable[..., bytes]


class Corners:
    """A model of this process: three dimensions, the first pixel of each picture."""

    name = "corners"
    dimension = 3
    licence = "none"
    fingerprint = "corners-1"
    batch = 4

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self.seen: list[int] = []
        self.encoded_by: set[int] = set()

    def count_lanes(self) -> int:
        return self.lanes

    def prepare(self, rgb: np.ndarray) -> np.ndarray:
        return rgb[:8, :8]

    def encode_prepared(self, shown: Sequence[np.ndarray]) -> Array:
        self.seen.append(len(shown))
        self.encoded_by.add(threading.get_ident())
        return l2_normalize(1.0 + np.stack([picture[0, 0] for picture in shown]))

    def encode_images(self, pictures: Sequence[np.ndarray]) -> Array:
        return self.encode_prepared([self.prepare(rgb) for rgb in pictures])


@pytest.fixture
def names(store: LocalStore, jpeg: Jpeg) -> list[str]:
    made = [hashlib.sha256(bytes([n])).hexdigest() for n in range(10)]
    for number, name in enumerate(made):
        store.write(thumbnail_key(name), jpeg(number))
    return sorted(made)


def test_rows_hold_each_pictures_own_vector_in_the_order_of_names(
    names: list[str], store: LocalStore
):
    encoder = Corners()

    frames = list(embed_by_batches(names, encoder, "f", store))

    rows = pl.concat(frames)
    assert validate("image_embeddings", rows).equals(rows)
    assert rows["sha256"].to_list() == names
    assert encoder.seen == [4, 4, 2]
    assert encoder.encoded_by == {threading.get_ident()}
    pictures = [decode_picture(store.read(thumbnail_key(n))).rgb for n in names]
    assert as_matrix(rows["embedding"]) == pytest.approx(
        encoder.encode_images(pictures)
    )


def test_lanes_give_the_same_rows_in_threads_of_their_own(
    names: list[str], store: LocalStore
):
    encoder = Corners(lanes=2)

    rows = pl.concat(embed_by_batches(names, encoder, "f", store))

    assert rows.equals(pl.concat(embed_by_batches(names, Corners(), "f", store)))
    assert sorted(encoder.seen) == [2, 4, 4]
    assert threading.get_ident() not in encoder.encoded_by


def test_the_table_is_the_same_whether_it_was_made_at_once_or_resumed(
    names: list[str], store: LocalStore
):
    facts = pl.DataFrame({"status": "measured", "sha256": names})
    journal, empty = Journal(store, "image_embeddings"), TABLES["image_embeddings"]
    told: list[tuple[int, int]] = []

    def embed(encoder: Corners, known: pl.DataFrame) -> pl.DataFrame:
        return embed_pictures(
            facts, known, encoder, journal, report=lambda *at: told.append(at)
        )

    whole = embed(Corners(), empty.empty())
    resuming = Corners()
    resumed = embed(resuming, whole.head(7))
    again = Corners()

    assert told == [(3, 3), (1, 1)]
    assert resuming.seen == [3]
    assert resumed.equals(whole)
    assert embed(again, whole).equals(whole)
    assert again.seen == []


def test_rows_that_a_killed_run_noted_are_not_encoded_again(
    names: list[str], store: LocalStore
):
    facts = pl.DataFrame({"status": "measured", "sha256": names})
    journal = Journal(store, "image_embeddings")
    first = next(embed_by_batches(names, Corners(), "corners-1", store))
    journal._write([first])
    encoder = Corners()

    embed_pictures(
        facts,
        TABLES["image_embeddings"].empty(),
        encoder,
        journal,
        report=lambda *_: None,
    )

    assert sum(encoder.seen) == len(names) - 4


def test_a_damaged_thumbnail_stops_the_work(names: list[str], store: LocalStore):
    store.write(thumbnail_key(names[5]), b"torn")
    rows = embed_by_batches(names, Corners(), "f", store)

    assert next(rows).height == 4
    with pytest.raises(PictureRefused):
        next(rows)


def test_no_pictures_ask_nothing_of_the_encoder(store: LocalStore):
    encoder = Corners()

    assert list(embed_by_batches([], encoder, "f", store)) == []
    assert encoder.seen == []


def test_no_more_is_begun_than_the_bound_allows():
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        return item

    results = map_ahead(work, range(100), threads=2, ahead=6)
    assert next(results) == 0
    time.sleep(0.1)

    assert len(begun) <= 7
    results.close()
    assert len(begun) <= 7


def test_results_keep_their_order_whichever_is_done_first():
    def work(item: int) -> int:
        time.sleep(0.02 if item % 2 == 0 else 0)
        return item

    assert list(map_ahead(work, range(12), threads=4, ahead=5)) == list(range(12))


def test_an_error_is_raised_at_its_item_and_nothing_more_is_begun():
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            raise ValueError("third")
        return item

    results = map_ahead(work, range(50), threads=1, ahead=4)

    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="third"):
        next(results)
    assert len(begun) <= 6


def test_a_pure_function_of_pixels_does_not_go_this_way():
    assert not isinstance(HandcraftedImageEncoder(), BatchEncoder)
    assert isinstance(Corners(), BatchEncoder)
