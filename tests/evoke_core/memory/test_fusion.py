from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.errors import ConfigError
from evoke_core.memory.fusion import (
    FusionRules,
    fuse,
    norm_drift,
    states_distance,
)
from evoke_core.memory.projection import Direction
from evoke_core.vectors import l2_normalize

SHARES = st.floats(0.0, 1.0)


def text(seed: int = 0, *, words: int = 20, dimension: int = 768):
    rng = np.random.default_rng(seed)
    states = 28 * l2_normalize(rng.standard_normal((77, dimension)) + 0.3)
    states *= rng.uniform(0.5, 2.0, (77, 1)).astype(np.float32)
    place = np.arange(77)
    return states.astype(np.float32), (place > 0) & (place <= words)


def song(seed: int = 1, *, dimension: int = 768, presence: float = 1.0) -> Direction:
    rng = np.random.default_rng(seed)
    return Direction(l2_normalize(rng.standard_normal(dimension)), presence)


def test_a_state_worked_by_hand_turns_and_keeps_its_length():
    states = np.array([[1, 0], [2, 0], [1, 0]], np.float32)
    along = Direction(np.array([0, 1], np.float32), 1.0)
    is_word = np.array([False, True, False])
    fused = fuse(states, is_word, along, FusionRules(strength=1.0, gate=0.75))
    # (1, .75) has length 1.25; at the old length of 2 that is (1.6, 1.2)
    assert np.allclose(fused, [[1, 0], [1.6, 1.2], [1, 0]])


def test_no_strength_is_text_alone_bit_for_bit():
    states, is_word = text()
    assert fuse(states, is_word, song(), FusionRules(strength=0.0)) is states


def test_a_song_like_all_others_and_a_text_without_words_change_nothing():
    states, is_word = text()
    still = Direction(np.zeros(768, np.float32), 1.0)
    assert fuse(states, is_word, still) is states
    assert fuse(states, is_word, song(presence=0.0)) is states
    assert fuse(states, np.zeros(77, bool), song()) is states


@given(strength=SHARES, seed=st.integers(0, 99), words=st.integers(1, 75))
def test_start_end_and_padding_are_untouched(strength, seed, words):
    states, is_word = text(seed, words=words, dimension=32)
    kept = states.copy()
    rules = FusionRules(strength=strength)
    fused = fuse(states, is_word, song(seed, dimension=32), rules)
    assert fused[~is_word].tobytes() == states[~is_word].tobytes()
    assert np.array_equal(states, kept)
    assert fused.dtype == np.float32


@given(strength=SHARES, gate=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_lengths_do_not_drift(strength, gate, seed):
    states, is_word = text(seed, dimension=32)
    rules = FusionRules(strength=strength, gate=gate)
    fused = fuse(states, is_word, song(seed + 1, dimension=32), rules)
    assert norm_drift(states, fused) < 1e-6


@given(
    strengths=st.lists(SHARES, min_size=2, max_size=6, unique=True),
    seed=st.integers(0, 99),
    against=st.booleans(),
)
def test_more_strength_never_has_less_effect(strengths, seed, against):
    states, is_word = text(seed, dimension=16)
    direction = song(seed + 7, dimension=16)
    if against:  # a word that points away from the song almost exactly
        states[1] = -3 * (direction.vector + 1e-3)
    unit = l2_normalize(states).astype(np.float64)
    cosines = [
        (l2_normalize(fuse(states, is_word, direction, FusionRules(each))) * unit).sum(
            axis=1
        )
        for each in sorted(strengths)
    ]
    for weaker, stronger in pairwise(cosines):
        assert (stronger <= weaker + 1e-6).all()


def test_effect_grows_strictly_over_even_steps():
    states, is_word = text()
    distances = [
        states_distance(states, fuse(states, is_word, song(), FusionRules(step / 10)))
        for step in range(11)
    ]
    assert distances[0] == 0.0
    assert all(less < more for less, more in pairwise(distances))


@given(strength=SHARES, gate=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_no_word_turns_further_than_the_gate_allows(strength, gate, seed):
    states, is_word = text(seed, dimension=8)
    rules = FusionRules(strength=strength, gate=gate)
    fused = fuse(states, is_word, song(seed, dimension=8), rules)
    cosine = (l2_normalize(fused) * l2_normalize(states)).sum(axis=1)
    assert cosine.min() >= np.sqrt(1 - (strength * gate) ** 2) - 1e-5


def test_at_the_default_a_word_keeps_nine_tenths_of_its_direction():
    states, is_word = text()
    fused = fuse(states, is_word, song())
    cosine = (l2_normalize(fused) * l2_normalize(states)).sum(axis=1)[is_word]
    assert cosine.mean() == pytest.approx(0.91, abs=0.01)


def test_a_song_that_stands_out_less_moves_words_less():
    states, is_word = text()
    faint = fuse(states, is_word, song(presence=0.5), FusionRules(1.0))
    half = fuse(states, is_word, song(), FusionRules(0.5))
    assert np.array_equal(faint, half)


def test_a_state_of_zeros_stays_finite():
    states, is_word = text()
    states[3] = 0
    fused = fuse(states, is_word, song())
    assert not fused[3].any()
    assert np.isfinite(fused).all()


@pytest.mark.parametrize(
    "wrong", [{"strength": 1.1}, {"strength": float("nan")}, {"gate": 1.0}, {"gate": 0}]
)
def test_rules_beyond_their_ranges_are_refused(wrong):
    with pytest.raises(ConfigError, match="memory"):
        FusionRules(**wrong)


def test_distance_is_one_less_the_cosine_of_all_rows():
    left = np.array([[3, 0], [0, 4]], np.float32)
    right = np.array([[0, 3], [0, 4]], np.float32)
    assert states_distance(left, right) == pytest.approx(1 - 16 / 25)
    assert states_distance(left, left) == 0.0
