"""Forms of the quiet moods: nocturne, dawn, lament, chorale, music box, gamelan.

Each takes a plan and returns a score. Forms with a beat stand in dances.py.
"""

from collections.abc import Sequence
from dataclasses import replace

from evoke_core.music.sources.synthesized.harmony import (
    Key,
    Span,
    lead_voices,
    nearest,
)
from evoke_core.music.sources.synthesized.melody import (
    Phrase,
    bass_line,
    chords_held,
    figure,
    invent_all,
    shaped,
    sing,
    where,
)
from evoke_core.music.sources.synthesized.patterns import bass_pitch, spans_of
from evoke_core.music.sources.synthesized.rhythm import pattern
from evoke_core.music.sources.synthesized.score import Note, Part, Plan, Score, humanise
from evoke_core.music.sources.synthesized.space import Space

HALL = Space(2.6, 0.025, 3200, 0.5)
CATHEDRAL = Space(3.6, 0.04, 2600, 0.62)
MIST = Space(4.2, 0.03, 2400, 0.75)
PARLOUR = Space(1.1, 0.01, 5000, 0.35)
EMBAT = (0.0, 0.12, -0.14, 0.06, -0.1)  # semitones away from the piano
COURTYARD = Space(1.9, 0.018, 4200, 0.42)


def nocturne(plan: Plan) -> Score:
    """Wide broken chords under a singing right hand; strings breathe from afar."""
    rng = plan.rng(1)
    text = str(
        rng.choice(
            [
                "i | iv | V7 | i | VI | iv || V7 | i",
                "i | VI | iv | V7 | i | III || iih7 V7 | i",
                "i | iv/6 | iih7 | V7 | VI | iv || V7 | i",
            ]
        )
    )
    spans = spans_of(plan, text)
    rhythms = ((1.5, 0.5, 1, 1), (3, 0.5, 0.5), (2, 1, 0.5, 0.5), (1, 0.5, 0.5, 2))
    motifs = invent_all(rng, rhythms, "abc")
    song = sing(
        plan, spans, motifs, Phrase("abacabca", (4, 2, 3, 1, 7, 5, 4, 2), 5, 0.8, 1.3)
    )
    figures = [
        (0, 2, 3, 4, 5, 4, 3, 2),
        (0, 2, 4, 5, 4, 3, 4, 2),
        (0, 1, 3, 5, 4, 3, 2, 3),
    ]
    order = figures[int(rng.integers(3))]
    left = [
        replace(n, beats=n.beats * 3) for n in figure(spans, order, step=0.5, low=38)
    ]
    left = _end_on_chord(plan, left)
    strings = chords_held(plan, spans, _close(spans, 3, 53), velocity=0.5, overlap=0.1)
    return Score(
        (
            Part("felt_piano", humanise(song, rng, beats=0.012), 1.25, 0.12, 0.5),
            Part(
                "felt_piano",
                humanise(shaped(plan, left, 0.62), rng, beats=0.012),
                0.9,
                -0.18,
                0.45,
            ),
            Part("strings", tuple(strings), 0.16, 0.0, 0.8),
        ),
        HALL,
        -23.0,
    )


