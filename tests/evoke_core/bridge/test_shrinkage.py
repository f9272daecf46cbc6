"""A ridge is held back as much as its rows deserve."""

import numpy as np

import evoke_core.bridge.shrinkage as shrinkage_module
from evoke_core.bridge.shrinkage import (
    Shrinkage,
    choose_shrinkage,
    fit_reduced_ridge,
)
from evoke_core.vectors import l2_normalize


def noisy_map(*, rank, noise, rows=300, wide=40, narrow=30, seed=0):
    """Music and looks that share a few components, under noise."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, rank))
    x, y = (
        z @ rng.normal(size=(rank, size)) + noise * rng.normal(size=(rows, size))
        for size in (wide, narrow)
    )
    return l2_normalize(x), l2_normalize(y)


def test_it_is_the_ridge_of_the_textbook():
    x, y = noisy_map(rank=3, noise=1.0)
    found = fit_reduced_ridge(x, y, Shrinkage(0.5))
    xc, yc = x - x.mean(axis=0), y - y.mean(axis=0)
    variance = xc.T @ xc / len(x)
    penalty = 0.5 * np.trace(variance) / len(variance)
    weight = np.linalg.solve(variance + penalty * np.eye(40), xc.T @ yc / len(x))
    np.testing.assert_allclose(found.code @ found.loadings, weight, atol=1e-5)
    np.testing.assert_allclose(found.x_mean, x.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.y_mean, y.mean(axis=0), atol=1e-6)


def test_the_code_is_of_unit_variance_and_uncorrelated():
    x, y = noisy_map(rank=3, noise=0.5)
    code = fit_reduced_ridge(x, y, Shrinkage(0.1, rank=3)).encode(x)
    np.testing.assert_allclose(code.T @ code / len(x), np.eye(3), atol=1e-3)


def test_noise_asks_for_a_larger_penalty():
    quiet, loud = (
        choose_shrinkage(
            *noisy_map(rank=3, noise=noise), np.arange(300), reduced=False, seed=0
        ).penalty
        for noise in (0.01, 2.0)
    )
    assert quiet < loud


def test_a_map_of_low_rank_is_recognised():
    x, y = noisy_map(rank=5, noise=1.0)
    assert choose_shrinkage(x, y, np.arange(300), reduced=True, seed=0).rank == 8
    assert choose_shrinkage(x, y, np.arange(300), reduced=False, seed=0).rank is None


def test_a_group_is_never_on_both_sides(monkeypatch):
    x, y = noisy_map(rank=3, noise=1.0, rows=60)
    groups = np.repeat(np.arange(20), 3)
    row_of = {row.tobytes(): n for n, row in enumerate(x)}
    folds = []
    moments = shrinkage_module._moments

    def spy(left, right, origin):
        folds.append({int(groups[row_of[row.tobytes()]]) for row in left})
        return moments(left, right, origin)

    monkeypatch.setattr(shrinkage_module, "_moments", spy)
    choose_shrinkage(x, y, groups, reduced=True, seed=0)
    assert sum(len(fold) for fold in folds) == len(set.union(*folds)) == 20


def test_two_tracks_are_too_few_to_choose_by():
    x, y = noisy_map(rank=2, noise=1.0, rows=6)
    found = choose_shrinkage(x, y, np.array([0, 0, 0, 1, 1, 1]), reduced=True, seed=0)
    assert found == Shrinkage(1.0)
