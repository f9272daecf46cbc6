"""Moods are named by where a point lies on the plane."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Axis, Mood, Vocabulary
from evoke_core.moods import (
    calibrate_plane,
    count_moods,
    mood_coordinates,
    name_moods,
    read_calibration,
    score_moods,
    write_calibration,
)

AXIS = Axis(low="a", high="b", low_prompts=("a",), high_prompts=("b",))
PLACE = st.floats(-1, 1, width=32)


def vocabulary(**places: tuple[float, float]) -> Vocabulary:
    return Vocabulary(
        moods={
            name: Mood(images=("i",), music=("m",), valence=valence, arousal=arousal)
            for name, (valence, arousal) in places.items()
        },
        axes=dict.fromkeys(("energy", "warmth", "complexity", "abstraction"), AXIS),
    )


def rules(bandwidth: float) -> TagRules:
    return TagRules(bandwidth=bandwidth, per_item=4, word_weight=0.5)


def at(valence: float, arousal: float) -> np.ndarray:
    return np.array([[valence, arousal]], np.float32)


def test_coordinates_come_in_the_files_order():
    words = vocabulary(sad=(-0.5, -0.25), glad=(0.75, 0.5))

    assert mood_coordinates(words).tolist() == [[-0.5, -0.25], [0.75, 0.5]]
    assert mood_coordinates(words).dtype == np.float32


def test_halfway_between_two_moods_they_share_alike():
    words = vocabulary(left=(-0.5, 0), right=(0.5, 0))

    assert score_moods(at(0, 0.3), words, rules(0.35)).tolist() == [[0.5, 0.5]]


def test_a_mood_one_bandwidth_further_away_has_61_percent_of_the_weight():
    words = vocabulary(here=(0, 0), there=(0.5, 0))

    ((here, there),) = score_moods(at(0, 0), words, rules(0.5))

    assert there / here == pytest.approx(np.exp(-0.5))


def test_a_crowd_does_not_outvote_a_mood_that_stands_alone():
    words = vocabulary(alone=(-0.5, 0), one=(0.5, 0), two=(0.5, 0), three=(0.5, 0))

    ((alone, *crowd),) = score_moods(at(0, 0), words, rules(0.2))

    assert alone == pytest.approx(sum(crowd), rel=1e-4)


@given(PLACE, PLACE, st.sampled_from([0.01, 0.05, 0.35, 2.0]))
def test_scores_are_shares(valence: float, arousal: float, bandwidth: float):
    words = vocabulary(a=(-0.9, 0.9), b=(0.1, -0.2), c=(0.15, -0.2))

    scores = score_moods(at(valence, arousal), words, rules(bandwidth))

    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert scores.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("bandwidth", [0.02, 0.05, 0.35])
def test_a_point_far_from_all_moods_is_named_by_the_nearest(bandwidth: float):
    words = vocabulary(far=(-1, -1), near=(0, 0), farther=(-1, 1))

    scores = score_moods(at(0.9, 0.1), words, rules(bandwidth))

    assert name_moods(scores, list(words.moods), count=1) == [["near"]]


def test_shipped_moods_are_named_at_their_own_places(assets_config: Path):
    words = load_vocabulary(assets_config)
    shipped = load_run_profile(assets_config, "demo").tags
    names = list(words.moods)

    scores = score_moods(mood_coordinates(words), words, shipped)
    named = name_moods(scores, names, count=shipped.per_item)

    assert all(name in row for name, row in zip(names, named, strict=True))


def test_no_points_have_no_names(assets_config: Path):
    words = load_vocabulary(assets_config)
    nowhere = np.empty((0, 2), np.float32)

    scores = score_moods(nowhere, words, rules(0.35))

    assert scores.shape == (0, len(words.moods))
    assert name_moods(scores, list(words.moods), count=4) == []


def test_the_strongest_moods_come_first_and_ties_go_to_the_earlier():
    scores = np.array([[0.1, 0.4, 0.1, 0.4], [0.7, 0.1, 0.1, 0.1]], np.float32)

    named = name_moods(scores, ["a", "b", "c", "d"], count=3)

    assert named == [["b", "d", "a"], ["a", "b", "c"]]


def test_no_more_moods_are_named_than_there_are():
    assert name_moods(np.array([[0.4, 0.6]]), ["a", "b"], count=9) == [["b", "a"]]


def spread_over(words: Vocabulary, count: int, seed: int, width: float) -> np.ndarray:
    """Draw items around the moods' own places, drawn together about a centre."""
    rng = np.random.default_rng(seed)
    own = mood_coordinates(words)
    drawn = own[rng.integers(0, len(own), count)] + rng.normal(0, 0.2, (count, 2))
    centre = rng.uniform(-0.3, 0.3, 2)
    return (centre + width * drawn).astype(np.float32)