def dawn(plan: Plan) -> Score:
    """Added-ninth pads that open, far glass tones, wind; a flute when light comes."""
    rng = plan.rng(2)
    text = str(
        rng.choice(
            [
                "Iadd9 | IVmaj9 | vim9 | IVmaj9 || IVadd9 | Iadd9",
                "Iadd9 | vim9 | IVmaj9 | Iadd9 || Vsus4 | Iadd9",
                "Iadd9 | iiim7 | IVmaj9 | Iadd9 || IVmaj9 | Iadd9",
            ]
        )
    )
    spans = spans_of(plan, text)
    pads = chords_held(plan, spans, _close(spans, 4, 55), velocity=0.75, overlap=0.6)
    tonic = plan.key.pitch(0, octave=2)
    ground = [Note(s.beat, s.beats + 0.4, tonic, 0.6) for s in spans[:-1]]
    ground.append(replace(ground[-1], beat=spans[-1].beat))
    bells = _scatter(plan, rng.integers(0, 5, 40).tolist())
    motifs = invent_all(rng, ((3, 1), (2, 2), (1.5, 0.5, 2)), "ab")
    song = sing(plan, spans, motifs, Phrase("ab-a", (4, 7, 4, 5), 5, 0.7, 0.95))
    late = where(song, lambda beat: beat >= plan.beats * 0.45)
    air = [Note(b, 4, 0, 0.7 * plan.dynamic(b)) for b in range(0, plan.beats - 4, 5)]
    return Score(
        (
            Part("pad", tuple(pads), 0.55, 0.0, 0.6),
            Part("drone", tuple(shaped(plan, ground)), 0.5, 0.0, 0.3),
            Part("glass", humanise(bells, rng, beats=0.03), 0.3, 0.3, 0.9, 0.4),
            Part("flute", tuple(late), 0.34, -0.2, 0.8),
            Part("air", tuple(air), 0.14, 0.1, 0.5),
        ),
        MIST,
        -25.0,
    )


def lament(plan: Plan) -> Score:
    """Strings over a bass that walks down to the dominant; a solo voice that sighs."""
    rng = plan.rng(3)
    text = str(
        rng.choice(
            [
                "i | v/7 | iv/6 | V || iv V7 | i",
                "i v/7 | iv/6 V | i VI | iih7 V || iv V7 | i",
                "i | iv | i/3 | iih7 V || iv/6 V7 | i",
            ]
        )
    )
    spans = spans_of(plan, text)
    choir = chords_held(plan, spans, _close(spans, 3, 48), velocity=0.7, overlap=0.12)
    motifs = invent_all(
        rng, ((1.5, 0.5, 2), (3, 1), (1, 1, 2), (2, 0.5, 0.5, 1)), "abc"
    )
    anchors = (4, 5, 4, 2, 7, 3)
    song = sing(plan, spans, motifs, Phrase("abacab", anchors, 5, 0.85, 1.02))
    sighs = [_leaned_on(plan.key, note) for note in song]
    line = [note for pair in sighs for note in pair]
    bass = [replace(n, beats=n.beats + 0.1) for n in bass_line(spans, low=36)]
    steps = [Note(b, 1, bass_pitch(spans, b, 36), 0.8) for b in range(plan.beats - 3)]
    return Score(
        (
            Part("strings", tuple(choir), 0.6, 0.1, 0.45),
            Part("solo_strings", humanise(line, rng, beats=0.015), 0.8, -0.15, 0.55),
            Part("strings", tuple(shaped(plan, bass, 0.9)), 0.62, 0.25, 0.35),
            Part("pizzicato", tuple(shaped(plan, steps)), 0.6, 0.25, 0.4),
        ),
        HALL,
        -22.5,
    )


def chorale(plan: Plan) -> Score:
    """Four voices and an organ, note against note, a breath at each line's end."""
    rng = plan.rng(4)
    minor = [
        "i V/7 i iv | i/3 iih7 V V | VI III iv i | iv i V7 V7 || iv V7 | i",
        "i iv V V | i VI iv V | III VI iv i | iih7 i V V7 || iv V7 | i",
    ]
    major = [
        "I V/7 vi iii | IV I/3 ii V | I vi IV V | vi ii V V7 || IV V7 | I",
        "I IV I/3 V | vi iii IV V | I V/7 vi IV | I/3 ii7 V V7 || IV V7 | I",
    ]
    text = str(rng.choice(minor if plan.key.is_minor else major))
    spans = spans_of(plan, text)
    tops = _hymn_tune(
        plan, spans, [int(step) for step in rng.integers(-1, 2, len(spans))]
    )
    upper = lead_voices([s.chord for s in spans], voices=3, low=55, tops=tops)
    sung = chords_held(plan, spans, upper, velocity=0.85, overlap=-0.04)
    bass = shaped(plan, bass_line(spans, low=40), 1.05)
    breath = [_breathe(plan, note) for note in (*sung, *bass)]
    return Score(
        (
            Part("choir", tuple(breath), 0.7, 0.0, 0.6),
            Part("organ", tuple(breath), 0.4, 0.0, 0.5),
            Part(
                "organ",
                tuple(replace(n, pitch=n.pitch - 12) for n in bass),
                0.34,
                0.0,
                0.4,
            ),
        ),
        CATHEDRAL,
        -20.0,
    )


