"""Looks and feeling share one vector, and a cosine weighs both."""

import numpy as np

from evoke_core.shared_space import (
    FEELING,
    ask_by_feeling,
    with_feeling,
)
from evoke_core.vectors import from_half_circle, l2_normalize


def some(count: int, dimension: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return l2_normalize(rng.normal(size=(count, dimension)))


def places(count: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, 2)).astype(np.float32)


def test_vectors_are_of_unit_length_and_hold_the_feeling_before_the_look():
    joined = with_feeling(some(5, 7), places(5))

    assert joined.shape == (5, FEELING + 7)
    assert joined.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1, atol=1e-6)


def test_a_feeling_can_be_read_back_at_any_scale():
    affect = places(20)
    joined = with_feeling(some(20, 3), affect)

    np.testing.assert_allclose(
        from_half_circle((3 * joined)[:, :FEELING]), affect, atol=1e-5
    )


def test_a_cosine_is_the_mean_of_nearness_in_feeling_and_in_looks():
    looks, affect = some(2, 6), np.array([[0.2, -0.4], [0.7, 0.1]], np.float32)
    joined = with_feeling(looks, affect)

    near = np.cos(np.pi / 2 * (affect[0] - affect[1])).mean()
    expected = 0.5 * near + 0.5 * float(looks[0] @ looks[1])
    np.testing.assert_allclose(float(joined[0] @ joined[1]), expected, atol=1e-6)


def test_asking_by_feeling_finds_the_nearest_on_the_plane_whatever_its_look():
    affect = np.array([[-0.9, 0.9], [0.1, 0.2], [0.8, -0.8]], np.float32)
    pictures = with_feeling(some(3, 9), affect)
    asked = ask_by_feeling(affect + np.float32(0.05), 13)

    assert (asked @ pictures.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_middling_song_asks_for_middling_pictures_and_not_for_extreme_ones():
    affect = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 1.0]], np.float32)
    pictures = with_feeling(some(4, 5), affect)
    asked = ask_by_feeling(np.zeros((1, 2), np.float32), 9)

    assert int((asked @ pictures.T).argmax()) == 0


def test_a_weaker_feeling_is_found_later_at_the_same_place():
    affect, looks = np.zeros((2, 2), np.float32), some(2, 6)
    strength = np.array([1.0, 0.5], np.float32)
    joined = with_feeling(looks, affect, strength)
    asked = ask_by_feeling(affect[:1], 10)

    np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(from_half_circle(joined[:, :FEELING]), affect, atol=1e-6)
    scores = (asked @ joined.T)[0]
    # Squared lengths of the two blocks: a half each; an eighth beside a half.
    np.testing.assert_allclose(scores, [0.5**0.5, 0.2**0.5], atol=1e-6)
