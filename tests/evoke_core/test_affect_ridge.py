"""Feeling is read off vectors that labels explain, and no item is told its own."""

import numpy as np
import pytest

from evoke_core.affect_ridge import (
    FEWEST,
    PENALTIES,
    _left_out_error,
    affect_from_labels,
    fit_affect,
)
from evoke_core.errors import BridgeError
from evoke_core.vectors import l2_normalize

COUNT = 120


def planted(noise=0.1, seed=0, count=COUNT):
    """Places on the plane, and vectors that show them linearly under noise."""
    rng = np.random.default_rng(seed)
    affect = rng.uniform(-0.9, 0.9, (count, 2)).astype(np.float32)
    shown = affect @ np.random.default_rng(9).normal(size=(2, 12))
    return l2_normalize(shown + noise * rng.normal(size=shown.shape)), affect


def agreement(placed, affect):
    return [np.corrcoef(placed[:, axis], affect[:, axis])[0, 1] for axis in (0, 1)]


def test_what_labels_explain_is_found_for_items_without_labels():
    vectors, affect = planted()
    labelled = affect.copy()
    labelled[60:] = np.nan
    placed = affect_from_labels(vectors, labelled, np.arange(COUNT))
    assert placed.shape == (COUNT, 2)
    assert placed.dtype == np.float32
    assert min(agreement(placed[60:], affect[60:])) > 0.8
    assert min(agreement(placed[:60], affect[:60])) > 0.8


def test_no_item_is_told_its_own_label():
    vectors, affect = planted()
    lied = affect.copy()
    lied[7] = -affect[7]
    kinds = np.arange(COUNT)
    honest, misled = (
        affect_from_labels(vectors, labels, kinds, spread=False)
        for labels in (affect, lied)
    )
    assert (misled[7] == honest[7]).all()
    assert (misled != honest).any()


def test_a_group_is_left_out_whole():
    rng = np.random.default_rng(1)
    twins = np.repeat(np.arange(COUNT // 2), 2)  # equal vectors, labels of pure chance
    vectors = l2_normalize(rng.normal(size=(COUNT // 2, 40)))[twins]
    labels = rng.uniform(-1, 1, (COUNT // 2, 2)).astype(np.float32)[twins]
    told, apart = (
        np.mean(agreement(affect_from_labels(vectors, labels, groups), labels))
        for groups in (np.arange(COUNT), twins)
    )
    assert told > 0.5  # the twin tells
    assert apart < 0.2


def test_places_spread_as_the_labels_do_and_stay_on_the_plane():
    vectors, affect = planted(noise=1.0)
    drawn = affect_from_labels(vectors, affect, np.arange(COUNT), spread=False)
    spread = affect_from_labels(vectors, affect, np.arange(COUNT))
    assert (drawn.std(axis=0) < 0.9 * affect.std(axis=0)).all()
    assert spread.std(axis=0) == pytest.approx(affect.std(axis=0), rel=0.1)
    assert np.abs(spread).max() <= 1.0
    assert min(agreement(spread, drawn)) > 0.98


def test_the_same_seed_deals_alike():
    vectors, affect = planted()
    first, same, other = (
        affect_from_labels(vectors, affect, np.arange(COUNT), seed=seed)
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == same.tobytes()
    assert (first != other).any()


def test_vectors_that_never_vary_place_everything_at_the_mean():
    vectors = np.tile(l2_normalize(np.ones((1, 4))), (COUNT, 1))
    _, affect = planted()
    placed = fit_affect(vectors, affect).place(vectors)
    assert placed == pytest.approx(np.tile(affect.mean(axis=0), (COUNT, 1)), abs=1e-6)
    assert np.isfinite(affect_from_labels(vectors, affect, np.arange(COUNT))).all()


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_closed_form_leaves_each_item_out(penalty: float):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    left, strength, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    missed = []
    for row in range(8):
        rest = np.arange(8) != row
        # The mean of all is kept, as the closed form keeps it but for its leverage.
        design = np.hstack([np.ones((8, 1)), x - x.mean(axis=0)])
        gram = design[rest].T @ design[rest] + penalty * np.diag([0.0, 1, 1, 1])
        fitted = design[row] @ np.linalg.solve(gram, design[rest].T @ y[rest])
        missed.append((y[row] - fitted) ** 2)
    closed = _left_out_error(left, strength, y - y.mean(axis=0), penalty)
    assert closed == pytest.approx(np.mean(missed, axis=0))


@pytest.mark.parametrize(
    ("labels", "groups"), [(FEWEST - 1, FEWEST), (COUNT, 4), (0, 9)]
)
def test_too_few_labels_or_groups_are_refused(labels: int, groups: int):
    vectors, affect = planted()
    affect[labels:] = np.nan
    with pytest.raises(BridgeError, match="label more of them"):
        affect_from_labels(vectors, affect, np.arange(COUNT) % groups)
