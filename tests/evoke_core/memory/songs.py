"""Songs to remember, and by which rules."""

import io
from dataclasses import replace

import numpy as np
import soundfile

from evoke_core.config.memory import TINY
from evoke_core.memory.remember import RememberedSong
from evoke_core.memory.studio import Studio

RULES = TINY.model_copy(update={"steps": 1, "side_px": 64, "sweep": ()})


def song(seconds: float = 3.0, *, rate: int = 22_050, channels: int = 1) -> bytes:
    """A chord with a beat, as FLAC."""
    time = np.arange(int(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (220.0, 277.2, 329.6)) / 8
    beat = np.where((time * 2) % 1 < 0.05, 0.2, 0.0) * np.sin(2 * np.pi * 90 * time)
    sound = np.repeat((chord + beat)[:, None], channels, axis=1)
    buffer = io.BytesIO()
    soundfile.write(buffer, sound.astype(np.float32), rate, format="FLAC")
    return buffer.getvalue()


def ruled(studio: Studio, **rules: object) -> Studio:
    return replace(studio, rules=studio.rules.model_copy(update=rules))


def named(
    lyrics: bytes | str | None = None, *, song_id: str = "chord-1"
) -> RememberedSong:
    return RememberedSong(song_id, "Chord", ["calm", "nocturnal"], lyrics)
