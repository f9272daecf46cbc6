"""Forms with a beat: techno, waltz, march, jazz, storm, synthwave.

Each takes a plan and returns a score. Quiet forms stand in forms.py.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evoke_core.music.sources.synthesized.harmony import (
    Span,
    chord_at,
    lay_out,
    lead_voices,
    nearest,
    pitch_above,
)
from evoke_core.music.sources.synthesized.melody import (
    Phrase,
    bass_line,
    chords_held,
    chords_struck,
    figure,
    invent_all,
    shaped,
    sing,
    where,
)
from evoke_core.music.sources.synthesized.rhythm import pattern, roll, swing
from evoke_core.music.sources.synthesized.score import Note, Part, Plan, Score, humanise
from evoke_core.music.sources.synthesized.space import Space

CLUB = Space(1.3, 0.015, 4500, 0.3)
BALLROOM = Space(1.8, 0.02, 4200, 0.4)
SQUARE = Space(1.5, 0.03, 4000, 0.32)
CELLAR = Space(0.8, 0.008, 4800, 0.3)
CLIFF = Space(3.8, 0.05, 1800, 0.55)
NEON = Space(2.2, 0.03, 3800, 0.42)


def techno(plan: Plan) -> Score:
    """Four on the floor, a rolling bass, a line that opens; one breakdown."""
    rng = plan.rng(7)
    text = (
        str(
            rng.choice(
                [
                    "im9 | im9 | im9 | ivm9",
                    "im9 | im9 | VImaj7 | im9",
                    "im9 | ivm9 | im9 | vm7",
                ]
            )
        )
        + " || im9"
    )
    spans = _spans(plan, text)
    break_from = 4 * max(4, round(plan.bars * 0.55 / 2) * 2)

    def is_full(beat: float) -> bool:
        return not break_from <= beat < break_from + 8

    last = plan.beats - 4.0
    kick = where(_bars(plan, "X...X...X...X..."), is_full)
    hats = where(_bars(plan, "..X-..X-..X-..Xo"), lambda b: b >= 8 and is_full(b))
    ticks = where(_bars(plan, "x-o-x-o-x-o-x-oo"), lambda b: b >= 4)
    claps = where(_bars(plan, "....X.......X..."), lambda b: b >= 8 and is_full(b))
    bass = [
        replace(n, beats=0.22, pitch=_bass(spans, n.beat, 31))
        for n in _bars(plan, str(rng.choice([".xxx.xxX.xxx.xXx", "..x..xx...x.xx.x"])))
    ]
    order = [int(rung) for rung in rng.integers(0, 6, 8)]
    acid = figure(spans, (0, *order[:7], *order), step=0.25, low=48)
    acid = [
        replace(n, beats=0.2, velocity=0.25 + 0.7 * plan.energy(n.beat))
        for n in acid
        if rng.random() < 0.8 or n.beat % 1 == 0
    ]
    stabs = chords_struck(spans, _bars(plan, "..x..x....x....."), voices=4, low=55)
    return Score(
        (
            Part("kick", tuple(where(kick, lambda b: b <= last)), 1.15, 0, 0.03),
            Part("open_hat", tuple(hats), 0.4, 0.15, 0.1),
            Part("closed_hat", tuple(ticks), 0.34, -0.2, 0.1),
            Part("clap", tuple(claps), 0.5, 0, 0.35),
            Part(
                "synth_bass",
                tuple(where(bass, is_full)),
                0.75,
                0,
                0.02,
                0,
                is_ducked=True,
            ),
            Part(
                "acid",
                tuple(where(acid, lambda b: b >= 4)),
                0.42,
                0.1,
                0.25,
                0.3,
                is_ducked=True,
            ),
            Part(
                "stab",
                tuple(where(stabs, lambda b: b >= 8)),
                0.34,
                -0.1,
                0.5,
                0.4,
                is_ducked=True,
            ),
            Part("riser", (Note(break_from + 8 - 3.5 / plan.beat_s, 8, 0, 0.8),), 0.3),
        ),
        CLUB,
        -11.5,
    )


def waltz(plan: Plan) -> Score:
    """Bass and two chords, an accordion's tune, a clarinet that answers."""
    rng = plan.rng(8)
    text = str(
        rng.choice(
            [
                (
                    "I | I | V7 | V7 | V7 | V7 | I | I | IV | IV | I | vi | ii7 | V7 "
                    "| I | V7 || V7 | I"
                ),
                (
                    "I | vi | ii7 | V7 | I | vi | V7 | I | IV | V7 | iii7 | vi | ii7 "
                    "| V7 | I | I || V7 | I"
                ),
            ]
        )
    )
    spans = _spans(plan, text)
    bass = [replace(n, beats=0.9) for n in bass_line(spans, low=36)]
    oom = chords_struck(spans, _triple(plan, ".xo"), voices=3, low=55)
    rhythms = ((2, 1), (1, 1, 1), (1.5, 0.5, 1), (1, 0.5, 0.5, 0.5, 0.5))
    motifs = invent_all(rng, rhythms, "abcd")
    anchors = (4, 5, 4, 3, 7, 6, 5, 4)
    tune = sing(plan, spans, motifs, Phrase("abacabcddbdbabac", anchors, 5, 0.85, 0.95))
    answer = sing(plan, spans, motifs, Phrase("-d-b", (2, 2, 4, 5), 5, 0.6, 0.95))
    answer = where(answer, lambda beat: beat >= plan.beats * 0.35)
    return Score(
        (
            Part(
                "upright_bass",
                humanise(shaped(plan, bass), rng, beats=0.01),
                0.95,
                0,
                0.2,
            ),
            Part(
                "piano",
                humanise(
                    shaped(plan, [replace(n, beats=0.6) for n in oom]), rng, beats=0.012
                ),
                0.42,
                -0.25,
                0.35,
            ),
            Part("musette", tuple(tune), 0.62, 0.1, 0.35),
            Part("clarinet", tuple(answer), 0.5, 0.35, 0.45),
            Part("brush", tuple(shaped(plan, _triple(plan, ".oo"))), 0.3, 0.2, 0.2),
        ),
        BALLROOM,
        -17.0,
    )