def music_box(plan: Plan) -> Score:
    """A small tune on steel tines over a turning figure; it ends as it began."""
    rng = plan.rng(5)
    text = str(
        rng.choice(
            [
                "I | V7 | I | IV | I/3 | V7 || V7 | I",
                "I | vi | ii | V7 | I | IV || V7 | I",
                "I | IV | V7 | I | vi | ii || V7 | I",
            ]
        )
    )
    spans = spans_of(plan, text)
    rhythms = ((1, 0.5, 0.5, 1), (1, 1, 1), (1.5, 0.5, 1), (0.5, 0.5, 0.5, 0.5, 1))
    motifs = invent_all(rng, rhythms, "abc")
    song = sing(
        plan, spans, motifs, Phrase("abacabcb", (4, 3, 7, 5, 4, 3, 2, 1), 6, 0.85, 1.6)
    )
    turning = figure(spans, (0, 2, 3, 4, 3, 2), step=0.5, low=60)
    turning = _end_on_chord(plan, turning)
    turning = [replace(n, beats=n.beats * 2) for n in shaped(plan, turning, 0.6)]
    echoes = [replace(n, pitch=n.pitch + 12, velocity=n.velocity * 0.4) for n in song]
    echoes = where(echoes, lambda beat: beat >= plan.beats / 2)
    return Score(
        (
            Part("music_box", humanise(song, rng, beats=0.012), 1.0, 0.15, 0.5),
            Part("music_box", humanise(turning, rng, beats=0.012), 0.8, -0.2, 0.45),
            Part("music_box", tuple(echoes), 0.6, 0.35, 0.7),
        ),
        PARLOUR,
        -24.0,
    )


def gamelan(plan: Plan) -> Score:
    """A core melody, its quick doubling, interlocking kettles, gongs on the cycles."""
    rng = plan.rng(6)
    core = [int(step) for step in rng.integers(0, 5, 8)]
    core[3], core[7] = int(rng.choice([2, 3])), 0  # seleh: cycles close on the tonic
    line = [core[b % 8] for b in range(plan.beats - 4)]
    tune = [(_tuned(plan.key, d, 4), b) for b, d in enumerate(line)]
    saron = [Note(b, 1.1, p, 0.8) for p, b in tune]
    peking = [
        Note(b + h, 0.6, _tuned(plan.key, line[b], 5), 0.55)
        for b in range(len(line))
        for h in (0.0, 0.5)
    ]
    kettles = [
        Note(b + q / 4, 0.5, _tuned(plan.key, line[b] + 1 + (q % 2) * 2, 5), 0.5)
        for b in range(len(line))
        for q in (1, 2, 3)
    ]
    kettles = where(kettles, lambda beat: plan.energy(beat) > 0.5)
    gongs = [
        Note(b, 8, _tuned(plan.key, 0, 2), 0.95) for b in range(0, plan.beats - 3, 8)
    ]
    low = [
        Note(b, 4, _tuned(plan.key, line[b], 3), 0.7) for b in range(0, len(line), 2)
    ]
    end = [
        Note(plan.beats - 4, 4, _tuned(plan.key, 0, octave), 0.8) for octave in (3, 4)
    ]
    drum = [
        n
        for b in range(0, plan.beats - 4, 4)
        for n in pattern("x..o .-o. x.o. .xo-", beat=b, step=0.25)
    ]
    return Score(
        (
            Part(
                "saron",
                humanise(shaped(plan, [*saron, end[1]]), rng, beats=0.008),
                0.8,
                -0.1,
                0.4,
            ),
            Part(
                "saron",
                humanise(shaped(plan, peking), rng, beats=0.01),
                0.55,
                0.35,
                0.4,
            ),
            Part(
                "gender",
                humanise(shaped(plan, kettles), rng, beats=0.01),
                0.75,
                -0.4,
                0.5,
            ),
            Part("gender", tuple(shaped(plan, [*low, end[0]])), 1.0, 0.1, 0.5),
            Part("gong", tuple(shaped(plan, gongs)), 1.1, 0.0, 0.5),
            Part(
                "kendang",
                humanise(shaped(plan, drum, 0.8), rng, beats=0.008),
                0.5,
                0.15,
                0.3,
            ),
        ),
        COURTYARD,
        -19.5,
    )