@pytest.mark.parametrize("width", [1.0, 0.5, 0.2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_mood_is_named_of_everything_or_of_nothing(
    assets_config: Path, width: float, seed: int
):
    words = load_vocabulary(assets_config)
    shipped = load_run_profile(assets_config, "demo").tags
    items = spread_over(words, 2000, seed, width)

    calibration = calibrate_plane(items, words, shipped)
    scores = score_moods(items, words, shipped, calibration)
    named = name_moods(scores, list(words.moods), count=shipped.per_item)

    counted = Counter(mood for row in named for mood in row)
    shares = [counted[name] / len(items) for name in words.moods]
    # 4 of 48 is a twelfth on average.
    assert min(shares) > 0.005
    assert max(shares) < 0.25


def test_an_item_is_named_alike_in_the_library_and_after_it(assets_config: Path):
    words = load_vocabulary(assets_config)
    items = spread_over(words, 300, 5, 0.6)
    calibration = calibrate_plane(items, words, rules(0.35))

    among = score_moods(items, words, rules(0.35), calibration)
    later = score_moods(items[7:8], words, rules(0.35), calibration)

    assert later.tolist() == among[7:8].tolist()


def test_one_song_is_named_by_the_plane():
    words = vocabulary(sad=(-0.5, -0.5), glad=(0.5, 0.5), dull=(0, -0.8))
    alone = at(0.4, 0.4)

    calibration = calibrate_plane(alone, words, rules(0.35))
    scores = score_moods(alone, words, rules(0.35), calibration)

    assert name_moods(scores, list(words.moods), count=1) == [["glad"]]


def test_a_calibration_is_read_back_as_it_was_kept(store, assets_config: Path):
    words = load_vocabulary(assets_config)
    plane = calibrate_plane(spread_over(words, 40, 3, 1.0), words, rules(0.35))
    prompts = replace(plane, classes=np.eye(3, dtype=np.float32))

    for kept in (plane, prompts):
        write_calibration(store, "models/c.safetensors", kept)
        found = read_calibration(store, "models/c.safetensors")
        np.testing.assert_array_equal(found.mean, kept.mean)
        np.testing.assert_array_equal(found.spread, kept.spread)
        assert found.sharpness == kept.sharpness
        assert (found.classes is None) == (kept.classes is None)


def test_what_people_named_comes_first():
    scores = np.array([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]], np.float32)

    named = name_moods(scores, ["a", "b", "c", "d"], count=3, said=[[0, 2], []])

    assert named == [["c", "a", "b"], ["a", "b", "c"]]


def test_every_mood_is_counted_also_what_nothing_is_called():
    words = vocabulary(d=(1, 1), a=(0, 0), b=(0, 1), c=(1, 0))
    tags = pl.DataFrame({"moods": [["a", "c"], ["c"]]})

    counted = count_moods(tags, words)

    assert counted.rows() == [
        ("c", 2, 1.0), ("a", 1, 0.5), ("b", 0, 0.0), ("d", 0, 0.0),
    ]  # fmt: skip


def test_shipped_moods_are_forty_to_sixty_with_prompts_and_poles(assets_config: Path):
    words = load_vocabulary(assets_config)

    assert 40 <= len(words.moods) <= 60
    for name, shipped in words.moods.items():
        assert len(shipped.images) >= 2, name
        assert len(shipped.music) >= 2, name
        assert shipped.words, name
    for axis in words.axes.values():
        assert set(axis.low_prompts).isdisjoint(axis.high_prompts)
        assert min(len(axis.low_prompts), len(axis.high_prompts)) >= 2
