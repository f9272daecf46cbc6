"""board.png: masonry that ends on one line, credits, and the same bytes every time."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.pages.board_picture import _credits, _Sheet, render_picture, title_of

SHEET = _Sheet(1440, 1)


def tile(number, width_px=300, height_px=200, **other):
    return {
        "image_id": f"p{number}", "width_px": width_px, "height_px": height_px,
        "attribution": f"credit {number}", "licence": "CC0-1.0",
        "palette": ["#a03020", "#203040"],
    } | other  # fmt: skip


def board(tiles, **track):
    return {
        "track": {
            "title": "Night", "artist": "Ann", "duration_s": 61.0,
            "peaks": [0.2, 0.9, 0.4],
        } | track,
        "arc": [{"start_s": 0.0, "end_s": 61.0, "energy": 0.5, "valence": 0.1}],
        "moods": [{"mood": "calm", "score": 0.9}, {"mood": "dark", "score": 0.5}],
        "palette": ["#22303f", "#8a5a44", "#c9a27a", "#5f7f8f", "#e6dccb"],
        "tiles": tiles,
        "release": {"release_id": "r-1", "made_at": "2026-01-02T03:04:05Z"},
    }  # fmt: skip


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


def test_the_picture_shows_every_tile_at_its_place(jpeg):
    plain = Image.new("RGB", (300, 200), "#3060c0")
    buffer = io.BytesIO()
    plain.save(buffer, "JPEG")
    png = render_picture(
        board([tile(0), tile(1)]), tile_images={"p0": buffer.getvalue()}, scale=1
    )
    shown = opened(png)
    assert shown.width == 1440
    first, second = (shown.getpixel((x, 330)) for x in (150, 380))
    assert np.allclose(first, (0x30, 0x60, 0xC0), atol=6)
    assert second == (0xA0, 0x30, 0x20), "a missing image shows its own colour"


def test_a_larger_scale_is_the_same_sheet_in_more_pixels(tiles, images):
    small, large = (
        opened(render_picture(board(tiles), tile_images=images, scale=scale))
        for scale in (1, 2)
    )
    assert large.width == 2 * small.width
    assert large.height == pytest.approx(2 * small.height, abs=24)
    shrunk = np.asarray(large.resize(small.size, Image.Resampling.BOX)).astype(int)
    assert np.abs(shrunk - np.asarray(small)).mean() < 6


def test_the_ribbon_lies_between_head_and_tiles():
    shown = opened(render_picture(board([tile(0)]), tile_images={}, scale=1))
    red, _, blue = shown.getpixel((720, 222))
    assert blue > red + 30, "a dark mood is cool"


def test_credits_stand_under_their_licence_and_name_everyone_once():
    tiles = [tile(0), tile(1, attribution="credit 0"), tile(2, licence="MIT"), tile(3)]
    assert _credits(tiles, SHEET) == ["CC0-1.0: credit 0  ·  credit 3", "MIT: credit 2"]


def test_every_credit_of_a_large_board_finds_room():
    tiles = [tile(n, attribution=f"{n} " + "long name " * 9) for n in range(40)]
    lines = _credits(tiles, SHEET)
    assert all(f"{n} long name" in "  ".join(lines) for n in range(40))
    assert "more, in board.html" not in lines[-1]


def test_credits_that_find_no_room_or_no_letters_are_counted():
    tiles = [tile(n, attribution=f"{n} " + "long name " * 20) for n in range(62)]
    *lines, rest = _credits(tiles, _Sheet(596, 1))
    assert len(lines) == 60
    assert rest == "and 2 more, in board.html"
    assert _credits([tile(0, attribution="葛飾北斎")], SHEET) == [
        "and 1 more, in board.html"
    ]


@pytest.mark.parametrize(
    ("title", "artist", "named"),
    [
        ("Night", "Ann", "Night"),
        ("夜に駆ける (Live at 武道館)", None, "… (Live at …)"),
        ("🌙", "Ann", "Ann"),
        ("武道館", "👩‍🎤", "♪"),
    ],
)
def test_a_title_that_cannot_be_written_gives_way_kindly(title, artist, named):
    assert title_of({"title": title, "artist": artist}) == named


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
    assert opened(render_picture(odd, tile_images={}, scale=1)).height < 1200


def test_a_board_without_tiles_is_a_title_and_a_date():
    png = render_picture(board([]), tile_images={}, width=600, scale=1)
    assert opened(png).width == 600


def test_the_file_is_small_enough_to_be_sent(tiles, images):
    assert len(render_picture(board(tiles), tile_images=images)) < 8_000_000
