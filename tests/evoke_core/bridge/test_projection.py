"""Every kind of projection, on vectors short enough to follow by hand."""

import numpy as np
import pytest

from evoke_core.bridge.projection import KINDS, Projection, Side
from evoke_core.shared_space import FEELING
from evoke_core.vectors import from_half_circle


def song(embedding=(1, 0), moods=(0.5, 0.5), affect=(0, 0)):
    return Side(*(np.array([v], np.float32) for v in (embedding, moods, affect)))


def placed(kind, music, **arrays):
    named = {name: np.array(array, np.float32) for name, array in arrays.items()}
    return Projection(kind, named).project(music)[0]


@pytest.mark.parametrize("kind", ["ridge", "cca", "bridge"])
def test_a_linear_kind_multiplies_and_adds(kind):
    found = placed(kind, song((1, 2)), weight=[[1, 0, 0], [0, 1, 0]], bias=[2, 0, 6])
    # (1, 2, 0) + (2, 0, 6) = (3, 2, 6), of length 7
    np.testing.assert_allclose(found, np.array([3, 2, 6]) / 7, rtol=1e-6)


def test_the_hidden_layer_stands_beside_the_linear_way():
    found = placed(
        "deep_bridge",
        song((1, 2)),
        weight=[[1, 0], [0, 1]], bias=[0, 0],
        inner=[[1, -1], [1, -1]], inner_bias=[-1, 0],  # 3 - 1 = 2; -3 is cut to 0
        outer=[[1, 0], [0, 100]],
    )  # fmt: skip
    # (1, 2) + 2 * (1, 0) = (3, 2)
    np.testing.assert_allclose(found, np.array([3, 2]) / 13**0.5, rtol=1e-6)


def test_the_mean_answers_every_song_alike():
    two = Side(*(np.eye(2, dtype=np.float32) for _ in range(3)))
    mean = Projection("mean", {"vector": np.array([3, 4], np.float32)})
    np.testing.assert_allclose(mean.project(two), [[0.6, 0.8]] * 2, rtol=1e-6)


def test_chance_is_fixed_by_the_song():
    found = placed("chance", song((1, 0)), weight=[[np.pi / 2, np.pi, 0], [9, 9, 9]])
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-6)


def test_affect_asks_for_the_songs_feeling_and_for_the_look_around_it():
    song_at = np.array([-1.0, 0.5], np.float32)
    anchors = {
        "places": np.array([[-1, 0.5], [1, 1]], np.float32),
        "looks": np.array([[0.3, 0], [0, 0.3]], np.float32),
        "bandwidth": np.array([0.1], np.float32),
    }
    asked = placed("affect", song(affect=song_at), **anchors)[None]

    np.testing.assert_allclose(
        from_half_circle(asked[:, :FEELING]), [song_at], atol=1e-6
    )
    np.testing.assert_allclose(asked[0, FEELING + 1], 0, atol=1e-6)
    assert 0 < asked[0, FEELING] < np.linalg.norm(asked[0, :FEELING])


def test_tags_mix_the_looks_of_a_songs_moods():
    found = placed("tags", song(moods=(0.6, 0.4)), looks=[[1, 0], [0, 2]])
    np.testing.assert_allclose(found, [0.6, 0.8], rtol=1e-6)


def test_every_kind_is_listed():
    assert set(KINDS) == {
        "chance", "mean", "affect", "tags", "ridge", "cca", "bridge", "deep_bridge",
    }  # fmt: skip


def test_a_side_gives_rows_by_mask_and_by_number():
    side = Side(*(np.arange(6, dtype=np.float32).reshape(3, 2) for _ in range(3)))
    assert len(side) == 3
    by_mask = side.rows(np.array([True, False, True]))
    by_number = side.rows(np.array([0, 2]))
    np.testing.assert_array_equal(by_mask.embedding, by_number.embedding)
    np.testing.assert_array_equal(by_mask.affect, [[0, 1], [4, 5]])
