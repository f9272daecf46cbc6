"""Targets of a batch by hand, and what a wrong pair does to the loss."""

import numpy as np
import pytest

import evoke_core.bridge.contrast as contrast_module
from evoke_core.bridge.contrast import contrastive_loss, draw_batch
from evoke_core.bridge.projection import Side
from evoke_core.bridge.supervision import NO_PAIRS, make_pairs

torch = pytest.importorskip("torch")


def side(moods):
    count = len(moods)
    return Side(
        np.eye(count, 8, dtype=np.float32),
        np.asarray(moods, np.float32),
        np.zeros((count, 2), np.float32),
    )


def batch_of(pairs, *, music=2, images=3):
    same = np.ones((max(music, images), 2))  # moods say nothing
    return draw_batch(
        side(same[:music]), side(same[:images]), pairs, 0.1, np.random.default_rng(0)
    )


def test_moods_alone_spread_a_target_evenly_over_equals():
    batch = batch_of(NO_PAIRS)
    np.testing.assert_allclose(batch.there, np.full((2, 3), 1 / 3))
    np.testing.assert_allclose(batch.back, np.full((2, 3), 1 / 2))
    assert not batch.emphasis.any()


def test_a_match_takes_its_share_both_ways():
    batch = batch_of(make_pairs([0, 1], [0, 1], share=0.7))
    np.testing.assert_allclose(
        batch.there, [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], rtol=1e-6
    )
    # the third picture has no pair, so it says less than the others
    np.testing.assert_allclose(
        batch.back, [[0.85, 0.15, 0.15], [0.15, 0.85, 0.15]], rtol=1e-6
    )


def test_a_wrong_pair_is_no_target_and_weighs_more_than_others():
    batch = batch_of(make_pairs([0, 0, 0], [0, 1, 2], [1.0, -1.0, 0.0]))
    assert batch.there[0, 1] == batch.there[0, 2] == batch.back[0, 1] == 0
    np.testing.assert_allclose(batch.emphasis[0], [0, np.log(2), 0], rtol=1e-6)


def test_the_loss_is_the_cross_entropy_both_ways():
    batch = batch_of(make_pairs([0, 1], [0, 1], share=1.0), images=2)
    eye = torch.eye(2)
    found = float(contrastive_loss(eye, eye, torch.tensor(1.0), batch))
    assert found == pytest.approx(np.log(1 + np.exp(-1)), rel=1e-5)


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_a_wrong_pair_costs_more_the_more_it_is_stressed(weight):
    eye, one = torch.eye(2), torch.tensor(1.0)
    pairs = make_pairs([0, 0, 1], [0, 1, 1], [1.0, weight, 1.0], share=1.0)
    found = float(contrastive_loss(eye, eye, one, batch_of(pairs, images=2)))
    stressed = np.log(1 + (1 - weight) * np.exp(-1))
    assert found == pytest.approx((np.log(1 + np.exp(-1)) + stressed) / 2, rel=1e-5)


def test_of_many_pictures_each_rows_match_is_shown(monkeypatch):
    monkeypatch.setattr(contrast_module, "IMAGES_AT_ONCE", 6)
    pairs = make_pairs([0, 1, 2, 0, 1], [30, 31, 32, 33, 34], [1, 1, 1, -1, -1])
    batch = batch_of(pairs, music=3, images=40)
    assert {30, 31, 32} <= set(batch.images.tolist())
    assert len(batch.images) == len(set(batch.images.tolist())) == 6


def test_of_many_tracks_some_are_asked(monkeypatch):
    monkeypatch.setattr(contrast_module, "MUSIC_AT_ONCE", 5)
    batch = batch_of(NO_PAIRS, music=40)
    assert len(set(batch.music.tolist())) == 5
    assert batch.there.shape == (5, 3)
