"""The published signs, seen on pictures that differ in one thing."""

import numpy as np
import pytest

from evoke_core.images.affect import (
    AROUSAL_WEIGHTS,
    VALENCE_WEIGHTS,
    affect_composites,
    picture_affect,
)
from evoke_core.pixels.features import FEATURES, describe_view
from evoke_core.pixels.reference import load_reference
from evoke_core.pixels.view import view_picture


def place(*colour: int) -> tuple[float, float]:
    picture = np.full((120, 160, 3), colour, dtype=np.uint8)
    valence, arousal = picture_affect(describe_view(view_picture(picture))[None])[0]
    return float(valence), float(arousal)


def average_picture() -> np.ndarray:
    return np.array([[load_reference().moments[name][0] for name in FEATURES]])


def test_brighter_is_more_pleasant() -> None:
    assert place(200, 200, 200)[0] > place(110, 110, 110)[0] > place(30, 30, 30)[0]


def test_saturated_is_more_rousing() -> None:
    assert place(30, 120, 60)[1] > place(85, 105, 92)[1]


def test_red_is_more_rousing_than_blue() -> None:
    assert place(190, 60, 60)[1] > place(60, 90, 190)[1]


def test_blue_is_liked_more_than_brown() -> None:
    assert place(70, 110, 170)[0] > place(110, 75, 30)[0]


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [
        *((name, 0, np.sign(weight)) for name, weight in VALENCE_WEIGHTS.items()),
        *((name, 1, np.sign(weight)) for name, weight in AROUSAL_WEIGHTS.items()),
    ],
)
def test_each_feature_pulls_its_own_way(name: str, axis: int, sign: float) -> None:
    more = average_picture()
    more[0, FEATURES.index(name)] += load_reference().moments[name][1]
    moved = affect_composites(more) - affect_composites(average_picture())
    assert np.sign(moved[0, axis]) == sign


def test_one_standard_deviation_moves_the_composite_by_its_weight() -> None:
    more = average_picture()
    more[0, FEATURES.index("lightness_mean")] += load_reference().moments[
        "lightness_mean"
    ][1]
    assert affect_composites(more)[0] == pytest.approx([1.0, -1.0], abs=1e-4)


def test_the_average_picture_is_near_the_middle() -> None:
    assert np.abs(picture_affect(average_picture())).max() < 0.05


def test_any_features_stay_on_the_plane() -> None:
    wild = np.random.default_rng(0).normal(0, 1e4, (50, len(FEATURES)))
    found = picture_affect(wild)
    assert found.shape == (50, 2)
    assert np.abs(found).max() <= 1
