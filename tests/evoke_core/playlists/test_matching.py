"""Matching tracks to pictures: worked by hand, and no track wins everything."""

import numpy as np
import pytest

from evoke_core.playlists.matching import Variety, match_tracks
from evoke_core.vectors import l2_normalize


def unit(*rows):
    return l2_normalize(np.array(rows, np.float32))


def match(tracks, asked, collection, *, whole_weight=1.0, board_size=1):
    return match_tracks(
        tracks, asked, collection, whole_weight=whole_weight, board_size=board_size
    )


def test_the_average_picture_is_0_and_the_best_one_is_1():
    collection = np.vstack([unit([1, 0])] + [unit([0, 1])] * 7)  # the mean is 1 / 8
    track = unit([1, 0])

    def score(*pictures):
        return match([track], np.vstack(pictures), collection).score[0]

    assert score(unit([1, 0])) == pytest.approx(1.0)
    assert score(collection) == pytest.approx(0.0, abs=1e-6)
    assert score(unit([0, 1])) == pytest.approx(-1 / 7)
    assert score(unit([1, 0]), unit([0, 1])) == pytest.approx(3 / 7)


def test_a_board_of_a_small_collection_is_an_eighth_of_it():
    rng = np.random.default_rng(1)
    collection = l2_normalize(rng.normal(size=(16, 5)))
    track = unit(rng.normal(size=5))
    best = collection[np.argsort(-(collection @ track[0]))[:2]]

    found = match([track], best, collection, board_size=40)

    assert found.score[0] == pytest.approx(1.0, abs=1e-5)


def test_a_track_in_the_midst_of_the_pictures_does_not_win_everything():
    """Cosines alone prefer the hub, whichever pictures ask."""
    rng = np.random.default_rng(7)
    centres = l2_normalize(rng.normal(size=(6, 16)) + 2.5)  # all on one side
    collection = l2_normalize(
        np.repeat(centres, 40, axis=0) + rng.normal(0, 0.3, (240, 16))
    )
    hub = l2_normalize(centres.mean(axis=0)[None])
    away = l2_normalize(centres - 0.75 * centres.mean(axis=0))  # each leans outwards
    tracks = [hub, *(row[None] for row in away)]

    firsts, by_cosine = [], []
    for group in range(6):
        asked = collection[group * 40 : group * 40 + 10]
        firsts.append(
            int(match(tracks, asked, collection, board_size=30).score.argmax())
        )
        by_cosine.append(int((np.vstack(tracks) @ asked.T).mean(axis=1).argmax()))

    assert by_cosine.count(0) >= 5
    assert 0 not in firsts
    assert len(set(firsts)) >= 5


def test_the_nearest_window_counts_as_on_a_board():
    collection = unit([1, 0], [0, 1], [0, -1], [-1, 0])
    track = unit([1, 0], [0, -1], [0, 1])  # whole, then two windows
    asked = unit([0, 1])

    whole = match([track], asked, collection)
    both = match([track], asked, collection, whole_weight=0.5)

    # whole: 0 of 1; both: .5 of .5, which is as good as the best, (1, 0), has
    assert whole.score[0] == pytest.approx(0.0, abs=1e-6)
    assert both.score[0] == pytest.approx(1.0, abs=1e-6)
    assert both.passage[0] == 2


def test_a_track_of_one_window_has_no_passage():
    found = match([unit([1, 0]), unit([1, 0], [1, 0])], unit([1, 0]), unit([1, 0]))
    assert found.passage.tolist() == [0, 0]


def test_pictures_that_are_all_alike_to_a_track_say_nothing():
    found = match([unit([1, 0])], unit([0, 1]), unit([0, 1], [0, 1]))
    assert found.score.tolist() == [0.0]


def test_variety_counts_names_of_each_kind_and_no_unknown_ones():
    variety = Variety({"artist": 2, "family": 1})
    ann = {"artist": "Ann", "family": None}
    for _ in range(2):
        assert variety.has_room(ann)
        variety.count(ann)

    assert not variety.has_room(ann)
    assert variety.has_room({"artist": None, "family": None})
    assert variety.has_room({"artist": "Bob", "family": "Ann"})
    variety.count({"artist": "Bob", "family": "Ann"})
    assert not variety.has_room({"artist": "Bob", "family": "Ann"})
