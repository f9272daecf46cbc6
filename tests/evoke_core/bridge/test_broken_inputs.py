"""What is broken before the fit does not come through the gate."""

import numpy as np
import pytest

from evoke_core.bridge.gate import decide, has_learned
from evoke_core.bridge.projection import Side
from evoke_core.bridge.report import Truth, compare, cross_fit
from evoke_core.bridge.supervision import NO_PAIRS, Supervision, make_pairs
from evoke_core.config.profile import BridgeRules
from evoke_core.errors import BridgeError
from evoke_core.vectors import l2_normalize

RULES = BridgeRules(
    hidden=0, temperature=0.1, learning_rate=0.003, weight_decay=0.05,
    max_epochs=10, patience=4, folds=3, seed=3,
)  # fmt: skip
COUNT, MOODS = 150, 6


@pytest.fixture(scope="module")
def world():
    """Songs and pictures of six moods; song n is shown by picture n."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(COUNT, MOODS))
    labels = z.argmax(axis=1)
    music, images = (
        l2_normalize(z @ rng.normal(size=(MOODS, 20)) + rng.normal(size=(COUNT, 20)))
        for _ in range(2)
    )
    moods = (0.05 + 0.7 * np.eye(MOODS)[labels]).astype(np.float32)
    nowhere = np.zeros((COUNT, 2), np.float32)
    truth = Truth("planted", labels[:, None] == labels[None], np.eye(COUNT, dtype=bool))
    return Side(music, moods, nowhere), Side(images, moods, nowhere), truth


def judged(music, images, truth, *, paired_with):
    rows = np.arange(COUNT)
    told = Supervision(make_pairs(rows, paired_with, share=0.9), NO_PAIRS)
    projected = cross_fit(music, images, rows, rows % 3, RULES, told)
    return compare(projected, images.embedding, truth).served_by()


@pytest.fixture(scope="module")
def sound(world):
    return judged(*world, paired_with=np.arange(COUNT))


def test_sound_pairs_come_through(sound):
    assert has_learned(sound["bridge"], sound)
    assert decide(sound, None).is_proven


def test_shuffled_pairs_fail(world, sound):
    music, images, truth = world
    order = np.random.default_rng(1).permutation(COUNT)
    shuffled = Side(music.embedding, music.moods[order], music.affect)
    found = judged(shuffled, images, truth, paired_with=order)
    assert not has_learned(found["bridge"], found)
    verdict = decide(found, ("bridge", sound["bridge"]))
    assert (verdict.serves, verdict.is_new) == ("bridge", False)
    assert not decide({k: found[k] for k in ("chance", "bridge")}, None).is_proven


@pytest.mark.parametrize("which", ["music", "picture"])
def test_constant_vectors_fail_before_anything_is_judged(world, which):
    music, images, truth = world
    same = np.repeat(music.embedding[:1], COUNT, axis=0)
    flat = Side(same, music.moods, music.affect)
    sides = (flat, images) if which == "music" else (music, flat)
    with pytest.raises(BridgeError, match=f"check the {which} encoder"):
        judged(*sides, truth, paired_with=np.arange(COUNT))


def test_one_mood_only_is_named_where_moods_are_all_there_is(world):
    music, images, _ = world
    one = np.tile(np.eye(1, MOODS, dtype=np.float32), (COUNT, 1))
    flat = Side(music.embedding, one, music.affect)
    with pytest.raises(BridgeError, match="all music moods are the same"):
        cross_fit(flat, images, np.arange(COUNT), np.arange(COUNT) % 3, RULES)


def test_one_mood_only_proves_nothing(world):
    music, images, truth = world
    one = np.tile(np.eye(1, MOODS, dtype=np.float32), (COUNT, 1))
    sides = (Side(s.embedding, one, s.affect) for s in (music, images))
    everything = Truth("tags", np.ones((COUNT, COUNT), bool), truth.instance)
    found = judged(*sides, everything, paired_with=np.arange(COUNT))
    assert not decide(found, None).is_proven
    assert not decide(found, ("tags", found["tags"])).is_new