def _close(spans: Sequence[Span], voices: int, low: int) -> list[tuple[int, ...]]:
    return lead_voices([s.chord for s in spans], voices=voices, low=low)


def _end_on_chord(plan: Plan, notes: Sequence[Note]) -> list[Note]:
    """Let the first notes of the last bar ring instead of running on."""
    last = (plan.bars - 1) * plan.beats_per_bar
    ended = []
    for note in notes:
        if note.beat < last:
            ended.append(note)
        elif note.beat < last + 2:
            ended.append(replace(note, beats=float(plan.beats_per_bar)))
    return ended


def _scatter(plan: Plan, degrees: Sequence[int]) -> list[Note]:
    """Far pentatonic tones, more of them as energy grows."""
    scale = (0, 1, 2, 4, 5)
    notes = []
    for place, degree in enumerate(degrees):
        beat = 4 + place * 1.5
        if beat < plan.beats - 4 and (place % 3 == 0 or plan.energy(beat) > 0.55):
            pitch = plan.key.pitch(scale[degree], octave=5 + place % 2)
            notes.append(Note(beat, 4, pitch, 0.7 * plan.dynamic(beat)))
    return notes


def _leaned_on(key: Key, note: Note) -> list[Note]:
    """Turn a long note into a sigh: the step above falls into it."""
    if note.beats < 1.9 or note.beats > 3.5:
        return [note]
    scale = frozenset(key.pitch(degree) % 12 for degree in range(7))
    above = nearest(note.pitch + 1.6, scale - {int(note.pitch) % 12})
    lean = replace(note, beats=1.03, pitch=above)
    rest = replace(note, beat=note.beat + 1, beats=note.beats - 1)
    return [lean, replace(rest, velocity=rest.velocity * 0.8)]


def _tuned(key: Key, degree: int, octave: int) -> float:
    """A degree in a tuning that is no piano's: each gamelan has its own."""
    return key.pitch(degree, octave=octave) + EMBAT[degree % len(EMBAT)]


def _hymn_tune(plan: Plan, spans: Sequence[Span], drift: Sequence[int]) -> list[int]:
    """Soprano pitches: chord tones near a line that climbs and comes home."""
    tune: list[int] = []
    for place, span in enumerate(spans):
        rise = 4 * plan.energy(span.beat) if place < len(spans) - 4 else 0.0
        target = plan.key.pitch(0, octave=4) + 12 * (plan.key.root < 5) + rise
        before = tune[-1] if tune else target
        aim = 0.5 * target + 0.5 * before + 2 * drift[place]
        tones = span.chord.tones[:3] if place < len(spans) - 1 else (plan.key.root,)
        tune.append(nearest(aim, tones))
    return tune


def _breathe(plan: Plan, note: Note) -> Note:
    """Shorten what ends a line of two bars."""
    line = 2 * plan.beats_per_bar
    is_end = (note.beat + note.beats + 0.1) % line < 0.2
    return replace(note, beats=note.beats - 0.3) if is_end else note
