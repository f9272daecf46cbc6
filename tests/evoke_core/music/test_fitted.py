import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.music.fitted import fit_axis, load_table, write_table

COUNT = 200


@pytest.fixture
def rated():
    """Clips whose rating is half a published sign and half one more descriptor."""
    rng = np.random.default_rng(4)
    standardised = rng.normal(size=(COUNT, len(DESCRIPTORS))).astype(np.float32)
    published = standardised[:, 0]
    ratings = 0.4 * published + 0.4 * standardised[:, 5]
    ratings += rng.normal(0, 0.1, COUNT).astype(np.float32)
    return standardised, published, ratings


def test_the_fit_finds_what_the_signs_leave_over(rated):
    standardised, published, ratings = rated
    axis = fit_axis(standardised[:150], published[:150], ratings[:150])
    placed = axis.place(standardised[150:], published[150:])
    signs = spearmanr(published[150:], ratings[150:])[0]
    assert spearmanr(placed, ratings[150:])[0] > signs + 0.1
    assert axis.slope == pytest.approx(0.4, abs=0.1)
    assert max(axis.weights, key=lambda name: axis.weights[name]) == DESCRIPTORS[5]


def test_where_nothing_is_left_over_the_published_order_stays(rated):
    standardised, published, _ = rated
    axis = fit_axis(standardised, published, 0.5 * published)
    placed = axis.place(standardised, published)
    assert spearmanr(placed, published)[0] > 0.999


def test_strange_music_is_moved_no_further_than_the_limit(rated):
    standardised, published, ratings = rated
    axis = fit_axis(standardised, published, ratings)
    strange = np.full((1, len(DESCRIPTORS)), 3.0)
    sign = np.zeros(1, np.float32)
    for row in (strange, -strange):
        moved = axis.place(row.astype(np.float32), sign)
        assert abs(moved[0]) <= axis.limit + 1e-9


def test_the_same_ratings_give_the_same_numbers(rated):
    assert fit_axis(*rated) == fit_axis(*rated)


def test_places_are_counted_from_songs_that_the_fit_did_not_know(rated):
    axis = fit_axis(*rated)
    shifted = replace(axis, mean=0.5, deviation=2.0)
    before = axis.place(rated[0], rated[1])
    np.testing.assert_allclose(shifted.place(rated[0], rated[1]), (before - 0.5) / 2)


def test_the_shipped_table_says_whose_ratings_and_how_good_it_is():
    table = load_table()
    assert table.ratings == 224
    assert "NC" in table.licence.split("-")
    assert "Emotify" in table.provenance
    assert set(table.axes) == set(table.spearman) <= {"valence", "arousal"}
    assert all(0.3 < value < 0.9 for value in table.spearman.values())


def test_the_file_text_holds_the_table_and_the_digest_of_its_numbers():
    table = load_table()
    content = json.loads(write_table(table))
    assert content["digest"] == table.digest
    assert set(content["axes"]["arousal"]["weights"]) == set(DESCRIPTORS)
    other = {**table.axes, "arousal": replace(table.axes["arousal"], slope=9.0)}
    assert replace(table, axes=other).digest != table.digest
