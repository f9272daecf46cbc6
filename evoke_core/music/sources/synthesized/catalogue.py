"""Which pieces there are, what is planted in each, and their sound.

How a mood is composed stands in forms, dances and electronic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from evoke_core.music.sources.synthesized import dances, electronic, forms
from evoke_core.music.sources.synthesized.harmony import Key
from evoke_core.music.sources.synthesized.performance import perform
from evoke_core.music.sources.synthesized.score import Plan, Score
from evoke_core.music.sources.synthesized.voices import SAMPLE_RATE
from evoke_core.vectors import Array

MUSIC_S = 25.5  # what bars aim at; with the tail a piece has 21 to 31 seconds
TAIL_S = 2.4


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that can be rendered, with its planted truth.

    Args:
        key: Name of the file in the library, "nocturne/nocturne_02.flac".
        mood: Family.
        title: For people.
        seed: Of everything in it.
        tonic: "C" to "B", flats but for F#.
        mode: A key of harmony.SCALES.
        tempo_bpm: Beats per minute.
        valence: -1 sad to 1 glad.
        arousal: -1 calm to 1 excited.
        energy_arc: "rise", "arch", "fall" or "steady".
        duration_s: With its tail.
    """

    key: str
    mood: str
    title: str
    seed: int
    tonic: str
    mode: str
    tempo_bpm: float
    valence: float
    arousal: float
    energy_arc: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Mood:
    """What the pieces of a family share; lists are taken in turn from a drawn order."""

    compose: Callable[[Plan], Score]
    beats_per_bar: int
    tempo_bpm: tuple[float, float]
    tonics: str
    modes: tuple[str, ...]
    arcs: tuple[str, ...]
    valence: float
    arousal: float
    titles: tuple[str, ...]


MOODS: dict[str, Mood] = {
    "nocturne": Mood(
        forms.nocturne,
        4,
        (60, 74),
        "D A E G C B",
        ("minor",),
        ("arch", "fall"),
        -0.35,
        -0.55,
        (
            "Nocturne in {key}",
            "Lamp in an upper window",
            "What the river kept",
            "Half past moonrise",
            "Letter left unsent",
            "Night garden",
        ),
    ),
    "dawn_ambient": Mood(
        forms.dawn,
        4,
        (58, 70),
        "F C G D Bb Eb",
        ("major",),
        ("rise",),
        0.5,
        -0.7,
        (
            "First light over the estuary",
            "Dew",
            "Valley before bells",
            "Pale gold, slowly",
            "The fog lifts in sections",
            "Birdless hour",
        ),
    ),
    "techno": Mood(
        electronic.techno,
        4,
        (124, 138),
        "A F G C D E",
        ("minor", "dorian"),
        ("steady", "rise"),
        0.05,
        0.9,
        (
            "Concrete pulse",
            "Substation",
            "Loading bay 4 a.m.",
            "Machine hall",
            "Strobe arithmetic",
            "Ring road",
        ),
    ),
    "waltz": Mood(
        dances.waltz,
        3,
        (152, 176),
        "G C F D Bb A",
        ("major",),
        ("arch", "steady"),
        0.65,
        0.25,
        (
            "Waltz in {key}",
            "Carousel on the quay",
            "Sunday shoes",
            "The baker's daughter",
            "Ribbons, again",
            "Pavilion dance",
        ),
    ),
    "lament": Mood(
        forms.lament,
        4,
        (50, 60),
        "C G D F# B E",
        ("minor",),
        ("arch", "fall"),
        -0.8,
        -0.45,
        (
            "Lament in {key}",
            "For an empty house",
            "Ash Wednesday",
            "The last ferry",
            "Black water",
            "Elegy without words",
        ),
    ),
    "march": Mood(
        dances.march,
        4,
        (106, 122),
        "Bb F Eb C G Ab",
        ("major",),
        ("rise", "arch"),
        0.5,
        0.6,
        (
            "March in {key}",
            "Parade of the lamplighters",
            "Banners up",
            "Harbour regiment",
            "Brass at noon",
            "The mayor arrives",
        ),
    ),
    "jazz_trio": Mood(
        dances.jazz,
        4,
        (118, 150),
        "F Bb C Eb G Ab",
        ("major",),
        ("arch", "steady"),
        0.45,
        0.15,
        (
            "Corner table",
            "Blue awning",
            "Rain check",
            "Second set",
            "Ninth street, walking",
            "Coat-check blues without the blues",
        ),
    ),
    "storm": Mood(
        electronic.storm,
        4,
        (80, 96),
        "C D B E F G",
        ("minor",),
        ("rise", "arch"),
        -0.6,
        0.75,
        (
            "Squall line",
            "The mast goes",
            "Barometer falling",
            "Sea wall",
            "Black headland",
            "Lightning over slate",
        ),
    ),
    "music_box": Mood(
        forms.music_box,
        3,
        (84, 108),
        "C F G D A Bb",
        ("major",),
        ("fall", "steady"),
        0.4,
        -0.4,
        (
            "Music box in {key}",
            "Paper dancer",
            "Attic, dust, sunlight",
            "Snow globe",
            "The smallest drawer",
            "Key under the lid",
        ),
    ),
    "chorale": Mood(
        forms.chorale,
        4,
        (66, 80),
        "G D C A F Eb",
        ("major", "minor"),
        ("arch", "rise"),
        0.2,
        -0.3,
        (
            "Chorale in {key}",
            "Stone and candle",
            "Evening hymn",
            "Nave",
            "The long table",
            "Vesper in {key}",
        ),
    ),
    "synthwave": Mood(
        electronic.synthwave,
        4,
        (88, 108),
        "A E D F# B C",
        ("minor",),
        ("rise", "steady"),
        0.2,
        0.5,
        (
            "Coastal highway 1986",
            "Neon rain",
            "Chrome horizon",
            "Arcade after closing",
            "Violet grid",
            "Tape saturation",
        ),
    ),
    "gamelan": Mood(
        forms.gamelan,
        4,
        (76, 100),
        "D Eb C E F B",
        ("pelog",),
        ("arch", "steady"),
        0.1,
        -0.05,
        (
            "Bronze in the rice fields",
            "Night at the pavilion",
            "Ombak",
            "Procession with parasols",
            "Volcano, mist, bells",
            "Gong cycle in {key}",
        ),
    ),
}


