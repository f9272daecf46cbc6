"""Melodies keep to their chords, their range and their form."""

import numpy as np
import pytest

from evoke_core.music.sources.synthesized.harmony import (
    SCALES,
    TONICS,
    Key,
    chord_at,
    lay_out,
)
from evoke_core.music.sources.synthesized.melody import Phrase, invent_all, sing
from evoke_core.music.sources.synthesized.score import Plan

RHYTHMS = ((1.5, 0.5, 1, 1), (2, 1, 0.5, 0.5))


@pytest.mark.parametrize("tonic", TONICS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_strong_notes_are_chord_tones_within_a_singable_range(tonic, seed) -> None:
    plan = Plan(Key(tonic, "major"), 100, 4, 8, "arch", seed)
    spans = lay_out("I | vi | IV | V || V7 | I", plan.key, bars=8, beats_per_bar=4)
    motifs = invent_all(np.random.default_rng(seed), RHYTHMS, "ab")
    notes = sing(plan, spans, motifs, Phrase("abab", (4, 7, 9, 2)))
    for note in notes:
        if note.beat % 2 == 0:
            assert note.pitch % 12 in chord_at(spans, note.beat).tones
    pitches = [note.pitch for note in notes]
    assert min(pitches) >= 55
    assert max(pitches) <= 97
    assert pitches[-1] % 12 == plan.key.root
    assert len({p % 12 for p in pitches}) <= len(SCALES["major"])


def test_a_motif_returns_with_its_rhythm() -> None:
    plan = Plan(Key("D", "minor"), 90, 4, 5, "steady", 4)
    spans = lay_out("i", plan.key, bars=5, beats_per_bar=4)
    motifs = invent_all(np.random.default_rng(4), RHYTHMS, "ab")
    notes = sing(plan, spans, motifs, Phrase("ab", (0,)))
    first = [(n.beat, n.pitch) for n in notes if n.beat < 4]
    third = [(n.beat - 8, n.pitch) for n in notes if 8 <= n.beat < 12]
    second = [(n.beat - 4, n.pitch) for n in notes if 4 <= n.beat < 8]
    assert first == third
    assert first != second
