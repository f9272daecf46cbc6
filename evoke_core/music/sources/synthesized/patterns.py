"""Figures that forms with a beat share: bars, basses, chords laid out over a text."""

from collections.abc import Sequence

import numpy as np

from evoke_core.music.sources.synthesized.harmony import (
    Span,
    chord_at,
    lay_out,
    nearest,
    pitch_above,
)
from evoke_core.music.sources.synthesized.melody import (
    where,
)
from evoke_core.music.sources.synthesized.rhythm import pattern
from evoke_core.music.sources.synthesized.score import Note, Plan


def spans_of(plan: Plan, text: str) -> tuple[Span, ...]:
    """Lay a progression out over a plan's bars, in its key."""
    return lay_out(text, plan.key, bars=plan.bars, beats_per_bar=plan.beats_per_bar)


def in_bars(plan: Plan, text: str) -> list[Note]:
    """Repeat a bar of sixteenths through the piece; the last bar keeps its downbeat."""
    last = plan.beats - plan.beats_per_bar
    notes = [
        n for b in range(0, plan.beats, 4) for n in pattern(text, beat=b, step=0.25)
    ]
    return where(notes, lambda beat: beat <= last)


def in_triples(plan: Plan, text: str) -> list[Note]:
    """Repeat a bar of three quarters through the piece."""
    return [n for b in range(0, plan.beats, 3) for n in pattern(text, beat=b, step=1.0)]


def bass_pitch(spans: Sequence[Span], beat: float, low: int) -> int:
    """Find the bass of the chord at a beat, from a lowest pitch upwards."""
    return pitch_above(low, chord_at(spans, beat).bass)


def oom_pah(plan: Plan, spans: Sequence[Span]) -> list[Note]:
    """Root and fifth on the beats of a march."""
    notes = []
    for beat in range(0, plan.beats, 2):
        chord = chord_at(spans, beat)
        tone = chord.bass if beat % 4 == 0 else chord.tones[2]
        notes.append(Note(beat, 0.8, pitch_above(34, tone), 0.85))
    return notes


def walking_bass(
    plan: Plan, spans: Sequence[Span], rng: np.random.Generator
) -> list[Note]:
    """Quarter notes: roots on new chords, chord tones, a half step into the next."""
    notes: list[Note] = []
    before = 40.0
    for beat in range(plan.beats - 4):
        chord, ahead = chord_at(spans, beat), chord_at(spans, beat + 1)
        is_new = beat == 0 or chord_at(spans, beat - 1) != chord
        if is_new:
            pitch = nearest(min(before, 44), (chord.bass,))
        elif ahead != chord:
            pitch = nearest(before, (ahead.bass,)) + int(rng.choice([-1, 1]))
        else:
            drift = float(rng.choice([-4, 4]))
            pitch = nearest(min(max(before + drift, 33), 50), chord.tones[:4])
        before = float(pitch)
        notes.append(Note(beat, 0.95, pitch, 0.85 if is_new else 0.75))
    return [*notes, Note(plan.beats - 4, 4, pitch_above(33, plan.key.root), 0.9)]
