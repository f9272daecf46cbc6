"""The pinned planted world, and a small one that takes no time."""

import numpy as np
import pytest

from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.rivals import fit_ridge
from evoke_core.bridge.supervision import make_pairs
from tests.benchmarks import planted

SMALL = {
    "TRACKS": 900, "PICTURES": 1500, "TAUGHT": 700, "WIDTHS": (384, 192, 192),
}  # fmt: skip


def projected_by_bridge(world, *, hidden=0):
    music, images, groups, told = world.lesson()
    rules = planted.rules(hidden=hidden)
    bridge = fit_bridge(music, images, groups, rules, told)
    asked = world.music.rows(np.arange(planted.TAUGHT, planted.TRACKS))
    alone = make_pairs(groups, groups, share=1.0)
    ridge = fit_ridge(music, images, groups, pairs=alone)
    return world.judge(bridge.project(asked)), world.judge(ridge.project(asked))


def mrr(judged):
    return judged["instance"]["mrr"].value


@pytest.mark.slow
@pytest.mark.parametrize("kind", planted.NOISE)
def test_the_bridge_reaches_the_oracle_and_ridge(kind):
    world = planted.plant(kind)
    bridge, ridge = projected_by_bridge(world)
    best = world.judge(planted.oracle(world))
    assert mrr(best) == pytest.approx(0.60, abs=0.012)
    assert best["label"]["precision_at_1"].value == pytest.approx(0.98, abs=0.01)
    assert mrr(bridge) >= 0.95 * mrr(best)
    assert mrr(bridge) >= mrr(ridge)
    assert mrr(bridge) >= 0.50
    assert bridge["label"]["precision_at_1"].value >= 0.90


@pytest.mark.parametrize("kind", planted.NOISE)
def test_a_small_world_shows_the_same(kind, monkeypatch):
    for name, size in SMALL.items():
        monkeypatch.setattr(planted, name, size)
    world = planted.plant(kind)
    bridge, ridge = projected_by_bridge(world)
    assert mrr(bridge) >= 0.95 * mrr(world.judge(planted.oracle(world)))
    assert mrr(bridge) >= mrr(ridge)
    assert bridge["label"]["precision_at_1"].value >= 0.90
