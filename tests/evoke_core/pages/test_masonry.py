"""Masonry in pixels: shortest column first, and columns that end on one line."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.pages.masonry import Place, levelled, masonry, paste_tile, rounded_mask

GAP_PX = 16


def tile(number, width_px=300, height_px=200):
    return {
        "image_id": f"p{number}", "width_px": width_px, "height_px": height_px,
        "palette": ["#a03020", "#203040"],
    }  # fmt: skip


def laid(tiles, room_px=1344, columns=6):
    return masonry(tiles, room_px, columns=columns, gap_px=GAP_PX)


@pytest.fixture
def tiles():
    rng = np.random.default_rng(5)
    sizes = rng.integers(300, 500, (40, 2)).tolist()
    return [tile(number, *size) for number, size in enumerate(sizes)]


def test_a_tile_stands_under_the_shortest_column_ties_to_the_left():
    places = laid([tile(0, 300, 300), tile(1, 300, 150), tile(2), tile(3)], 456, 2)
    assert [place.column for place in places] == [0, 1, 1, 0]
    assert [(place.left, place.top) for place in places] == [
        (0, 0), (236, 0), (236, 126), (0, 236),
    ]  # fmt: skip


def test_tiles_fill_the_width_and_never_meet(tiles):
    places = levelled(laid(tiles), gap_px=GAP_PX)
    assert max(place.left + place.width for place in places) == 1344
    for place in places:
        below = [
            other.top - place.bottom
            for other in places
            if other.column == place.column and other.top > place.top
        ]
        assert min(below, default=GAP_PX) == GAP_PX


def test_columns_of_like_height_end_on_one_line(tiles):
    raw = laid(tiles)
    places = levelled(raw, gap_px=GAP_PX)
    assert [place.tile for place in places] == [place.tile for place in raw]
    last = {place.column: place.bottom for place in places}
    assert len(set(last.values())) == 1
    for before, after in zip(raw, places, strict=True):
        assert after.height == pytest.approx(before.height, rel=0.15)


def test_a_column_far_from_the_others_keeps_its_tiles_as_they_are():
    places = laid([tile(0, 200, 600), tile(1, 600, 200)], 456, 2)
    assert levelled(places, gap_px=GAP_PX) == places
    assert levelled([], gap_px=GAP_PX) == []


def test_a_tile_is_drawn_at_its_place_with_round_corners():
    sheet = Image.new("RGB", (100, 100), "white")
    place = Place(tile(0), column=0, left=10, top=10, width=40, height=30)
    paste_tile(sheet, place, None, corner=(20, 0), radius_px=8)
    assert sheet.getpixel((50, 25)) == (0xA0, 0x30, 0x20)
    assert sheet.getpixel((30, 10)) == (255, 255, 255)
    assert sheet.getpixel((29, 25)) == (255, 255, 255)


def test_a_picture_is_cropped_to_its_place_not_squeezed():
    stripes = Image.new("RGB", (90, 30), "red")
    stripes.paste("blue", (30, 0, 60, 30))
    buffer = io.BytesIO()
    stripes.save(buffer, "JPEG", quality=95)
    sheet = Image.new("RGB", (30, 30))
    place = Place(tile(0), column=0, left=0, top=0, width=30, height=30)
    paste_tile(sheet, place, buffer.getvalue(), corner=(0, 0), radius_px=0)
    assert np.asarray(sheet)[15, 5:25, 2].min() > 200


def test_a_mask_is_full_inside_and_empty_at_its_corners():
    mask = np.asarray(rounded_mask((40, 20), 10))
    assert mask[10, 20] == 255
    assert mask[0, 0] == mask[0, -1] == mask[-1, 0] == mask[-1, -1] == 0
