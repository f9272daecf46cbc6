from itertools import pairwise

import numpy as np
import pytest

from evoke_core.music.decode import Track
from evoke_core.music.frames import ANALYSIS_RATE
from evoke_core.music.sections import MOST_SECTIONS, SHORTEST_S, find_sections
from evoke_core.music.spectra import compute_spectra


def chord(seconds, *tones):
    time = np.arange(int(seconds * ANALYSIS_RATE)) / ANALYSIS_RATE
    return 0.1 * sum(np.sin(2 * np.pi * hertz * time) for hertz in tones)


def noise(seconds):
    return np.random.default_rng(4).normal(0, 0.1, int(seconds * ANALYSIS_RATE))


def sections_of(*parts):
    samples = np.concatenate(parts).astype(np.float32)
    seconds = len(samples) / ANALYSIS_RATE
    track = Track(samples, ANALYSIS_RATE, seconds)
    return find_sections(compute_spectra(track))


def test_a_return_of_the_first_part_has_its_label():
    calm = chord(15, 220, 277.2, 329.6)
    found = sections_of(calm, noise(12), calm)
    assert [section.label for section in found] == ["A", "B", "A"]
    assert found[0].end_s == pytest.approx(15, abs=1)
    assert found[1].end_s == pytest.approx(27, abs=1)


def test_a_change_of_harmony_alone_is_a_turn():
    found = sections_of(chord(15, 220, 277.2, 329.6), chord(15, 233.1, 293.7, 349.2))
    assert [section.label for section in found] == ["A", "B"]
    assert found[0].end_s == pytest.approx(15, abs=1)


@pytest.mark.parametrize("part", [chord(40, 220, 330), noise(40), 0 * noise(40)])
def test_a_steady_sound_is_one_section(part):
    (only,) = sections_of(part)
    assert (only.start_s, only.end_s, only.label) == (0.0, 40.0, "A")


def test_a_song_of_a_few_seconds_is_one_section():
    assert len(sections_of(chord(2, 220), noise(2))) == 1


def test_a_song_that_turns_often_has_six_sections():
    parts = [chord(10, 220), noise(10)] * 4
    assert len(sections_of(*parts)) == MOST_SECTIONS


@pytest.mark.parametrize("lengths", [(7, 8, 3, 20), (30.3, 5, 9.77), (12.2,), (61, 40)])
def test_sections_cover_the_song_without_gaps(lengths):
    tones = (220, 277.2, 370, 523)
    parts = [
        chord(length, tone) if row % 2 else noise(length)
        for row, (length, tone) in enumerate(zip(lengths, tones, strict=False))
    ]
    found = sections_of(*parts)
    assert found[0].start_s == 0
    assert found[-1].end_s == pytest.approx(sum(lengths), abs=1e-3)
    for before, after in pairwise(found):
        assert before.end_s == after.start_s
        assert before.label != after.label
    assert all(s.end_s - s.start_s >= min(SHORTEST_S, sum(lengths)) for s in found)
