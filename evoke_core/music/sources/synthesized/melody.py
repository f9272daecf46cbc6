"""Motifs, the phrases that repeat and vary them, and figures of accompaniment.

No chords are chosen here and no instruments.

Source: Schoenberg, Fundamentals of Musical Composition (motif, repetition, sequence).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evoke_core.music.sources.synthesized.harmony import (
    Chord,
    Span,
    chord_at,
    lead_voices,
    nearest,
    pitch_above,
    scale_under,
)
from evoke_core.music.sources.synthesized.score import Note, Plan

REST = "-"
HIGHEST_DEGREE = 9  # a tenth above the tonic: what a voice can sing with ease


@dataclass(frozen=True, slots=True)
class Motif:
    """A rhythm and a contour of one bar.

    Args:
        beats: Lengths in beats.
        steps: Scale steps above the bar's anchor, one for each length.
    """

    beats: tuple[float, ...]
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """How motifs follow one another.

    Args:
        form: One letter a bar names its motif; "-" is a bar of rest; repeated until
            the piece is full.
        anchors: Scale degree on which each bar's motif stands; repeated likewise;
            lowered where the motif would climb beyond a tenth.
        octave: Of degree 0; one lower in keys from G upwards.
        velocity: Before the arc.
        legato: Sounding share of each length; above 1 notes overlap.
    """

    form: str
    anchors: tuple[int, ...]
    octave: int = 5
    velocity: float = 0.75
    legato: float = 0.98


def invent(rng: np.random.Generator, rhythm: Sequence[float]) -> Motif:
    """Draw a contour for a rhythm: steps mostly, one leap that is turned back.

    Args:
        rng: Source of the choices.
        rhythm: Lengths in beats.
    """
    steps = [0]
    leap_at = int(rng.integers(1, max(2, len(rhythm))))
    for place in range(1, len(rhythm)):
        if place == leap_at:
            move = int(rng.choice([2, 3, 4, -2]))
        else:
            # after a rise melodies tend to fall, and so stay in reach of a voice
            move = int(rng.choice([1, 2])) * (-1 if steps[-1] > 0 else 1)
        steps.append(steps[-1] + move)
    return Motif(tuple(rhythm), tuple(steps))


def invent_all(
    rng: np.random.Generator, rhythms: Sequence[Sequence[float]], letters: str
) -> dict[str, Motif]:
    """Draw one motif for each letter, each with a rhythm of its own where there are."""
    order = rng.permutation(len(rhythms))
    return {
        letter: invent(rng, rhythms[int(order[i % len(order)])])
        for i, letter in enumerate(letters)
    }


def sing(
    plan: Plan, spans: Sequence[Span], motifs: dict[str, Motif], phrase: Phrase
) -> list[Note]:
    """Lay motifs over chords; strong notes become chord tones; the end is the tonic.

    Args:
        plan: Key, length and arc.
        spans: Chords.
        motifs: By letter of the phrase's form.
        phrase: Their order and place.
    """
    notes: list[Note] = []
    for bar in range(plan.bars - 1):
        letter = phrase.form[bar % len(phrase.form)]
        if letter != REST:
            motif = motifs[letter]
            anchor = phrase.anchors[bar % len(phrase.anchors)]
            anchor = min(anchor, HIGHEST_DEGREE - max(motif.steps))
            beat = bar * plan.beats_per_bar
            notes += _state(plan, spans, motif, (beat, anchor, phrase))
    return [*notes, _last_note(plan, notes, phrase)]


def chords_held(
    plan: Plan,
    spans: Sequence[Span],
    voicings: Sequence[tuple[int, ...]],
    *,
    velocity: float,
    overlap: float = 0.0,
) -> list[Note]:
    """Hold each voiced chord through its span; common tones are struck again.

    Args:
        plan: For the arc.
        spans: Times of the chords.
        voicings: Pitches of each.
        velocity: Before the arc.
        overlap: Beats into the next chord.
    """
    return [
        Note(s.beat, s.beats + overlap, pitch, velocity * plan.dynamic(s.beat))
        for s, pitches in zip(spans, voicings, strict=True)
        for pitch in pitches
    ]


def chords_struck(
    spans: Sequence[Span], strokes: Sequence[Note], *, voices: int, low: int
) -> list[Note]:
    """Play voiced chords in a rhythm.

    Args:
        spans: Chords.
        strokes: Times, lengths and velocities.
        voices: Notes of each chord.
        low: Lowest pitch.
    """
    chords = [s.chord for s in spans]
    voiced = lead_voices(chords, voices=voices, low=low)
    table = dict(zip(chords, voiced, strict=True))
    return [
        replace(stroke, pitch=pitch)
        for stroke in strokes
        for pitch in table[chord_at(spans, stroke.beat)]
    ]


def figure(
    spans: Sequence[Span], order: Sequence[int], *, step: float, low: int
) -> list[Note]:
    """Break chords into a running figure.

    Args:
        spans: Chords.
        order: Places in the ladder of chord tones above low; repeated.
        step: Beats of each note.
        low: Lowest pitch of the ladder.

    Returns:
        Notes of velocity 0.7, 0.8 where the figure begins.
    """
    notes = []
    for span in spans:
        ladder = _ladder(span.chord, low)
        for place in range(round(span.beats / step)):
            rung = order[place % len(order)]
            accent = 0.8 if place % len(order) == 0 else 0.7
            beat = span.beat + place * step
            notes.append(Note(beat, step, ladder[rung], accent))
    return notes


def bass_line(spans: Sequence[Span], *, low: int) -> list[Note]:
    """The bass of each chord, held through it."""
    return [Note(s.beat, s.beats, pitch_above(low, s.chord.bass), 0.8) for s in spans]


def shaped(plan: Plan, notes: Sequence[Note], velocity: float = 1.0) -> list[Note]:
    """Scale velocities by a factor and by the arc."""
    return [
        replace(n, velocity=min(1.0, n.velocity * velocity * plan.dynamic(n.beat)))
        for n in notes
    ]


def where(notes: Sequence[Note], keep: Callable[[float], bool]) -> list[Note]:
    """Notes whose start satisfies a condition on its beat."""
    return [note for note in notes if keep(note.beat)]


def _state(
    plan: Plan,
    spans: Sequence[Span],
    motif: Motif,
    place: tuple[float, int, Phrase],
) -> list[Note]:
    beat, anchor, phrase = place
    octave = phrase.octave - (plan.key.root > 6)
    notes = []
    for length, step in zip(motif.beats, motif.steps, strict=True):
        chord = chord_at(spans, beat)
        target = plan.key.pitch(anchor + step, octave=octave)
        in_bar = beat % plan.beats_per_bar
        is_strong = (
            in_bar == 0 or length >= 1.5 or (in_bar, plan.beats_per_bar) == (2, 4)
        )
        pool = chord.tones[:4] if is_strong else scale_under(chord, plan.key)
        accent = 1.0 if in_bar == 0 else 0.88
        velocity = phrase.velocity * accent * plan.dynamic(beat)
        pitch = nearest(target, pool)
        notes.append(Note(beat, length * phrase.legato, pitch, velocity))
        beat += length
    return notes


def _last_note(plan: Plan, notes: Sequence[Note], phrase: Phrase) -> Note:
    beat = (plan.bars - 1) * plan.beats_per_bar
    before = notes[-1].pitch if notes else plan.key.pitch(0, octave=phrase.octave)
    pitch = nearest(before, (plan.key.root,))
    velocity = phrase.velocity * plan.dynamic(beat) * 0.9
    return Note(beat, plan.beats_per_bar, pitch, velocity)


def _ladder(chord: Chord, low: int) -> list[int]:
    first = pitch_above(low, chord.bass)
    above = [p for p in range(first + 1, first + 49) if p % 12 in chord.tones]
    return [first, *above]
