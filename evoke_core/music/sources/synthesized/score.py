"""What a piece is before it sounds: plan, notes, parts, score.

No harmony, no instruments; times are beats, so that a tempo is one number.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evoke_core.music.sources.synthesized.harmony import Key
from evoke_core.music.sources.synthesized.space import Space


@dataclass(frozen=True, slots=True)
class Plan:
    """The frame that a form fills with notes.

    Args:
        key: Tonic and mode.
        tempo_bpm: Beats per minute, constant.
        beats_per_bar: 3 or 4.
        bars: Length, at least 4.
        energy_arc: "rise", "arch", "fall" or "steady".
        seed: Of every choice that the form makes.
    """

    key: Key
    tempo_bpm: float
    beats_per_bar: int
    bars: int
    energy_arc: str
    seed: int

    @property
    def beat_s(self) -> float:
        """Seconds of one beat."""
        return 60.0 / self.tempo_bpm

    @property
    def beats(self) -> int:
        """Length of the piece."""
        return self.bars * self.beats_per_bar

    def energy(self, beat: float) -> float:
        """How far the arc has come at a beat, in [0.2, 1]."""
        place = min(max(beat / self.beats, 0.0), 1.0)
        if self.energy_arc == "rise":
            return 0.2 + 0.8 * place
        if self.energy_arc == "fall":
            return 1.0 - 0.8 * place
        if self.energy_arc == "arch":
            # the climax stands at three fifths, later than the middle
            return 0.2 + 0.8 * float(np.sin(np.pi * place**1.36))
        return 0.85

    def dynamic(self, beat: float) -> float:
        """Factor on velocities that follows the arc, in [0.48, 1]."""
        return 0.35 + 0.65 * self.energy(beat)

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator for one purpose, so that parts don't disturb each other."""
        return np.random.default_rng([self.seed, purpose])


@dataclass(frozen=True, slots=True)
class Note:
    """One event.

    Args:
        beat: Start.
        beats: Length until the release.
        pitch: MIDI, fractions are cents; ignored by drums.
        velocity: In (0, 1]; loudness and brightness.
    """

    beat: float
    beats: float
    pitch: float
    velocity: float


@dataclass(frozen=True, slots=True)
class Part:
    """Notes for one instrument and its place in the room.

    Args:
        voice: Name in voices.STRUCK, voices.SUSTAINED or rhythm.DRUMS.
        notes: In any order.
        gain: Linear.
        pan: -1 left to 1 right.
        send: Share that goes to the reverb.
        echo: Share that comes back after three quarters of a beat.
        is_ducked: Whether the kick drum pushes it down.
    """

    voice: str
    notes: tuple[Note, ...]
    gain: float = 1.0
    pan: float = 0.0
    send: float = 0.25
    echo: float = 0.0
    is_ducked: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """All parts of a piece with its room and its loudness.

    Args:
        parts: In order of mixing.
        space: The room.
        loudness_db: Root mean square of the whole piece in dBFS, before the limiter.
    """

    parts: tuple[Part, ...]
    space: Space
    loudness_db: float


def humanise(
    notes: Iterable[Note], rng: np.random.Generator, *, beats: float
) -> tuple[Note, ...]:
    """Move starts by a spread of some hundredths of a beat, velocities by 5 %."""
    return tuple(
        Note(
            max(0.0, note.beat + beats * float(rng.standard_normal())),
            note.beats,
            note.pitch,
            float(np.clip(note.velocity * rng.normal(1.0, 0.05), 0.02, 1.0)),
        )
        for note in notes
    )
