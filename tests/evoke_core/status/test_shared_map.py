"""The map: one thumbnail a place, tracks where they ask, songs as paths."""

import json

import pytest

from evoke_core.release import read_release
from evoke_core.status.drawing import curve_path, dots_path
from evoke_core.status.latest import read_latest
from evoke_core.status.served import read_served
from evoke_core.status.shared_map import draw_map
from tests.evoke_core.status import planted


@pytest.fixture
def planted_store(store):
    return planted.plant_store(store)


def drawn(store):
    documents = read_latest(store).documents
    return draw_map(store, read_served(store), read_release(store), documents)


def test_every_picture_is_a_thumbnail_or_a_dot(planted_store):
    found = drawn(planted_store)
    assert len(found.thumbnails) + len(found.dots) == 18
    assert len(set(found.thumbnails.values())) == len(found.thumbnails)


def test_tracks_are_placed_and_songs_walk_from_section_to_section(planted_store):
    found = drawn(planted_store)
    assert len(found.tracks) == planted.TRACKS
    of_board = found.walks[0]
    assert of_board.labels == ("A", "B", "C", "A")
    assert of_board.stops[0] == of_board.stops[3], "the section that comes back"
    assert len(set(of_board.stops)) == 3
    windows = found.walks[-1]
    assert len(windows.stops) == planted.WINDOWS


def test_before_a_release_there_are_pictures_alone(planted_store):
    found = draw_map(planted_store, read_served(planted_store), None, [])
    assert found.thumbnails
    assert found.tracks == found.walks == ()


def test_boards_of_other_vectors_are_left_out(planted_store):
    served = read_served(planted_store)
    key = "boards/night-0123456789/board.json"
    board = json.loads(planted_store.read(key))
    for query in board["refinement"]["queries"]:
        query["vector"] = [1.0, 0.0]
    assert (
        draw_map(planted_store, served, None, [board, {}, {"sections": 3}]).walks == ()
    )


def test_a_projection_that_was_lost_leaves_the_pictures(planted_store):
    planted_store.delete("models/p.safetensors")
    assert drawn(planted_store).tracks == ()


def test_without_pictures_there_is_no_map(store):
    assert draw_map(store, read_served(store), None, []) is None


def test_a_curve_goes_through_its_points_and_dots_have_no_length():
    assert curve_path([(0, 0)]) == ""
    path = curve_path([(0, 0), (6, 0), (6, 6)])
    assert path.startswith("M0 0C1.00 0.00 ")
    assert path.endswith(" 6 6")
    assert " 6 0C" in path
    assert dots_path([(1, 2), (3.5, 4)]) == "M1 2h0M3.5 4h0"
