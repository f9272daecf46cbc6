import math

import numpy as np
import pytest

from evoke_core.memory.fusion import FusionRules
from evoke_core.memory.influence import compare_influence, sweep_strength
from evoke_core.memory.projection import Direction
from evoke_core.memory.text_encoder import TextStates

IS_WORD = np.array([False, True, False])


def words(*state: float) -> TextStates:
    """A start, one word, an end, in three dimensions."""
    rows = [(0, 0, 1), state, (0, 0, 1)]
    return TextStates(np.array(rows, np.float32), IS_WORD)


def music(*vector: float) -> Direction:
    return Direction(np.array(vector, np.float32), 1.0)


SEA, FIRE = words(1, 0, 0), words(0, 1, 0)
HIGH, LOW = music(0, 0, 1), music(0, 0, -1)


def test_distances_of_a_sweep_are_worked_by_hand_and_grow():
    rules = FusionRules(gate=0.75)
    none, half, whole = sweep_strength(SEA, HIGH, strengths=(0, 0.5, 1), rules=rules)
    assert none == 0.0
    assert whole == pytest.approx((1 - 0.8) / 3, abs=1e-6)  # one row of three, cos .8
    assert 0 < half < whole


def test_a_sweep_grows_on_real_text_states(text_encoder):
    said = text_encoder.encode("a quiet sea under the moon")
    rng = np.random.default_rng(0)
    vector = rng.standard_normal(768)
    vector /= np.linalg.norm(vector)
    distances = sweep_strength(said, Direction(vector.astype(np.float32), 1.0))
    assert distances[0] == 0.0
    assert distances == sorted(set(distances))


def test_songs_and_lyrics_are_weighed_apart():
    found = compare_influence([SEA, FIRE], [HIGH, LOW], FusionRules(1.0, gate=0.75))
    # words at (.8, 0, +-.6): another song turns one row of three to cosine .28,
    # another word under the same song to .36
    assert found.by_song == pytest.approx((1 - 0.28) / 3, abs=1e-6)
    assert found.by_lyrics == pytest.approx((1 - 0.36) / 3, abs=1e-6)
    assert (found.pairs_of_songs, found.pairs_of_lyrics) == (2, 2)
    assert "n=2" in found.sentence()


def test_without_strength_only_words_count():
    found = compare_influence([SEA, FIRE], [HIGH, LOW], FusionRules(0.0))
    assert found.by_song == 0.0
    assert found.by_lyrics == pytest.approx(1 / 3, abs=1e-6)


def test_what_has_no_pair_is_no_number():
    found = compare_influence([SEA], [HIGH, LOW])
    assert math.isnan(found.by_lyrics)
    assert found.by_song > 0
