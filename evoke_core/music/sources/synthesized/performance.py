"""From a score to sound: notes are played, parts are placed, the mix is mastered.

No composition and no synthesis of its own.
"""

import numpy as np

from evoke_core.music.sources.synthesized import rhythm, voices
from evoke_core.music.sources.synthesized.rhythm import DRUMS
from evoke_core.music.sources.synthesized.score import Note, Part, Plan, Score
from evoke_core.music.sources.synthesized.space import (
    add_echo,
    duck_curve,
    master,
    pan_gains,
    reverberate,
)
from evoke_core.music.sources.synthesized.voices import SAMPLE_RATE
from evoke_core.vectors import Array

TOUCHES = 8  # steps of brightness, so that equal notes are synthesised once
FADE_S = 0.9


def perform(score: Score, plan: Plan, *, duration_s: float) -> Array:
    """Play a score.

    Args:
        score: Parts, room, loudness.
        plan: Tempo and seed.
        duration_s: Length with its tail.

    Returns:
        float32[N, 2] at SAMPLE_RATE, peak at most 0.95.
    """
    length = round(duration_s * SAMPLE_RATE)
    kicks_s = sorted(
        note.beat * plan.beat_s
        for part in score.parts
        if part.voice == "kick"
        for note in part.notes
    )
    is_ducking = any(part.is_ducked for part in score.parts)
    duck = duck_curve(kicks_s, length) if is_ducking else None
    dry = np.zeros((2, length), np.float32)
    send = np.zeros(length, np.float32)
    for part in score.parts:
        bus = _play_part(part, plan, length)
        if duck is not None and part.is_ducked:
            bus *= duck
        if part.echo:
            add_echo(bus, delay_s=0.75 * plan.beat_s, share=part.echo)
        dry += bus
        send += np.float32(part.send * 0.5) * (bus[0] + bus[1])
    dry += np.float32(score.space.wet) * reverberate(send, score.space, seed=plan.seed)
    return master(dry, loudness_db=score.loudness_db, fade_s=FADE_S)


def _play_part(part: Part, plan: Plan, length: int) -> Array:
    bus = np.zeros((2, length), np.float32)
    known: dict[tuple[float, int, int], Array] = {}
    for note in part.notes:
        held = round(note.beats * plan.beat_s * 1000)
        touch = round(note.velocity * TOUCHES)
        name = (note.pitch, held, touch) if part.voice not in DRUMS else (0.0, 0, 0)
        if name not in known:
            known[name] = _sound(part.voice, name, plan.seed)
        _place(
            bus, known[name], note, part, round(note.beat * plan.beat_s * SAMPLE_RATE)
        )
    return bus


def _sound(voice: str, name: tuple[float, int, int], seed: int) -> Array:
    if voice in DRUMS:
        return rhythm.strike(DRUMS[voice], seed=seed)
    pitch, held_ms, touch = name
    return voices.play(voice, pitch, held_ms / 1000, touch / TOUCHES)


def _place(bus: Array, sound: Array, note: Note, part: Part, start: int) -> None:
    count = min(sound.shape[1], bus.shape[1] - start)
    if count <= 0:
        return
    # ears hear loudness as a power of amplitude: velocities are stretched
    level = part.gain * note.velocity**1.4
    left, right = pan_gains(part.pan)
    balance = 1.0 if len(sound) == 1 else 2**0.5
    bus[0, start : start + count] += (
        np.float32(level * left * balance) * sound[0, :count]
    )
    bus[1, start : start + count] += (
        np.float32(level * right * balance) * sound[-1, :count]
    )
