"""What a song asks: its whole, its sections, and the rules of the board."""

from dataclasses import replace

import numpy as np
import pytest

from evoke_core.boards.query import ask, song_moods
from evoke_core.moods import MoodCalibration, score_moods
from evoke_core.music.sections import Section
from evoke_core.shared_space import FEELING, with_feeling
from evoke_core.vectors import l2_normalize


def in_sections(heard, count, seed=0):
    """The same song with so many sections that sound different."""
    rng = np.random.default_rng(seed)
    parts = l2_normalize(rng.normal(size=(count, heard.embeddings.shape[1])))
    step = heard.track.duration_s / count
    sections = tuple(
        Section(n * step, (n + 1) * step, "AB"[n % 2]) for n in range(count)
    )
    return replace(
        heard,
        embeddings=np.vstack([heard.embeddings[:1], parts]),
        affects=np.vstack([heard.affects[:1], rng.uniform(-1, 1, (count, 2))]),
        analysis=replace(heard.analysis, sections=sections),
    )


def test_a_single_section_is_not_asked_twice(heard, desk):
    assert len(heard.embeddings) == 2
    assert ask(heard, desk).queries.shape == (1, 12)


def test_every_section_asks_for_itself(heard, desk):
    queries = ask(in_sections(heard, 3), desk).queries
    assert queries.shape == (4, 12)
    assert len(np.unique(queries, axis=0)) == 4


def test_queries_are_the_projected_song_to_six_digits(heard, desk):
    found = ask(heard, desk).queries[0]
    asked = with_feeling(heard.embeddings[:1], heard.affects[:1])
    found_looks = asked @ desk.projection.arrays["weight"]
    felt = with_feeling(found_looks, heard.affects[:1])[:, :FEELING]
    exact = l2_normalize(np.hstack([felt, found_looks[:, FEELING:]]))[0]
    np.testing.assert_allclose(found, exact, atol=6e-7)
    np.testing.assert_array_equal(found, np.round(found, 6))
    assert found.dtype == np.float64


def test_the_projection_hears_the_moods_of_every_part(heard, desk):
    seen = []

    class Spy:
        def project(self, music):
            seen.append(music)
            return np.zeros((len(music), 12), np.float32)

    song = in_sections(heard, 2)
    ask(song, replace(desk, projection=Spy()))
    np.testing.assert_array_equal(seen[0].moods, song_moods(song, desk))
    np.testing.assert_array_equal(seen[0].affect, song.affects)


def test_the_rules_of_the_board_come_from_the_profile(heard, desk):
    found, rules = ask(heard, desk), desk.run_profile
    assert found.size == rules.board.size == 6
    assert found.balance == rules.board.balance
    assert found.reach == rules.refinement.reach
    assert found.whole_weight == rules.board.whole_weight
    assert (found.max_per_artist, found.max_per_source) == (4, None)
    np.testing.assert_array_equal(found.directions, np.eye(4, 12))


def test_a_song_is_named_by_the_plane_against_the_library(heard, desk):
    rules = desk.run_profile.tags
    expected = score_moods(heard.affects, desk.vocabulary, rules, desk.calibration)
    np.testing.assert_array_equal(song_moods(heard, desk), expected)


def test_a_song_is_named_by_prompts_where_the_library_was(heard, desk):
    count = len(desk.vocabulary.moods)
    classes = np.zeros((count, heard.embeddings.shape[1]), np.float32)
    classes[7] = heard.embeddings[0]
    prompted = MoodCalibration(np.zeros(count), np.full(count, 0.1), 2.0, classes)
    scores = song_moods(heard, replace(desk, calibration=prompted))
    assert scores[0].argmax() == 7
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