def march(plan: Plan) -> Score:
    """Brass in dotted rhythm over tuba and drums; a piccolo joins for the trio."""
    rng = plan.rng(9)
    text = str(
        rng.choice(
            [
                "I | I | V7 | I | IV | I | ii V7 | I || V7 | I",
                "I | V7 | I | IV | I/3 | ii7 | V7 | I || IV V7 | I",
            ]
        )
    )
    spans = _spans(plan, text)
    rhythms = (
        (1.5, 0.5, 1, 1),
        (0.75, 0.25, 1, 0.75, 0.25, 1),
        (1, 1, 1.5, 0.5),
        (2, 1, 1),
    )
    motifs = invent_all(rng, rhythms, "abc")
    anchors = (4, 4, 2, 0, 5, 4, 3, 2)
    tune = sing(plan, spans, motifs, Phrase("abacabcb", anchors, 4, 0.95, 0.82))
    second = [
        replace(n, pitch=nearest(n.pitch - 3.6, chord_at(spans, n.beat).tones))
        for n in tune
    ]
    piccolo = where(
        [replace(n, pitch=n.pitch + 24) for n in tune],
        lambda beat: beat >= plan.beats / 2,
    )
    tuba = [n for n in _oom(plan, spans) if n.beat < plan.beats - 4]
    tuba.append(Note(plan.beats - 4, 2, pitch_above(34, plan.key.root), 0.9))
    off = chords_struck(spans, _bars(plan, "..x...x...x...x."), voices=3, low=52)
    drums = [
        n
        for b in range(0, plan.beats - 4, 4)
        for n in pattern(
            "X..oX.ooX..oXooo" if b % 16 < 12 else "X.ooX.oo", beat=b, step=0.25
        )
    ]
    rolls = [
        n
        for b in range(12, plan.beats - 4, 16)
        for n in roll(b + 2, 2, rate=8, crescendo=True)
    ]
    crashes = [
        Note(b, 4, 0, 0.8) for b in (0, *range(16, plan.beats - 4, 16), plan.beats - 4)
    ]
    return Score(
        (
            Part("brass", tuple(tune), 0.7, -0.1, 0.35),
            Part("brass", tuple(second), 0.42, 0.2, 0.35),
            Part(
                "brass",
                tuple(shaped(plan, [replace(n, beats=0.35) for n in off], 0.8)),
                0.26,
                0.35,
                0.3,
            ),
            Part("flute", tuple(piccolo), 0.34, -0.4, 0.3),
            Part("tuba", tuple(shaped(plan, tuba)), 0.75, 0.1, 0.25),
            Part(
                "field_snare",
                humanise(shaped(plan, [*drums, *rolls]), rng, beats=0.006),
                0.55,
                -0.15,
                0.25,
            ),
            Part(
                "bass_drum",
                tuple(shaped(plan, _bars(plan, "X.......x......."))),
                0.8,
                0,
                0.2,
            ),
            Part("crash", tuple(shaped(plan, crashes)), 0.4, 0.3, 0.3),
        ),
        SQUARE,
        -14.5,
    )


