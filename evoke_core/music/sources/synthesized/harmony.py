"""Keys, chords written as Roman numerals, progressions and voice leading.

No rhythm beyond the length of a chord, no melody and no sound.

Sources: Kostka & Payne, Tonal Harmony (functions, parallels, cadences); Levine, The
Jazz Piano Book (extended chords).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "pelog": (0, 1, 3, 7, 8),
}

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "o": (0, 3, 6),
    "o7": (0, 3, 6, 9),
    "h7": (0, 3, 6, 10),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "13": (0, 4, 10, 14, 21),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
    "sus4": (0, 5, 7),
    "69": (0, 4, 7, 9, 14),
}

NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii")
SYMBOL = re.compile(
    r"(?P<sharp>[b#]?)(?P<numeral>[ivIV]+)(?P<rest>[^/]*)(/(?P<bass>\d))?"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic and a scale.

    Args:
        tonic: One of TONICS.
        mode: A key of SCALES.
    """

    tonic: str
    mode: str

    @property
    def root(self) -> int:
        """Pitch class of the tonic, 0 is C."""
        return TONICS.index(self.tonic)

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return 3 in SCALES[self.mode]

    def pitch(self, degree: int, *, octave: int = 4) -> int:
        """MIDI pitch of a scale degree; 0 is the tonic, 7 (or -7) an octave away."""
        scale = SCALES[self.mode]
        turns, step = divmod(degree, len(scale))
        return 12 * (octave + 1 + turns) + self.root + scale[step]


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch classes that sound together.

    Args:
        tones: Pitch classes in [0, 12), root first, in thirds.
        bass: Pitch class of the lowest note.
    """

    tones: tuple[int, ...]
    bass: int


@dataclass(frozen=True, slots=True)
class Span:
    """A chord and the beats through which it lasts."""

    beat: float
    beats: float
    chord: Chord

    @property
    def end(self) -> float:
        """First beat after the chord."""
        return self.beat + self.beats


def parse_chord(symbol: str, key: Key) -> Chord:
    """Read a Roman numeral on the degrees of the key's own scale.

    Args:
        symbol: Numeral with optional accidental before it, quality after it and bass
            degree behind a stroke: "i", "V7", "bII", "ii9", "v/7". Lower case is minor.
        key: Where degrees lie.

    Raises:
        ValueError: The symbol can't be read.
    """
    match = SYMBOL.fullmatch(symbol)
    numeral, rest = (match["numeral"], match["rest"]) if match else ("", "")
    is_lower_plain = numeral.islower() and not rest.startswith(("o", "h", "m"))
    quality = QUALITIES.get(("m" if is_lower_plain else "") + rest)
    if match is None or quality is None or numeral.lower() not in NUMERALS:
        raise ValueError(f"chord symbol {symbol!r} can't be read; write it like 'V7'")
    shift = {"b": -1, "#": 1, "": 0}[match["sharp"]]
    root = key.pitch(NUMERALS.index(numeral.lower())) + shift
    bass = key.pitch(int(match["bass"]) - 1) if match["bass"] else root
    return Chord(tuple((root + step) % 12 for step in quality), bass % 12)


def lay_out(text: str, key: Key, *, bars: int, beats_per_bar: int) -> tuple[Span, ...]:
    """Spread a progression over bars, repeated until they are full.

    Args:
        text: Bars parted by "|", chords of equal length inside; what stands behind "||"
            is the cadence and takes the last bars.
        key: Where degrees lie.
        bars: Length of the piece.
        beats_per_bar: Beats in each.
    """
    body, _, cadence = text.partition("||")
    closing = [bar.split() for bar in cadence.split("|") if bar.strip()]
    opening = [bar.split() for bar in body.split("|")]
    room = bars - len(closing)
    order = [opening[bar % len(opening)] for bar in range(room)] + closing
    spans = []
    for bar, symbols in enumerate(order[:bars]):
        length = beats_per_bar / len(symbols)
        for place, symbol in enumerate(symbols):
            start = bar * beats_per_bar + place * length
            spans.append(Span(start, length, parse_chord(symbol, key)))
    return tuple(spans)


def chord_at(spans: Sequence[Span], beat: float) -> Chord:
    """The chord that sounds at a beat; the last one after the end."""
    return next((s.chord for s in spans if s.beat <= beat < s.end), spans[-1].chord)


def scale_under(chord: Chord, key: Key) -> frozenset[int]:
    """Pitch classes that fit a chord: the scale, bent where the chord leaves it."""
    scale = {key.pitch(degree) % 12 for degree in range(len(SCALES[key.mode]))}
    foreign = set(chord.tones) - scale
    bent = {(tone + step) % 12 for tone in foreign for step in (-1, 1)}
    return frozenset((scale - (bent - set(chord.tones))) | foreign)


def nearest(target: float, pitch_classes: Sequence[int] | frozenset[int]) -> int:
    """The MIDI pitch of one of the classes that lies nearest; ties go down."""
    around = range(round(target) - 7, round(target) + 8)
    fitting = [pitch for pitch in around if pitch % 12 in pitch_classes]
    return min(fitting, key=lambda pitch: (abs(pitch - target), pitch))


def pitch_above(low: int, pitch_class: int) -> int:
    """The lowest pitch of a class at or above a floor."""
    return low + (pitch_class - low) % 12


def lead_voices(
    chords: Sequence[Chord], *, voices: int, low: int, tops: Sequence[int] | None = None
) -> list[tuple[int, ...]]:
    """Voice chords so that each hand moves as little as it may.

    Args:
        chords: In order of time.
        voices: Notes of each chord.
        low: Lowest MIDI pitch; voices stay within 20 semitones above it.
        tops: Pitches that the highest voice should sing, where given.

    Returns:
        One ascending tuple of MIDI pitches for each chord. Missing tones, parallel
        fifths and octaves, and semitones at the bottom cost more than motion.
    """
    led: list[tuple[int, ...]] = []
    for place, chord in enumerate(chords):
        top = tops[place] if tops else None
        options = _voicings(chord, voices, low, top)
        before = led[-1] if led else None
        led.append(min(options, key=lambda option: _cost(option, before, chord)))
    return led


def _voicings(
    chord: Chord, voices: int, low: int, top: int | None
) -> list[tuple[int, ...]]:
    high = low + 20 if top is None else top
    tones = chord.tones if len(chord.tones) <= voices else chord.tones[1:]
    pool = [p for p in range(min(low, high - 15), high + 1) if p % 12 in tones]
    if top is not None:
        return [(*lower, top) for lower in combinations(pool[:-1], voices - 1)]
    return list(combinations(pool, voices))


def _cost(
    option: tuple[int, ...], before: tuple[int, ...] | None, chord: Chord
) -> tuple[float, tuple[int, ...]]:
    present = {pitch % 12 for pitch in option}
    gaps = [high - low for low, high in pairwise(option)]
    cost = 9.0 * min(len(set(chord.tones) - present), len(option))
    cost += sum(6.0 for gap in gaps if gap < 2) + sum(2.0 for gap in gaps if gap > 9)
    if before is None:
        middle = sum(option) / len(option)
        return cost + 0.1 * abs(middle - option[0] - 6), option
    cost += sum(abs(now - then) for now, then in zip(option, before, strict=True))
    return cost + 7.0 * _parallels(option, before), option


def _parallels(now: tuple[int, ...], then: tuple[int, ...]) -> int:
    count = 0
    for low, high in combinations(range(len(now)), 2):
        moved = now[low] != then[low]
        perfect = (now[high] - now[low]) % 12 in (0, 7)
        same = (now[high] - now[low]) % 12 == (then[high] - then[low]) % 12
        count += moved and perfect and same
    return count
