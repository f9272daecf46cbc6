"""Sliders on a corpus whose four attributes were drawn independently."""

import numpy as np
import pytest

from evoke_core.config import AXES
from evoke_core.directions import SliderReport, fit_directions, judge_sliders
from evoke_core.vectors import l2_normalize


def corpus(count=600, dimension=24, seed=0):
    """Pictures whose embedding shows the attributes linearly, beside other things."""
    rng = np.random.default_rng(seed)
    attributes = rng.uniform(0, 1, (count, 4)).astype(np.float32)
    looks = rng.normal(size=(4, dimension))
    other = 0.3 * rng.normal(size=(count, dimension))
    return l2_normalize((attributes - 0.5) @ looks + other), attributes


@pytest.fixture(scope="module")
def fitted():
    embeddings, attributes = corpus()
    return fit_directions(embeddings, attributes), embeddings, attributes


def test_directions_are_orthonormal(fitted):
    directions = fitted[0]
    assert directions.shape == (4, 24)
    assert directions.dtype == np.float32
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-5)


def test_each_direction_raises_its_own_attribute(fitted):
    directions, embeddings, attributes = fitted
    moved = np.corrcoef((embeddings @ directions.T).T, attributes.T)[:4, 4:]
    assert moved.argmax(axis=0).tolist() == [0, 1, 2, 3]
    assert np.diag(moved).min() > 0.5


def test_every_slider_moves_what_it_names_and_leaves_the_rest(fitted):
    directions, embeddings, attributes = fitted
    reports = judge_sliders(
        directions, embeddings, attributes, embeddings[::10], reach=0.8
    )
    assert list(reports) == list(AXES)
    for name, report in reports.items():
        assert report.tau >= 0.9, name
        assert report.movement > 0, name
        assert report.leak <= 1 / 3, name
        assert report.holds


def test_a_slider_turned_round_is_found_out(fitted):
    directions, embeddings, attributes = fitted
    turned = directions.copy()
    turned[0] *= -1
    report = judge_sliders(turned, embeddings, attributes, embeddings[::60], reach=0.8)[
        "energy"
    ]
    assert report.tau <= -0.9
    assert not report.holds


def test_an_attribute_that_does_not_vary_leaves_the_others_their_directions():
    embeddings, attributes = corpus()
    attributes[:, 2] = 0.5
    directions = fit_directions(embeddings, attributes)
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-5)
    reports = judge_sliders(
        directions, embeddings, attributes, embeddings[::60], reach=0.8
    )
    assert reports["complexity"].tau == 0.0
    assert not reports["complexity"].holds
    assert reports["warmth"].holds


def test_judging_by_hand_on_a_line_of_pictures():
    # 120 pictures on a quarter circle; energy rises with the angle, warmth half as much
    angle = np.linspace(0, np.pi / 2, 120)
    embeddings = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    noise = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
    attributes = noise * 1e-3
    attributes[:, 0] += angle
    attributes[:, 1] += np.where(np.arange(120) % 2, angle, -angle)  # cancels out
    directions = np.zeros((4, 2), np.float32)
    directions[0] = [-(0.5**0.5), 0.5**0.5]
    middle = np.full((1, 2), 0.5**0.5, np.float32)
    report = judge_sliders(directions, embeddings, attributes, middle, reach=1.0)
    assert report["energy"].tau >= 0.9
    # from the lowest 24 of 120 to the highest: 96 of 119 steps of a uniform spread
    steps = 96 / 119 * (np.pi / 2) / attributes[:, 0].std()
    assert report["energy"].movement == pytest.approx(steps, rel=1e-3)
    assert report["warmth"].movement == 0.0


@pytest.mark.parametrize(
    ("tau", "leak", "holds"),
    [(0.9, 1 / 3, True), (0.89, 0.1, False), (1.0, 0.34, False)],
)
def test_the_bar_is_tau_and_leak(tau, leak, holds):
    assert SliderReport(tau=tau, movement=1.0, leak=leak).holds is holds