def jazz(plan: Plan) -> Score:
    """Piano, walking bass and brushes; ninths and thirteenths, swung eighths."""
    rng = plan.rng(10)
    text = str(
        rng.choice(
            [
                (
                    "Imaj9 | vim9 | iim9 | V13 | iiim7 vim9 | iim9 V13 | I69 vim9 "
                    "| iim9 V13 || iim9 V13 | I69"
                ),
                "iim9 | V13 | Imaj9 | vim9 | iim9 | V13 | I69 | I69 || iim9 V13 | I69",
                "Imaj9 | IVmaj9 | iiim7 vim9 | iim9 V13 || iim9 V13 | I69",
            ]
        )
    )
    spans = _spans(plan, text)
    walk = _walk(plan, spans, rng)
    comp_text = str(rng.choice(["x..o....", "x..x....", "..x..o..", ".x..o..."]))
    comp = swing(
        [
            n
            for b in range(0, plan.beats - 4, 4)
            for n in pattern(comp_text, beat=b, step=0.5)
        ]
    )
    hands = chords_struck(
        spans, [replace(n, beats=0.8) for n in comp], voices=4, low=52
    )
    rhythms = (
        (1, 0.5, 0.5, 1.5, 0.5),
        (0.5, 0.5, 0.5, 0.5, 1, 1),
        (1.5, 0.5, 2),
        (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1),
        (0.5, 1, 0.5, 2),
    )
    motifs = invent_all(rng, rhythms, "abcd")
    song = swing(
        sing(
            plan,
            spans,
            motifs,
            Phrase("abacabdcdbac", (4, 5, 4, 2, 7, 6, 4, 3), 5, 0.85, 0.9),
        )
    )
    ride = swing(
        [
            n
            for b in range(0, plan.beats - 4, 4)
            for n in pattern("x.xox.xo", beat=b, step=0.5)
        ]
    )
    final = [
        Note(plan.beats - 4, 4, p, 0.6)
        for p in lead_voices([spans[-1].chord], voices=4, low=52)[0]
    ]
    tap = where(_bars(plan, "....o.......o.-."), lambda beat: beat < plan.beats - 4)
    sweep = where(_bars(plan, "x...x...x...x..."), lambda beat: beat < plan.beats - 4)
    return Score(
        (
            Part("piano", humanise(song, rng, beats=0.02), 0.85, 0.1, 0.35),
            Part(
                "piano",
                humanise(shaped(plan, [*hands, *final], 0.72), rng, beats=0.02),
                0.5,
                -0.2,
                0.35,
            ),
            Part(
                "upright_bass",
                humanise(shaped(plan, walk), rng, beats=0.015),
                1.05,
                0.05,
                0.12,
            ),
            Part(
                "ride",
                humanise(shaped(plan, ride, 0.8), rng, beats=0.012),
                0.42,
                0.35,
                0.2,
            ),
            Part("brush", tuple(shaped(plan, sweep)), 0.26, -0.3, 0.2),
            Part(
                "brush_tap",
                humanise(shaped(plan, tap), rng, beats=0.012),
                0.6,
                -0.2,
                0.2,
            ),
            Part(
                "pedal_hat",
                tuple(shaped(plan, _bars(plan, "....x.......x..."))),
                0.4,
                -0.35,
                0.15,
            ),
        ),
        CELLAR,
        -18.0,
    )


