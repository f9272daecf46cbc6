"""The way that follows retrieval: its gradient, and what it moves."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from evoke_core.directions import found
from evoke_core.directions.apart import standard_scores
from evoke_core.directions.found import directions_found
from evoke_core.directions.judge import judge_sliders
from evoke_core.vectors import l2_normalize, on_half_circle, softmax


def bent(count=300, seed=0):
    """Attributes that go together, held on half circles as handcrafted vectors do."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(count, 4)) @ np.array(
        [[1, 0.3, 0.5, 0], [0, 1, 0, 0], [0.2, 0, 1, -0.4], [0, 0, 0, 1]]
    )
    attributes = np.argsort(np.argsort(drawn, axis=0), axis=0) / count
    other = rng.normal(size=(count, 16))
    embeddings = np.hstack([on_half_circle(2 * attributes - 1), 0.3 * other])
    return l2_normalize(embeddings), attributes.astype(np.float32)


@pytest.mark.parametrize("with_text", [False, True])
def test_the_gradient_is_that_of_the_loss(with_text):
    embeddings, attributes = bent(60)
    poles = l2_normalize(np.random.default_rng(1).normal(size=(4, 24)))
    text = poles if with_text else None
    components = found._components(embeddings, text)
    scores = standard_scores(attributes)
    world = found._world(embeddings, scores, components, text, 0.8)
    pull = (world.pictures.T @ scores).T / 20
    start = (pull + 0.1 * np.random.default_rng(2).normal(size=pull.shape)).ravel()
    wrong = check_grad(
        lambda flat: found._loss(flat, world)[0],
        lambda flat: found._loss(flat, world)[1],
        start,
    )
    assert wrong < 1e-3 * np.linalg.norm(found._loss(start, world)[1])


def test_bent_attributes_that_go_together_are_moved_one_at_a_time():
    embeddings, attributes = bent()
    directions = directions_found(embeddings, attributes, reach=0.8)
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-5)
    unseen, judged = bent(seed=1)
    reports = judge_sliders(directions, unseen, judged, unseen[:60], reach=0.8)
    for name, report in reports.items():
        assert report.holds, (name, report)


def test_texts_draw_directions_towards_their_poles():
    embeddings, attributes = bent()
    poles = l2_normalize(np.random.default_rng(1).normal(size=(4, 24)))
    drawn = directions_found(embeddings, attributes, poles, reach=0.8)
    alone = directions_found(embeddings, attributes, reach=0.8)
    assert (drawn * poles).sum() > (alone * poles).sum()


def test_the_same_pictures_give_the_same_directions():
    told = bent(80)
    assert np.array_equal(
        directions_found(*told, reach=0.8), directions_found(*told, reach=0.8)
    )


def test_a_query_finds_as_many_pictures_in_effect_as_asked():
    cosines = np.random.default_rng(0).normal(size=(50, 400)) * 0.2
    shares = softmax(cosines / found._temperature(cosines, 60))
    in_effect = np.exp(-(shares * np.log(shares)).sum(axis=1)).mean()
    assert in_effect == pytest.approx(60, rel=0.01)
