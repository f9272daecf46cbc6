"""board.png: masonry that ends on one line, credits, and the same bytes every time."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.boards.picture import _credits, _levelled, _masonry, render_picture

GAP_PX = 16


def tile(number, width_px=300, height_px=200, **other):
    return {
        "image_id": f"p{number}", "width_px": width_px, "height_px": height_px,
        "attribution": f"credit {number}", "licence": "CC0-1.0",
        "palette": ["#a03020", "#203040"],
    } | other  # fmt: skip


def board(tiles, **track):
    return {
        "track": {"title": "Night", "artist": "Ann", "duration_s": 61.0} | track,
        "moods": [{"mood": "calm", "score": 0.9}, {"mood": "dark", "score": 0.5}],
        "palette": ["#22303f", "#8a5a44", "#c9a27a", "#5f7f8f", "#e6dccb"],
        "tiles": tiles,
        "release": {"release_id": "r-1", "made_at": "2026-01-02T03:04:05Z"},
    }


def opened(png):
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return picture.convert("RGB")


@pytest.fixture
def tiles():
    rng = np.random.default_rng(5)
    sizes = rng.integers(300, 500, (40, 2)).tolist()
    return [tile(number, *size) for number, size in enumerate(sizes)]


@pytest.fixture
def images(tiles, jpeg):
    return {
        one["image_id"]: jpeg(number, width=one["width_px"], height=one["height_px"])
        for number, one in enumerate(tiles)
    }


def test_a_tile_stands_under_the_shortest_column_ties_to_the_left():
    places = _masonry([tile(0, 300, 300), tile(1, 300, 150), tile(2), tile(3)], 456)
    assert [place.column for place in places] == [0, 1, 1, 0]
    assert [(place.left, place.top) for place in places] == [
        (0, 0), (236, 0), (236, 126), (0, 236),
    ]  # fmt: skip


def test_tiles_fill_the_width_and_never_meet(tiles):
    room_px = 1344
    places = _levelled(_masonry(tiles, room_px))
    assert max(place.left + place.width for place in places) == room_px
    for place in places:
        below = [
            other.top - place.bottom
            for other in places
            if other.column == place.column and other.top > place.top
        ]
        assert min(below, default=GAP_PX) == GAP_PX


def test_columns_of_like_height_end_on_one_line(tiles):
    raw = _masonry(tiles, 1344)
    places = _levelled(raw)
    assert [place.tile for place in places] == [place.tile for place in raw]
    last = {place.column: place.bottom for place in places}
    assert len(set(last.values())) == 1
    for before, after in zip(raw, places, strict=True):
        assert after.height == pytest.approx(before.height, rel=0.15)


def test_a_column_far_from_the_others_keeps_its_tiles_as_they_are():
    places = _masonry([tile(0, 200, 600), tile(1, 600, 200)], 456)
    assert _levelled(places) == places


def test_the_picture_shows_every_tile_at_its_place(jpeg):
    plain = Image.new("RGB", (300, 200), "#3060c0")
    buffer = io.BytesIO()
    plain.save(buffer, "JPEG")
    png = render_picture(
        board([tile(0), tile(1)]), tile_images={"p0": buffer.getvalue()}
    )
    shown = opened(png)
    assert shown.width == 1440
    first, second = (shown.getpixel((x, 260)) for x in (150, 380))
    assert np.allclose(first, (0x30, 0x60, 0xC0), atol=6)
    assert second == (0xA0, 0x30, 0x20), "a missing image shows its own colour"


def test_credits_name_everyone_once_with_the_licence():
    tiles = [tile(0), tile(1, attribution="credit 0"), tile(2, licence="MIT")]
    assert _credits(tiles, 1344) == ["credit 0 (CC0-1.0)  ·  credit 2 (MIT)"]


def test_credits_that_find_no_room_or_no_letters_are_counted():
    tiles = [tile(n, attribution=f"{n} " + "long name " * 20) for n in range(14)]
    *lines, rest = _credits(tiles, 500)
    assert len(lines) == 12
    assert rest == "and 2 more, in board.html"
    assert _credits([tile(0, attribution="葛飾北斎")], 500) == [
        "and 1 more, in board.html"
    ]


def test_the_same_board_gives_the_same_bytes(tiles, images):
    first = render_picture(board(tiles), tile_images=images)
    assert first == render_picture(board(tiles), tile_images=images)


@pytest.mark.parametrize(
    "title",
    ['"><script>alert(1)</script>', "مساء الخير", "🌙", "", "two\nlines", "x" * 300],
)
def test_any_title_fits_on_the_sheet(title):
    shown = opened(
        render_picture(board([tile(0)], title=title, artist=title), tile_images={})
    )
    paper = shown.getpixel((0, 0))
    margins = np.concatenate(
        [
            np.asarray(shown)[:, :40].reshape(-1, 3),
            np.asarray(shown)[:, -40:].reshape(-1, 3),
        ]
    )
    assert (margins == paper).all()


def test_a_hostile_palette_and_a_thread_of_a_picture_are_drawn_all_the_same():
    odd = board([tile(0, 1, 40_000, palette=["url(//evil)"])])
    odd["palette"] = ["red;}", "#112233"]
    assert opened(render_picture(odd, tile_images={})).height < 1200


def test_a_board_without_tiles_is_a_title_and_a_date():
    assert opened(render_picture(board([]), tile_images={}, width_px=600)).width == 600


def test_the_file_is_small_enough_to_be_sent(tiles, images):
    assert len(render_picture(board(tiles), tile_images=images)) < 4_000_000
