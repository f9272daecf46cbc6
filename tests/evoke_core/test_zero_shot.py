"""Moods by prompts: calibrated over the corpus, worked by hand on few dimensions."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.vectors import Array, l2_normalize
from evoke_core.zero_shot import (
    SHARPNESS,
    TextEncoder,
    calibrate_classes,
    class_embeddings,
    zero_shot_scores,
)


def against_all(items: Array, classes: Array) -> Array:
    """Score items against each other, as one library."""
    return zero_shot_scores(items, calibrate_classes(items, classes))


class Letters:
    """Reads texts as counts of a, b and c."""

    def encode_texts(self, texts: Sequence[str]) -> Array:
        return l2_normalize(np.array([[t.count(c) for c in "abc"] for t in texts]))


def test_a_class_is_the_mean_of_its_prompts_in_every_template():
    found = class_embeddings(
        Letters(), {"first": ["a", "b"], "second": ["c"]}, ("{}", "b{}")
    )

    root = np.sqrt(0.5)
    mean = np.array([1 + root, 1 + root + 1, 0])  # a, ba, b, bb
    assert found[0] == pytest.approx(mean / np.linalg.norm(mean))
    second = np.array([0, root, 1 + root])  # c, bc
    assert found[1] == pytest.approx(second / np.linalg.norm(second))


def test_a_prompt_with_braces_is_taken_as_it_is():
    found = class_embeddings(Letters(), {"x": ["{a}{0}"]}, ("{} b",))

    assert found[0] == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), 0])


def test_scores_are_the_softmax_of_standard_scores():
    items = np.eye(2, dtype=np.float32)
    classes = np.array([[1, 0], [0.6, 0.8]], np.float32)

    scores = against_all(items, classes)

    # Cosines 1, 0 and .6, .8: standard scores +1, -1 and -1, +1.
    high = 1 / (1 + np.exp(-2 * SHARPNESS))
    assert scores == pytest.approx(np.array([[high, 1 - high], [1 - high, high]]))


def test_a_prompt_that_is_near_everything_wins_no_picture_by_that():
    rng = np.random.default_rng(2)
    items = l2_normalize(rng.normal(size=(400, 16)) + 2.0 * np.eye(16)[0])
    hub, plain = np.eye(16)[0], np.eye(16)[1]
    classes = np.stack([hub, plain]).astype(np.float32)

    raw = (items @ classes.T).argmax(axis=1)
    calibrated = against_all(items, classes).argmax(axis=1)

    assert raw.mean() < 0.15
    assert 0.4 < calibrated.mean() < 0.6


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_rows_sum_to_one_and_follow_their_items(count: int, classes: int, seed: int):
    rng = np.random.default_rng(seed)
    items = l2_normalize(rng.normal(size=(count, 4)))
    named = l2_normalize(rng.normal(size=(classes, 4)))

    scores = against_all(items, named)

    assert scores.dtype == np.float32
    assert scores.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-5)
    assert against_all(items[::-1], named) == pytest.approx(scores[::-1], abs=1e-4)


def test_items_that_are_all_alike_have_every_mood_equally():
    items = np.tile(np.float32([1, 0]), (3, 1))
    classes = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6]], np.float32)

    assert against_all(items, classes) == pytest.approx(np.full((3, 4), 0.25))


def test_whoever_encodes_texts_is_asked_by_them():
    assert isinstance(Letters(), TextEncoder)
    assert not isinstance(object(), TextEncoder)
