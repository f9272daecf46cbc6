"""Sliders on a corpus whose four attributes were drawn independently."""

import numpy as np
import pytest

from evoke_core.config.fields import AXES
from evoke_core.config.loading import load_vocabulary
from evoke_core.directions.fit import FEWEST, fit_directions, read_poles
from evoke_core.directions.judge import judge_sliders
from evoke_core.errors import BridgeError
from evoke_core.vectors import l2_normalize


def corpus(count=300, dimension=24, seed=0):
    """Pictures whose embedding shows the attributes linearly, beside other things."""
    rng = np.random.default_rng(seed)
    attributes = rng.uniform(0, 1, (count, 4)).astype(np.float32)
    looks = rng.normal(size=(4, dimension))
    other = 0.3 * rng.normal(size=(count, dimension))
    return l2_normalize((attributes - 0.5) @ looks + other), attributes


@pytest.fixture(scope="module")
def fitted():
    embeddings, attributes = corpus()
    return fit_directions(embeddings, attributes, reach=0.8), embeddings, attributes


def test_directions_are_orthonormal(fitted):
    directions = fitted[0].directions
    assert directions.shape == (4, 24)
    assert directions.dtype == np.float32
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-5)


def test_each_direction_raises_its_own_attribute(fitted):
    sliders, embeddings, attributes = fitted
    moved = np.corrcoef((embeddings @ sliders.directions.T).T, attributes.T)[:4, 4:]
    assert moved.argmax(axis=0).tolist() == [0, 1, 2, 3]
    assert np.diag(moved).min() > 0.3


def test_every_slider_moves_what_it_names_and_leaves_the_rest(fitted):
    reports = fitted[0].reports
    assert list(reports) == list(AXES)
    for name, report in reports.items():
        assert report.movement > 0, name
        assert report.holds, (name, report)


def test_a_slider_turned_round_is_found_out(fitted):
    sliders, embeddings, attributes = fitted
    turned = sliders.directions.copy()
    turned[0] *= -1
    report = judge_sliders(turned, embeddings, attributes, embeddings[::60], reach=0.8)[
        "energy"
    ]
    assert report.tau <= -0.9
    assert not report.holds


def test_an_attribute_that_does_not_vary_leaves_the_others_their_directions():
    embeddings, attributes = corpus()
    attributes[:, 2] = 0.5
    sliders = fit_directions(embeddings, attributes, reach=0.8)
    gram = sliders.directions @ sliders.directions.T
    np.testing.assert_allclose(gram, np.eye(4), atol=1e-5)
    assert sliders.reports["complexity"].tau == 0.0
    assert not sliders.reports["complexity"].holds
    assert sliders.reports["warmth"].holds


@pytest.mark.parametrize("count", [1, 3, FEWEST, 24])
def test_a_handful_of_pictures_gives_directions_all_the_same(count):
    embeddings, attributes = corpus(count)
    sliders = fit_directions(embeddings, attributes, reach=0.8)
    gram = sliders.directions @ sliders.directions.T
    np.testing.assert_allclose(gram, np.eye(4), atol=1e-5)
    assert list(sliders.reports) == list(AXES)


@pytest.mark.parametrize("dimension", [0, 24])
def test_no_picture_at_all_is_said_with_the_remedy(dimension):
    nothing = np.empty((0, dimension), np.float32), np.empty((0, 4), np.float32)
    with pytest.raises(BridgeError, match=r"got none; .* add pictures"):
        fit_directions(*nothing, reach=0.8)


def test_poles_are_read_high_less_low(assets_config):
    vocabulary = load_vocabulary(assets_config)
    low = {text for axis in vocabulary.axes.values() for text in axis.low_prompts}

    class Reader:
        def encode_texts(self, texts):
            return np.array([[0, 1] if text in low else [1, 0] for text in texts], "f4")

    poles = read_poles(Reader(), vocabulary)
    np.testing.assert_allclose(poles, [[0.5**0.5, -(0.5**0.5)]] * 4, atol=1e-6)
