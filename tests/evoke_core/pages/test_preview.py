"""The preview of a link: 1200 x 630, words on the left, pictures on the right."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.pages.preview import render_preview


def document(title="Night", tiles=24, artist="Ann"):
    return {
        "track": {"title": title, "artist": artist, "duration_s": 61.0,
                  "peaks": [0.2, 0.9, 0.5]},
        "arc": [{"start_s": 0.0, "end_s": 61.0, "energy": 0.5, "valence": 0.9}],
        "moods": [{"mood": "calm"}, {"mood": "slow-burning"}],
        "palette": ["#22303f", "#8a5a44"],
        "tiles": [
            {"image_id": f"p{n}", "width_px": 300, "height_px": 200 + 10 * (n % 5),
             "palette": ["#a03020"]}
            for n in range(tiles)
        ],
    }  # fmt: skip


def opened(data):
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG"
        return np.asarray(picture.convert("RGB")).astype(int)


def ink(pixels):
    """Where a picture differs from the paper in its corner."""
    return np.abs(pixels - pixels[-1, 0]).max(axis=2) > 60


def test_tiles_fill_the_right_and_run_over_both_edges():
    pixels = opened(render_preview(document(), tile_images={}))
    assert pixels.shape == (630, 1200, 3)
    red = np.abs(pixels - (0xA0, 0x30, 0x20)).max(axis=2) < 24
    assert not red[:, :470].any()
    assert red[0, 500:1199].any()
    assert red[-1, 500:1199].any()
    assert red[:, 1199].any(), "the last column ends at the edge"


@pytest.mark.parametrize(
    "title",
    ["Night", "مساء الخير يا صديقي", "🌙", "夜に駆ける", "x" * 300, "a b " * 80, ""],
)
def test_any_title_stays_among_its_words(title):
    pixels = opened(render_preview(document(title, tiles=0), tile_images={}))
    drawn = ink(pixels)
    assert drawn[120:340].any()
    assert not drawn[:, :50].any()
    assert not drawn[:, 440:].any()


def test_a_word_too_wide_for_large_letters_is_set_smaller_not_cut():
    whole = render_preview(document("Gymnopédie No. 1", tiles=0), tile_images={})
    cut = render_preview(document("Gymnop… No. 1", tiles=0), tile_images={})
    assert whole != cut


def test_an_ellipsis_of_its_own_makes_no_title_smaller():
    tops = [
        ink(opened(render_preview(document(title, tiles=0), tile_images={})))[:, 56:90]
        .any(axis=1)
        .argmax()
        for title in ("Wait", "Wait…")
    ]
    assert tops[0] == tops[1]


def test_the_ribbon_has_the_colour_of_the_mood():
    pixels = opened(render_preview(document(tiles=0), tile_images={}))
    red, _, blue = pixels[490, 240]
    assert red > blue + 60


def test_the_same_board_gives_the_same_bytes(jpeg):
    images = {f"p{n}": jpeg(n) for n in range(24)}
    first = render_preview(document(), tile_images=images)
    assert first == render_preview(document(), tile_images=images)
    assert len(first) < 300_000