def list_pieces(*, per_mood: int = 4, seed: int = 11) -> tuple[Piece, ...]:
    """Name the pieces of a library without rendering them.

    Args:
        per_mood: Variations of each mood; a larger number keeps what a smaller one had.
        seed: Another seed is another library.

    Returns:
        Moods in the order of MOODS, variations counted from 01.
    """
    return tuple(
        _piece(place, name, number, seed)
        for place, name in enumerate(MOODS)
        for number in range(per_mood)
    )


def render(piece: Piece) -> Array:
    """Play a piece.

    Returns:
        float32[N, 2] at 44,100 Hz, peak at most 0.95; equal pieces give equal samples.
    """
    mood = MOODS[piece.mood]
    bars = _bars(mood.beats_per_bar, piece.tempo_bpm)
    key = Key(piece.tonic, piece.mode)
    plan = Plan(
        key, piece.tempo_bpm, mood.beats_per_bar, bars, piece.energy_arc, piece.seed
    )
    return perform(mood.compose(plan), plan, duration_s=piece.duration_s)


def encode_flac(samples: Array) -> bytes:
    """Encode as FLAC of 16 bits, without dither, so that equal samples are equal bytes.

    Args:
        samples: float32[N, 2] in [-1, 1] at 44,100 Hz.
    """
    import soundfile

    whole = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    target = BytesIO()
    soundfile.write(target, whole, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return target.getvalue()


def _piece(place: int, name: str, number: int, seed: int) -> Piece:
    mood = MOODS[name]
    order = np.random.default_rng([seed, place])
    tonics = [str(tonic) for tonic in order.permutation(mood.tonics.split())]
    titles = [str(title) for title in order.permutation(list(mood.titles))]
    rng = np.random.default_rng([seed, place, number])
    slow, fast = mood.tempo_bpm
    pace = float(rng.uniform(-1, 1))
    tempo = round((slow + fast) / 2 + pace * (fast - slow) / 2, 1)
    mode = mood.modes[number % len(mood.modes)]
    key = Key(tonics[number % len(tonics)], mode)
    # within a mood, mode and pace move the affect as they do between moods
    lean = 0.0 if len(set(mood.modes)) == 1 else 0.22 * (-1 if key.is_minor else 1)
    bars = _bars(mood.beats_per_bar, tempo)
    return Piece(
        key=f"{name}/{name}_{number + 1:02d}.flac",
        mood=name,
        title=_title(titles, number, key),
        seed=int(rng.integers(2**31)),
        tonic=key.tonic,
        mode=mode,
        tempo_bpm=tempo,
        valence=round(float(np.clip(mood.valence + lean + 0.06 * pace, -1, 1)), 3),
        arousal=round(float(np.clip(mood.arousal + 0.09 * pace, -1, 1)), 3),
        energy_arc=mood.arcs[number // len(mood.modes) % len(mood.arcs)],
        duration_s=round(bars * mood.beats_per_bar * 60 / tempo + TAIL_S, 3),
    )


def _title(titles: list[str], number: int, key: Key) -> str:
    title = titles[number % len(titles)].format(key=f"{key.tonic} {key.mode}")
    has_number = number >= len(titles) or " in " + key.tonic in title
    return f"{title}, no. {number + 1}" if has_number else title


def _bars(beats_per_bar: int, tempo_bpm: float) -> int:
    """Bars nearest to the aim, in fours where they are short, else in twos."""
    bar_s = beats_per_bar * 60 / tempo_bpm
    group = 4 if bar_s < 1.4 else 2
    return max(4, group * round(MUSIC_S / bar_s / group))
