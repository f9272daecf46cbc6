"""What each rival learns, where the right answer is planted."""

import numpy as np
import pytest

from evoke_core.bridge.projection import Side
from evoke_core.bridge.rivals import fit_ridge, fit_rivals
from evoke_core.bridge.supervision import soft_targets
from evoke_core.shared_space import FEELING, with_feeling
from evoke_core.vectors import from_half_circle, l2_normalize


def side(embedding, moods=None, affect=None):
    count = len(embedding)
    return Side(
        np.asarray(embedding, np.float32),
        np.asarray(np.eye(count) if moods is None else moods, np.float32),
        np.asarray(np.zeros((count, 2)) if affect is None else affect, np.float32),
    )


def few_pictures():
    return side(
        np.eye(3, 4),
        moods=[[1, 0], [0, 1], [0, 1]],
        affect=[[-1, -1], [1, 1], [1, 1]],
    )


def one_song(*, moods=(0.5, 0.5), affect=(0, 0)):
    return side([[0.6, 0.8]], [moods], [affect])


def test_soft_targets_by_hand():
    left, right = side([[1, 0]], [[1, 0]]), side(np.eye(2), np.eye(2))
    found = soft_targets(left, right, temperature=1.0)
    np.testing.assert_allclose(found, [[np.e / (np.e + 1), 1 / (np.e + 1)]], rtol=1e-6)
    sharp = soft_targets(left, right, temperature=0.01)
    np.testing.assert_allclose(sharp, [[1, 0]], atol=1e-6)


def test_soft_targets_are_shares():
    rng = np.random.default_rng(0)
    left = side(np.eye(5), rng.random((5, 7)))
    right = side(np.eye(9), rng.random((9, 7)))
    found = soft_targets(left, right, temperature=0.1)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)


def test_ridge_recovers_a_linear_map():
    rng = np.random.default_rng(1)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    music = side(l2_normalize(rng.normal(size=(400, 5))))  # each its own mood
    images = side(music.embedding @ turn)
    unheard = side(l2_normalize(rng.normal(size=(50, 5))))
    found = fit_ridge(music, images).project(unheard)
    assert ((found * (unheard.embedding @ turn)).sum(axis=1)).min() > 0.995


def test_cca_recovers_a_shared_signal():
    rng = np.random.default_rng(2)
    signal = rng.normal(size=400)
    heard, seen = rng.normal(size=(2, 400, 3))
    music = side(l2_normalize(np.column_stack([signal, heard])))
    images = side(l2_normalize(np.column_stack([seen, signal])))
    cca = fit_rivals(music, images, seed=0)["cca"]
    mapped = music.embedding @ cca.arrays["weight"]
    spread = mapped.std(axis=0)
    assert spread[3] > 5 * spread[:3].max()  # nothing but the signal is carried over
    assert np.corrcoef(mapped[:, 3], music.embedding[:, 0])[0, 1] > 0.95


def test_affect_finds_the_pictures_at_the_songs_place():
    places = np.array([[-1, -1], [1, 1], [0, 0]], np.float32)
    shared = with_feeling(np.eye(3, 5, dtype=np.float32), places)
    images = side(shared, np.eye(3, 2), places)
    for number, place in enumerate(places):
        music = one_song(affect=place)
        found = fit_rivals(music, images, seed=0)["affect"].project(music)
        assert int((found @ shared.T).argmax()) == number


def test_affect_prefers_the_look_that_pictures_of_its_place_have():
    looks = np.eye(3, 5, dtype=np.float32)[[0, 0, 0, 1, 2]]
    places = np.array([[-1, -1]] * 4 + [[1, 1]], np.float32)
    images = side(with_feeling(looks, places), np.eye(5, 2), places)
    music = one_song(affect=(-1, -1))
    found = fit_rivals(music, images, seed=0)["affect"].project(music)
    scores = (found @ images.embedding.T)[0]
    assert scores[0] > scores[3] > scores[4]
    assert from_half_circle(found[:, :FEELING])[0] == pytest.approx([-1, -1], abs=1e-5)


def test_tags_answer_with_the_mean_look_of_the_songs_moods():
    music = one_song(moods=(0, 1))
    tags = fit_rivals(music, few_pictures(), seed=0)["tags"]
    np.testing.assert_allclose(tags.arrays["looks"], [[1, 0, 0, 0], [0, 0.5, 0.5, 0]])
    np.testing.assert_allclose(
        tags.project(music), [[0, 0.5**0.5, 0.5**0.5, 0]], rtol=1e-6
    )
    mixed = tags.project(one_song(moods=(0.5, 0.5)))
    np.testing.assert_allclose(mixed, l2_normalize(np.array([[2.0, 1, 1, 0]])), 1e-6)


def test_the_mean_is_that_of_the_pictures():
    music = one_song()
    mean = fit_rivals(music, few_pictures(), seed=0)["mean"]
    np.testing.assert_allclose(mean.arrays["vector"], [1 / 3, 1 / 3, 1 / 3, 0])


def test_chance_is_fixed_by_its_seed():
    music = one_song()
    first, same, other = (
        fit_rivals(music, few_pictures(), seed=seed)["chance"].project(music)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("rows", [1, 4])
def test_songs_that_all_sound_the_same_break_no_rival(rows):
    music = side(np.repeat([[0.6, 0.8]], rows, 0), np.full((rows, 2), 0.5))
    for rival in fit_rivals(music, few_pictures(), seed=0).values():
        assert np.isfinite(rival.project(music)).all()
