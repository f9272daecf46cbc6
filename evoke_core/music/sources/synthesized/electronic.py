"""Forms with machines or weather in them: techno, storm, synthwave.

Each takes a plan and returns a score.
"""

import re
from dataclasses import replace

import numpy as np

from evoke_core.music.sources.synthesized.harmony import (
    lead_voices,
    pitch_above,
)
from evoke_core.music.sources.synthesized.melody import (
    Phrase,
    chords_held,
    chords_struck,
    figure,
    invent_all,
    shaped,
    sing,
    where,
)
from evoke_core.music.sources.synthesized.patterns import bass_pitch, in_bars, spans_of
from evoke_core.music.sources.synthesized.rhythm import roll
from evoke_core.music.sources.synthesized.score import Note, Part, Plan, Score
from evoke_core.music.sources.synthesized.space import Space

CLUB = Space(1.3, 0.015, 4500, 0.3)
CLIFF = Space(3.8, 0.05, 1800, 0.55)
NEON = Space(2.2, 0.03, 3800, 0.42)


def techno(plan: Plan) -> Score:
    """Four on the floor, a rolling bass, a line that opens; one breakdown."""
    rng = plan.rng(7)
    text = (
        str(
            rng.choice(
                [
                    "im9 | im9 | im9 | iv",
                    "im9 | im9 | VImaj7 | im9",
                    "im9 | iv | im9 | VII",
                ]
            )
        )
        + " || im9"
    )
    if plan.key.mode == "dorian":  # its major fourth chord is what one hears it by
        text = text.replace("iv", "IV").replace("VImaj7", "IV9")
    spans = spans_of(plan, text)
    break_from = 4 * max(4, round(plan.bars * 0.55 / 2) * 2)

    def is_full(beat: float) -> bool:
        return not break_from <= beat < break_from + 8

    last = plan.beats - 4.0
    kick = where(in_bars(plan, "X...X...X...X..."), is_full)
    hats = where(in_bars(plan, "..X-..X-..X-..Xo"), lambda b: b >= 8 and is_full(b))
    ticks = where(in_bars(plan, "x-o-x-o-x-o-x-oo"), lambda b: b >= 4)
    claps = where(in_bars(plan, "....X.......X..."), lambda b: b >= 8 and is_full(b))
    bass = [
        replace(n, beats=0.22, pitch=bass_pitch(spans, n.beat, 31))
        for n in in_bars(
            plan, str(rng.choice([".xxx.xxX.xxx.xXx", "..x..xx...x.xx.x"]))
        )
    ]
    order = [int(rung) for rung in rng.integers(0, 6, 8)]
    triads = spans_of(plan, re.sub(r"(maj|m)?[79]", "", text))
    acid = figure(triads, (0, *order[:3], 0, *order[3:6], *order), step=0.25, low=48)
    acid = [
        replace(n, beats=0.2, velocity=0.25 + 0.7 * plan.energy(n.beat))
        for n in acid
        if rng.random() < 0.8 or n.beat % 1 == 0
    ]
    held = lead_voices([s.chord for s in triads], voices=3, low=52)
    haze = chords_held(plan, triads, held, velocity=0.8)
    stabs = chords_struck(spans, in_bars(plan, "..x..x....x....."), voices=4, low=55)
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
            Part("warm_pad", tuple(haze), 0.3, 0, 0.5, 0, is_ducked=True),
            Part("riser", (Note(break_from + 8 - 3.5 / plan.beat_s, 8, 0, 0.8),), 0.3),
        ),
        CLUB,
        -11.5,
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
    spans = spans_of(plan, text)
    tonic = plan.key.pitch(0, octave=1) + 12 * (plan.key.root < 4)
    drones = [
        Note(b, 8.3, tonic + up, 0.85)
        for b in range(0, plan.beats - 4, 8)
        for up in (0, 7, 12)
    ]
    voiced = lead_voices([s.chord for s in spans], voices=3, low=55)
    trembling = chords_held(plan, spans, voiced, velocity=0.95, overlap=0.05)
    order = (0, 1, 2, 3, 4, 3, 2, 1)
    calm = figure(spans, order, step=0.5, low=43)
    wild = figure(spans, order, step=0.25, low=43)
    runs = [
        *where(calm, lambda beat: plan.energy(beat) <= 0.55),
        *where(wild, lambda beat: plan.energy(beat) > 0.55),
    ]
    runs = where(runs, lambda beat: beat < plan.beats - 4)
    motifs = invent_all(rng, ((1.5, 0.5, 2), (3, 0.5, 0.5), (1, 1, 2)), "ab")
    horns = sing(plan, spans, motifs, Phrase("-a-b", (0, 2, 0, 4), 4, 0.95, 0.95))
    drum_pitch = float(pitch_above(38, plan.key.root))
    rolls = [
        replace(n, pitch=drum_pitch)
        for b in range(4, plan.beats - 4, 8)
        for n in roll(b + 2, 2, rate=8, crescendo=True)
    ]
    strikes = [Note(b, 1, drum_pitch, 0.9 if b % 4 else 1.0) for b in range(plan.beats)]
    claps = [
        Note(float(b), 8, 0, float(rng.uniform(0.6, 1)))
        for b in np.cumsum(rng.uniform(5, 9, 5))
        if b < plan.beats - 4
    ]
    wind = [Note(b, 8, 0, 0.5 + 0.4 * plan.energy(b)) for b in range(0, plan.beats, 5)]
    return Score(
        (
            Part("drone", tuple(shaped(plan, drones)), 0.6, 0, 0.3),
            Part("tremolo", tuple(trembling), 0.5, 0.1, 0.4),
            Part(
                "spiccato",
                tuple(shaped(plan, [replace(n, beats=0.2) for n in runs])),
                1.1,
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
    spans = spans_of(plan, text)
    last = plan.beats - 4.0
    bass = [
        replace(
            n, beats=0.42, pitch=bass_pitch(spans, n.beat, 33) + 12 * (n.velocity < 0.6)
        )
        for n in in_bars(plan, "X.x.x.o.X.x.x.o.")
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
    kick = where(in_bars(plan, "X.......X.x....."), lambda b: 8 <= b <= last)
    snare = where(in_bars(plan, "....X.......X..."), lambda b: 8 <= b < last)
    hats = where(in_bars(plan, "x.o.x.o.x.o.x.oo"), lambda b: 4 <= b < last)
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
