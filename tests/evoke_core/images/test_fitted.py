"""The fitted correction: its arithmetic by hand, and what its file must say."""

import json

import numpy as np
import pytest

from evoke_core.images.fitted import COEFFICIENTS_FILE, FittedAxis, load_fitted
from evoke_core.moods import AFFECT
from evoke_core.pixels.features import FEATURES


def test_the_published_sum_and_the_correction_are_added_and_standardised() -> None:
    axis = FittedAxis(weights={"b": 0.5}, scale=2.0, mean=1.0, deviation=4.0)
    published = np.array([1.0, -1.0], np.float32)
    standard = np.array([[9.0, 2.0], [9.0, -2.0]], np.float32)
    # (2 * 1 + 0.5 * 2 - 1) / 4, and (2 * -1 - 0.5 * 2 - 1) / 4
    assert axis.place(published, standard, ("a", "b")) == pytest.approx([0.5, -1.0])


def test_every_weight_belongs_to_a_feature_and_every_axis_to_the_plane() -> None:
    for name, axis in load_fitted().axes.items():
        assert name in AFFECT
        assert set(axis.weights) == set(FEATURES)
        assert axis.deviation > 0


def test_the_published_signs_are_kept() -> None:
    assert all(axis.scale > 0 for axis in load_fitted().axes.values())


def test_the_file_says_what_it_was_fitted_on_and_what_that_gained() -> None:
    table = json.loads(COEFFICIENTS_FILE.read_text(encoding="utf-8"))
    assert "OASIS" in table["fitted_on"]
    assert "CC0" in table["terms"]
    for axis in table["axes"].values():
        assert axis["n"] == 270
        assert axis["spearman_cross_validated"] > axis["spearman_published"]
        assert axis["gain_interval_95"][0] > 0
