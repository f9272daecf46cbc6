"""What a page carries of its pictures, from wherever it is had most cheaply."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.boards.tiles import TileImages, made_for
from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.previews import cut_previews
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import PictureRefused

SHA, OTHER = "ab" * 32, "cd" * 32


def size_of(jpeg):
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.size


def pixels(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 255, (height, width, 3), np.uint8)


def put(store, rgb, sha256=SHA):
    """Leave a picture's thumbnail in the store, as the survey would."""
    thumbnail = encode_jpeg(rgb, longest_px=512)
    store.write(thumbnail_key(sha256), thumbnail)
    return thumbnail


def keys(store, folder):
    return [found.key for found in store.listing(f"{folder}/")]


def test_a_preview_is_the_one_that_the_corpus_left(store):
    put(store, pixels(300, 400))
    cut_previews([SHA], store, report=lambda *_: None)
    [key] = keys(store, "previews")
    store.delete(thumbnail_key(SHA))
    assert TileImages(store).preview(SHA) == store.read(key)
    assert size_of(store.read(key)) == (160, 120)


def test_a_preview_that_is_not_there_yet_is_cut_once_and_kept(store):
    put(store, pixels(300, 400))
    made = TileImages(store).preview(SHA)
    assert size_of(made) == (160, 120)
    store.delete(thumbnail_key(SHA))
    assert TileImages(store).preview(SHA) == made


@pytest.mark.parametrize("shape", [(341, 512), (512, 512), (512, 480), (300, 200)])
def test_a_thumbnail_as_wide_as_a_column_or_its_original_is_the_tile(store, shape):
    thumbnail = put(store, pixels(*shape))
    assert TileImages(store).tile(SHA, "store:unread") == thumbnail
    assert keys(store, "tiles") == []


def test_a_tile_of_a_tall_picture_is_cut_from_the_original_once(store):
    original = pixels(1200, 800)
    put(store, original)
    store.write("pictures/tall.jpg", encode_jpeg(original, longest_px=1200))
    tile = TileImages(store).tile(SHA, "store:pictures/tall.jpg")
    assert size_of(tile) == (pytest.approx(480, abs=3), pytest.approx(720, abs=3))
    store.delete("pictures/tall.jpg")
    assert TileImages(store).tile(SHA, "store:pictures/tall.jpg") == tile


@pytest.mark.parametrize("original", [None, b"no picture"])
def test_the_thumbnail_stands_in_where_the_original_has_gone(store, original):
    thumbnail = put(store, pixels(1200, 800))
    if original:
        store.write("pictures/tall.jpg", original)
    assert TileImages(store).tile(SHA, "store:pictures/tall.jpg") == thumbnail
    store.write("pictures/tall.jpg", encode_jpeg(pixels(1200, 800), longest_px=1200))
    back = TileImages(store).tile(SHA, "store:pictures/tall.jpg")
    assert size_of(back) == (pytest.approx(480, abs=3), pytest.approx(720, abs=3))


def test_a_very_long_picture_has_tile_and_preview_like_any_other(store):
    put(store, pixels(100, 2000))
    put(store, pixels(2000, 100), OTHER)
    images = TileImages(store)
    assert size_of(images.tile(SHA, "")) == (512, 26)
    assert size_of(images.preview(SHA)) == (160, 8)
    assert size_of(images.tile(OTHER, "")) == (26, 512)
    assert size_of(images.preview(OTHER)) == (8, 160)


@pytest.mark.parametrize("damaged", [b"torn", b""])
def test_a_damaged_thumbnail_is_refused(store, damaged):
    store.write(thumbnail_key(SHA), damaged)
    with pytest.raises(PictureRefused):
        TileImages(store).tile(SHA, "")
    with pytest.raises(PictureRefused):
        TileImages(store).preview(SHA)


def test_a_board_gets_all_that_is_there_and_no_lost_picture_stops_it(store):
    put(store, pixels(300, 400))
    store.write(thumbnail_key(OTHER), b"torn")
    shown = [
        {"image_id": "whole", "thumbnail": f"../../{thumbnail_key(SHA)}"},
        {"image_id": "torn", "thumbnail": f"../../{thumbnail_key(OTHER)}"},
        {"image_id": "gone", "thumbnail": f"../../{thumbnail_key('ef' * 32)}"},
        {"image_id": "unlinked", "thumbnail": ""},
    ]
    document = {"tiles": shown, "candidates": shown}
    tiles, previews = TileImages(store).of_board(document, made_for)
    assert list(tiles) == list(previews) == ["whole"]
    assert size_of(tiles["whole"])[0] == 400
    assert size_of(previews["whole"])[0] == 160


def test_what_breaks_the_store_is_no_missing_picture(store, monkeypatch):
    def away(self, key):
        raise ConnectionError("the bucket is away")

    monkeypatch.setattr(type(store), "read", away)
    document = {"tiles": [{"image_id": "a", "thumbnail": "x/a.jpg"}], "candidates": []}
    with pytest.raises(ConnectionError):
        TileImages(store).of_board(document, made_for)
