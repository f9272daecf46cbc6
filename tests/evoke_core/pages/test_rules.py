"""A document's own CSS: its accent by day and night, what stands in for pictures."""

import pytest

from evoke_core.pages.accent import PAPER_DARK, PAPER_LIGHT, accent_colour
from evoke_core.pages.rules import accent_rules, place_rules, shape, stripes

WIDE = {"width_px": 300, "height_px": 200, "palette": ["#111111", "#222222", "#333333"]}


def test_the_accent_is_set_by_day_and_by_night():
    palette = ["#4f74c8"]
    day, night = (accent_colour(palette, paper) for paper in (PAPER_LIGHT, PAPER_DARK))
    assert accent_rules(palette) == (
        f":root{{--accent:{day};--on-accent:#ffffff}}"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{night};--on-accent:#000000}}}}"
    )


def test_a_place_has_its_pictures_shape_and_blends_its_colours():
    one = WIDE | {"palette": ["#111111"]}
    assert place_rules([WIDE, one], "#p-{}") == (
        "#p-0{aspect-ratio:1.5000;background:linear-gradient(160deg,#111111,#333333)}"
        "#p-1{aspect-ratio:1.5000;background:linear-gradient(160deg,#111111,#111111)}"
    )


def test_stripes_are_of_one_width():
    assert stripes(["#111111", "#222222"]) == (
        "linear-gradient(90deg,#111111 0% 50%,#222222 50% 100%)"
    )


def test_what_is_no_colour_gets_into_no_rule():
    hostile = ["red}body{display:none"]
    rules = accent_rules(hostile) + stripes(hostile)
    rules += place_rules([WIDE | {"palette": hostile}], "#p-{}")
    assert "display" not in rules


def test_no_tile_is_a_thread():
    assert shape({"width_px": 1, "height_px": 100}) == pytest.approx(1 / 3)
    assert shape({"width_px": 100, "height_px": 1}) == 3
    assert shape(WIDE) == 1.5
