"""Krippendorff's alpha against examples that he published, and by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.reviews.agreement import krippendorff_alpha

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: four
# observers, twelve units, missing values; nominal alpha = 0.743
FOUR_OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
# the same, example A: two observers, binary data; alpha = 0.095
TWO_OBSERVERS = """
0 1 0 0 0 0 0 0 1 0
1 1 1 0 0 1 0 0 0 0
"""


def units(text):
    columns = zip(*(line.split() for line in text.strip().splitlines()), strict=True)
    return [[label for label in column if label != "."] for column in columns]


@pytest.mark.parametrize(
    ("text", "published", "n"),
    [(FOUR_OBSERVERS, 0.743, 11), (TWO_OBSERVERS, 0.095, 10)],
)
def test_the_published_examples_come_out(text, published, n):
    alpha = krippendorff_alpha(units(text))
    assert alpha.value == pytest.approx(published, abs=0.0005)
    assert alpha.n == n
    assert alpha.low <= alpha.value <= alpha.high


def test_by_hand_two_raters_on_two_things():
    # labels AA and AB: coincidences AA 2, AB 1, BA 1; n 4, n_A 3, n_B 1.
    # observed 2, expected (16 - 9 - 1) / 3 = 2, so alpha is 0
    assert krippendorff_alpha(["AA", "AB"]).value == pytest.approx(0.0)


def test_agreement_in_all_is_one_and_in_nothing_below_zero():
    assert krippendorff_alpha(["AA", "BB", "AA"]).value == 1.0
    assert krippendorff_alpha(["AB", "BA"]).value < 0


def test_where_nothing_could_differ_there_is_no_figure():
    for labels in ([], ["A", "B"], ["AA", "AAA"]):
        assert math.isnan(krippendorff_alpha(labels).value)
    assert krippendorff_alpha(["AA", "AAA", "B"]).n == 2


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), max_size=8))
def test_neither_order_nor_names_of_labels_matter(labels):
    there = krippendorff_alpha(labels).value
    other = krippendorff_alpha(
        [["no" if one else "yes" for one in reversed(unit)] for unit in labels[::-1]]
    ).value
    assert there == pytest.approx(other, nan_ok=True)
    assert math.isnan(there) or there <= 1.0
