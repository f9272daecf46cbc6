"""Forms that are danced or walked to: waltz, march, jazz.

Each takes a plan and returns a score. Quiet forms stand in forms.py.
"""

from dataclasses import replace

from evoke_core.music.sources.synthesized.harmony import (
    chord_at,
    lead_voices,
    nearest,
    pitch_above,
)
from evoke_core.music.sources.synthesized.melody import (
    Phrase,
    bass_line,
    chords_struck,
    invent_all,
    shaped,
    sing,
    where,
)
from evoke_core.music.sources.synthesized.patterns import (
    in_bars,
    in_triples,
    oom_pah,
    spans_of,
    walking_bass,
)
from evoke_core.music.sources.synthesized.rhythm import pattern, roll, swing
from evoke_core.music.sources.synthesized.score import Note, Part, Plan, Score, humanise
from evoke_core.music.sources.synthesized.space import Space

BALLROOM = Space(1.8, 0.02, 4200, 0.4)
SQUARE = Space(1.5, 0.03, 4000, 0.32)
CELLAR = Space(0.8, 0.008, 4800, 0.3)


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
    spans = spans_of(plan, text)
    bass = [replace(n, beats=0.9) for n in bass_line(spans, low=36)]
    oom = chords_struck(spans, in_triples(plan, ".xo"), voices=3, low=55)
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
            Part("brush", tuple(shaped(plan, in_triples(plan, ".oo"))), 0.3, 0.2, 0.2),
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
    spans = spans_of(plan, text)
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
    tuba = [n for n in oom_pah(plan, spans) if n.beat < plan.beats - 4]
    tuba.append(Note(plan.beats - 4, 2, pitch_above(34, plan.key.root), 0.9))
    off = chords_struck(spans, in_bars(plan, "..x...x...x...x."), voices=3, low=52)
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
                tuple(shaped(plan, in_bars(plan, "X.......x......."))),
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
    spans = spans_of(plan, text)
    walk = walking_bass(plan, spans, rng)
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
    tap = where(in_bars(plan, "....o.......o.-."), lambda beat: beat < plan.beats - 4)
    sweep = where(in_bars(plan, "x...x...x...x..."), lambda beat: beat < plan.beats - 4)
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
                tuple(shaped(plan, in_bars(plan, "....x.......x..."))),
                0.4,
                -0.35,
                0.15,
            ),
        ),
        CELLAR,
        -18.0,
    )
