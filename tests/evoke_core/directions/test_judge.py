"""How sliders are judged, on pictures whose places are known."""

import numpy as np
import pytest

from evoke_core.directions.judge import (
    SliderReport,
    cross_judge,
    deal_halves,
    judge_sliders,
)


def test_judging_by_hand_on_a_line_of_pictures():
    # 120 pictures on a quarter circle; energy rises with the angle, warmth half as much
    angle = np.linspace(0, np.pi / 2, 120)
    embeddings = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    noise = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
    attributes = noise * 1e-3
    attributes[:, 0] += angle
    attributes[:, 1] += np.where(np.arange(120) % 2, angle, -angle)  # cancels out
    directions = np.zeros((4, 2), np.float32)
    directions[0] = [-(0.5**0.5), 0.5**0.5]
    middle = np.full((1, 2), 0.5**0.5, np.float32)
    report = judge_sliders(directions, embeddings, attributes, middle, reach=1.0)
    assert report["energy"].tau >= 0.9
    # from the lowest 24 of 120 to the highest: 96 of 119 steps of a uniform spread
    steps = 96 / 119 * (np.pi / 2) / attributes[:, 0].std()
    assert report["energy"].movement == pytest.approx(steps, rel=1e-3)
    assert report["warmth"].movement == 0.0


@pytest.mark.parametrize(
    ("tau", "leak", "holds"),
    [(0.9, 1 / 3, True), (0.89, 0.1, False), (1.0, 0.34, False)],
)
def test_the_bar_is_tau_and_leak(tau, leak, holds):
    assert SliderReport(tau=tau, movement=1.0, leak=leak).holds is holds


def test_halves_share_no_picture_and_judge_each_other():
    (told, held), (told_again, held_again) = deal_halves(11, seed=3)
    assert sorted([*told, *held]) == list(range(11))
    assert told.tolist() == held_again.tolist()
    assert held.tolist() == told_again.tolist()


def test_a_fit_never_sees_the_pictures_that_judge_it():
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(60, 8)).astype(np.float32)
    attributes = rng.uniform(size=(60, 4)).astype(np.float32)
    seen = []

    def fit(x, y):
        assert len(x) == len(y) == 30
        seen.append({row.tobytes() for row in x})
        return np.eye(4, 8, dtype=np.float32)

    reports = cross_judge(fit, embeddings, attributes, reach=1.0, seed=0)
    assert list(reports) == ["energy", "warmth", "complexity", "abstraction"]
    assert not seen[0] & seen[1]