def storm(plan: Plan) -> Score:
    """Drones and thunder; tremolo that climbs; brass that breaks through; wind."""
    rng = plan.rng(11)
    text = str(
        rng.choice(
            [
                "i | i | bII | i | iv | #viio7 | i | VI || V7 | i",
                "i | iv | i | #viio7 | i | bII | iv | V7 || #viio7 | i",
            ]
        )
    )
    spans = _spans(plan, text)
    tonic = plan.key.pitch(0, octave=1) + 12 * (plan.key.root < 4)
    drones = [
        Note(b, 8.3, tonic + up, 0.85)
        for b in range(0, plan.beats - 4, 8)
        for up in (0, 7, 12)
    ]
    voiced = lead_voices([s.chord for s in spans], voices=3, low=55)
    trembling = chords_held(plan, spans, voiced, velocity=0.95, overlap=0.05)
    runs = figure(spans, (0, 1, 2, 3, 4, 3, 2, 1), step=0.25, low=43)
    runs = where(runs, lambda beat: plan.energy(beat) > 0.5 and beat < plan.beats - 4)
    motifs = invent_all(rng, ((1.5, 0.5, 2), (3, 0.5, 0.5), (1, 1, 2)), "ab")
    horns = sing(plan, spans, motifs, Phrase("-a-b", (0, 2, 0, 4), 4, 0.95, 0.95))
    drum_pitch = float(pitch_above(38, plan.key.root))
    rolls = [
        replace(n, pitch=drum_pitch)
        for b in range(4, plan.beats - 4, 8)
        for n in roll(b, 4, rate=6, crescendo=True)
    ]
    strikes = [Note(b, 2, drum_pitch, 0.95) for b in range(8, plan.beats, 8)]
    claps = [
        Note(float(b), 8, 0, float(rng.uniform(0.6, 1)))
        for b in np.cumsum(rng.uniform(5, 9, 5))
        if b < plan.beats - 4
    ]
    wind = [Note(b, 8, 0, 0.5 + 0.4 * plan.energy(b)) for b in range(0, plan.beats, 5)]
    return Score(
        (
            Part("drone", tuple(shaped(plan, drones)), 0.6, 0, 0.3),
            Part("tremolo", tuple(trembling), 0.62, 0.1, 0.4),
            Part(
                "tremolo",
                tuple(shaped(plan, [replace(n, beats=0.24) for n in runs])),
                0.4,
                -0.35,
                0.35,
            ),
            Part("brass", tuple(horns), 0.62, 0.2, 0.5),
            Part("timpani", tuple(shaped(plan, [*rolls, *strikes])), 0.9, -0.15, 0.4),
            Part("thunder", tuple(claps), 0.75, -0.1, 0.4),
            Part("wind", tuple(wind), 0.42, 0.25, 0.3),
        ),
        CLIFF,
        -15.0,
    )


