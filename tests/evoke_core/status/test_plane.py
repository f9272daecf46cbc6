"""The plane: pleasant to the right, exciting at the top, the same every time."""

import numpy as np
import pytest

from evoke_core.status.plane import fit_plane

NOTHING = np.empty((0, 5), np.float32)


@pytest.fixture
def world():
    """Pictures whose first two numbers are affect, hidden by a turn of five axes."""
    rng = np.random.default_rng(1)
    affect = rng.uniform(-1, 1, (200, 2)).astype(np.float32)
    wide = np.hstack([affect * (1.0, 0.6), rng.normal(0, 0.01, (200, 3))])
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    return (wide @ turn).astype(np.float32), affect


def test_what_is_pleasant_lies_right_and_what_is_exciting_above(world):
    vectors, affect = world
    plane = fit_plane(vectors, affect, NOTHING)
    places = plane.place(vectors)
    assert np.corrcoef(places[:, 0], affect[:, 0])[0, 1] > 0.99
    assert np.corrcoef(places[:, 1], affect[:, 1])[0, 1] < -0.99, "top is small"
    assert plane.names() == (True, True)
    assert plane.explained > 0.99


def test_axes_are_not_named_after_what_they_do_not_show(world):
    vectors, _ = world
    unknown = np.zeros((len(vectors), 2), np.float32)
    plane = fit_plane(vectors, unknown, NOTHING)
    assert plane.names() == (False, False)
    assert plane.feelings == (0.0, 0.0)


def test_every_place_is_inside_and_every_song_has_room(world):
    vectors, affect = world
    songs = 3 * vectors[:4]
    plane = fit_plane(vectors, affect, songs)
    places = plane.place(songs)
    assert ((places > 0) & (places < 100)).all()
    assert len(np.unique(places.round(3), axis=0)) == 4, "none is pressed to the edge"
    far = plane.place(100 * vectors[:4])
    assert ((far >= 0) & (far <= 100)).all()


def test_distances_of_pictures_keep_their_order_under_another_sign(world):
    vectors, affect = world
    one, other = (fit_plane(each, affect, NOTHING) for each in (vectors, -vectors))
    assert np.allclose(one.place(vectors), other.place(-vectors), atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_pictures_have_no_plane(count):
    vectors = np.eye(5, dtype=np.float32)[:count]
    assert fit_plane(vectors, vectors[:, :2], NOTHING) is None


def test_pictures_that_are_all_alike_have_no_plane():
    alike = np.ones((10, 5), np.float32)
    assert fit_plane(alike, alike[:, :2], NOTHING) is None
