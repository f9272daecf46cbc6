"""The linear way: second moments by hand."""

import numpy as np
import pytest

from evoke_core.directions.apart import directions_apart, standard_scores
from evoke_core.vectors import l2_normalize


def entangled(count=800, dimension=24, seed=0):
    """Pictures whose attributes go together: energy and complexity by about .7."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(count, 1))
    attributes = rng.normal(size=(count, 4))
    attributes[:, [0, 2]] += 1.5 * shared
    looks = rng.normal(size=(4, dimension))
    widths = np.linspace(1.5, 0.05, dimension)  # some directions hardly vary
    embeddings = attributes @ looks + rng.normal(size=(count, dimension)) * widths
    return l2_normalize(embeddings), attributes.astype(np.float32)


def test_directions_are_orthonormal_float32():
    found = directions_apart(*entangled())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-5)


def test_along_each_direction_one_attribute_covaries_and_no_other():
    embeddings, attributes = entangled()
    found = directions_apart(embeddings, attributes)
    along = (embeddings - embeddings.mean(axis=0)) @ found.T
    response = along.T @ standard_scores(attributes) / len(along)  # [slider, attribute]
    assert np.diag(response).min() > 0
    off = response - np.diag(np.diag(response))
    assert np.abs(off).max() < 1e-3 * np.diag(response).min()


def test_an_attribute_that_does_not_vary_leaves_the_others_their_directions():
    embeddings, attributes = entangled()
    attributes[:, 2] = 0.5
    found = directions_apart(embeddings, attributes)
    np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-5)
    along = (embeddings - embeddings.mean(axis=0)) @ found.T
    assert (along[:, 0] * standard_scores(attributes)[:, 0]).mean() > 0


def test_texts_draw_a_direction_towards_their_pole_and_leave_it_apart():
    embeddings, attributes = entangled()
    poles = l2_normalize(np.random.default_rng(1).normal(size=(4, 24)))
    with_texts = directions_apart(embeddings, attributes, poles)
    without = directions_apart(embeddings, attributes)
    assert (with_texts * poles).sum() > (without * poles).sum() + 0.5
    along = (embeddings - embeddings.mean(axis=0)) @ with_texts.T
    response = along.T @ standard_scores(attributes)
    off = response - np.diag(np.diag(response))
    assert np.abs(off).max() < 1e-3 * np.diag(response).min()


@pytest.mark.parametrize("dimension", [4, 6, 7])
def test_without_room_outside_the_nearest_orthonormal_set_is_taken(dimension):
    found = directions_apart(*entangled(dimension=dimension))
    np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-5)


def test_pictures_that_are_all_alike_still_give_an_orthonormal_set():
    embeddings = l2_normalize(np.ones((5, 12)))
    found = directions_apart(embeddings, np.full((5, 4), 0.5, np.float32))
    np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-5)
