"""The accent: from the palette, readable, and nothing but a colour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.pages.accent import (
    FALLBACK,
    PAPER_DARK,
    PAPER_LIGHT,
    accent_colour,
    contrast_ratio,
    ink_on,
    safe_palette,
)

COLOURS = st.lists(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), max_size=5)


def test_black_on_white_has_the_contrast_that_the_standard_states():
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast_ratio("#ffffff", "#000000") == pytest.approx(21)
    assert contrast_ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast_ratio("#808080", "#808080") == 1


@given(COLOURS, st.sampled_from([PAPER_LIGHT, PAPER_DARK]))
def test_any_palette_gives_an_accent_that_reads_on_paper(palette, paper):
    assert contrast_ratio(accent_colour(palette, paper), paper) >= 4.5


@given(COLOURS, st.sampled_from([PAPER_LIGHT, PAPER_DARK]))
def test_text_on_the_accent_reads_too(palette, paper):
    accent = accent_colour(palette, paper)
    assert contrast_ratio(accent, ink_on(accent)) >= 4.5


def test_the_liveliest_colour_is_taken_where_it_reads_already():
    assert accent_colour(["#808080", "#8f3a2b", "#f4f4f4"], PAPER_LIGHT) == "#8f3a2b"


@pytest.mark.parametrize(
    "hostile",
    ["red", "#12345", "#1234567", "#12345g", "#112233;}", "url(//evil)", "#112233\n"],
)
def test_what_is_no_hex_colour_never_reaches_a_rule(hostile):
    assert safe_palette([hostile, "#AABBCC"]) == ["#aabbcc"]
    assert safe_palette([hostile]) == list(FALLBACK)


@pytest.mark.parametrize("paper", [PAPER_LIGHT, PAPER_DARK])
@pytest.mark.parametrize("colour", ["#020a20", "#f8f0a0", "#000000", "#ffffff"])
def test_an_accent_can_be_told_from_the_ink(colour, paper):
    assert contrast_ratio(accent_colour([colour], paper), paper) <= 9.2