def synthwave(plan: Plan) -> Score:
    """Pulsing bass, gated snare, wide pads, running arpeggio; then a lead."""
    rng = plan.rng(12)
    text = str(
        rng.choice(
            [
                "i | VI | III | VII || VI | i",
                "i | i | VI | VII || VII | i",
                "i | VII | VI | VII || VI VII | i",
                "i | iv | VI | v || VII | i",
            ]
        )
    )
    spans = _spans(plan, text)
    last = plan.beats - 4.0
    bass = [
        replace(n, beats=0.42, pitch=_bass(spans, n.beat, 33) + 12 * (n.velocity < 0.6))
        for n in _bars(plan, "X.x.x.o.X.x.x.o.")
    ]
    voiced = lead_voices([s.chord for s in spans], voices=4, low=52)
    pads = chords_held(plan, spans, voiced, velocity=0.7, overlap=0.02)
    order = [(0, 1, 2, 3, 4, 3, 2, 1), (0, 2, 1, 3, 2, 4, 3, 5)][int(rng.integers(2))]
    running = figure(spans, order, step=0.25, low=60)
    running = where(running, lambda beat: 4 <= beat < last)
    rhythms = ((1.5, 1.5, 1), (3, 0.5, 0.5), (1, 0.5, 0.5, 2), (1.5, 0.5, 2))
    motifs = invent_all(rng, rhythms, "abc")
    lead = sing(plan, spans, motifs, Phrase("abac", (4, 5, 7, 4), 5, 0.85, 0.97))
    lead = where(lead, lambda beat: beat >= plan.beats * 0.4)
    kick = where(_bars(plan, "X.......X.x....."), lambda b: 8 <= b <= last)
    snare = where(_bars(plan, "....X.......X..."), lambda b: 8 <= b < last)
    hats = where(_bars(plan, "x.o.x.o.x.o.x.oo"), lambda b: 4 <= b < last)
    toms = [Note(last - 1 + i / 4, 0.25, 0, 0.6 + i / 10) for i in range(4)]
    return Score(
        (
            Part("kick", tuple(kick), 1.0, 0, 0.03),
            Part("gated_snare", tuple(snare), 0.55, 0, 0.5),
            Part("closed_hat", tuple(shaped(plan, hats)), 0.32, 0.25, 0.1),
            Part("tom", tuple(toms), 0.6, -0.3, 0.4),
            Part(
                "synth_bass",
                tuple(where(bass, lambda b: b <= last)),
                0.72,
                0,
                0.05,
                0,
                is_ducked=True,
            ),
            Part("warm_pad", tuple(pads), 0.36, 0, 0.5, 0, is_ducked=True),
            Part("pluck", tuple(shaped(plan, running, 0.9)), 0.3, -0.3, 0.4, 0.35),
            Part("lead", tuple(lead), 0.42, 0.1, 0.5, 0.3),
        ),
        NEON,
        -13.5,
    )


def _spans(plan: Plan, text: str) -> tuple[Span, ...]:
    return lay_out(text, plan.key, bars=plan.bars, beats_per_bar=plan.beats_per_bar)


def _bars(plan: Plan, text: str) -> list[Note]:
    """Repeat a bar of sixteenths through the piece; the last bar keeps its downbeat."""
    last = plan.beats - plan.beats_per_bar
    notes = [
        n for b in range(0, plan.beats, 4) for n in pattern(text, beat=b, step=0.25)
    ]
    return where(notes, lambda beat: beat <= last)


def _triple(plan: Plan, text: str) -> list[Note]:
    return [n for b in range(0, plan.beats, 3) for n in pattern(text, beat=b, step=1.0)]


def _bass(spans: Sequence[Span], beat: float, low: int) -> int:
    return pitch_above(low, chord_at(spans, beat).bass)


def _oom(plan: Plan, spans: Sequence[Span]) -> list[Note]:
    """Root and fifth on the beats of a march."""
    notes = []
    for beat in range(0, plan.beats, 2):
        chord = chord_at(spans, beat)
        tone = chord.bass if beat % 4 == 0 else chord.tones[2]
        notes.append(Note(beat, 0.8, pitch_above(34, tone), 0.85))
    return notes


def _walk(plan: Plan, spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
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
