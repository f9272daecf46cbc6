"""Pairs and moods make targets: three rows by hand."""

import numpy as np
import pytest

from evoke_core import vectors
from evoke_core.bridge.projection import Side
from evoke_core.bridge.supervision import (
    NO_PAIRS,
    Supervision,
    make_pairs,
    mean_looks,
    soft_targets,
)
from evoke_core.vectors import l2_normalize


def side(embedding, moods):
    count = len(embedding)
    return Side(
        np.asarray(embedding, np.float32),
        np.asarray(moods, np.float32),
        np.zeros((count, 2), np.float32),
    )


MUSIC = side(np.eye(2), np.eye(2))
IMAGES = side(np.eye(2), np.eye(2))


def test_pairs_follow_the_rows_that_are_asked_for():
    pairs = make_pairs([2, 0, 2], [5, 6, 7], [1, 0.5, -1])
    assert pairs.music.tolist() == [0, 2, 2]
    found = pairs.of(np.array([2, 1, 0]))
    assert found.music.tolist() == [0, 0, 2]
    assert found.image.tolist() == [5, 7, 6]
    assert found.weight.tolist() == [1.0, -1.0, 0.5]


def test_supervision_is_chosen_by_mask_or_by_number():
    told = Supervision(make_pairs([0, 1], [3, 4]), make_pairs([1], [5]))
    for chosen in (np.array([False, True]), np.array([1])):
        found = told.rows(chosen)
        assert (found.pairs.music.tolist(), found.pairs.image.tolist()) == ([0], [4])
        assert found.curated.image.tolist() == [5]


def test_without_pairs_moods_alone_make_a_look():
    np.testing.assert_allclose(
        mean_looks(MUSIC, IMAGES, NO_PAIRS, seed=0), np.eye(2), atol=1e-4
    )


def test_a_match_takes_its_share_of_the_look():
    pairs = make_pairs([0], [1], share=0.75)  # moods say picture 0
    found = mean_looks(MUSIC, IMAGES, pairs, seed=0)
    np.testing.assert_allclose(found[0], l2_normalize(np.array([0.25, 0.75])), 1e-3)
    np.testing.assert_allclose(found[1], [0, 1], atol=1e-4)  # it has no pair


def test_matches_count_by_weight_and_wrong_pairs_not_at_all():
    images = side(np.eye(3), np.eye(3))
    music = side(np.eye(1, 3), np.eye(1, 3))
    pairs = make_pairs([0, 0, 0], [0, 1, 2], [1.0, 0.5, -1.0], share=1.0)
    found = mean_looks(music, images, pairs, seed=0)
    np.testing.assert_allclose(found, [l2_normalize(np.array([2.0, 1, 0]))], 1e-6)


def test_rows_are_matched_some_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    music, images = (
        side(l2_normalize(rng.normal(size=(n, 4))), rng.random((n, 3))) for n in (9, 7)
    )
    whole = mean_looks(music, images, NO_PAIRS, seed=0)
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", 14)
    np.testing.assert_allclose(
        mean_looks(music, images, NO_PAIRS, seed=0), whole, atol=1e-6
    )


def test_soft_targets_follow_moods():
    found = soft_targets(MUSIC, IMAGES, temperature=1.0)
    assert found[0, 0] == pytest.approx(np.e / (np.e + 1))
