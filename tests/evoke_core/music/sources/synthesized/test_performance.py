"""From a score to sound: notes stand where they are written."""

import numpy as np
import pytest

from evoke_core.music.sources.synthesized.harmony import Key
from evoke_core.music.sources.synthesized.performance import FADE_S, perform
from evoke_core.music.sources.synthesized.score import Note, Part, Plan, Score
from evoke_core.music.sources.synthesized.space import Space
from evoke_core.music.sources.synthesized.voices import SAMPLE_RATE

PLAN = Plan(Key("C", "major"), 120.0, 4, 4, "steady", 2)  # a beat is half a second
ROOM = Space(0.3, 0.01, wet=0.2)


def played(*parts: Part, plan: Plan = PLAN, loudness_db: float = -24.0) -> np.ndarray:
    return perform(Score(parts, ROOM, loudness_db), plan, duration_s=4.0)


def rms(sound: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    part = sound[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]
    return np.sqrt(np.mean(np.square(part), axis=0))


def dry(voice: str, *notes: Note, pan: float = 0.0) -> Part:
    return Part(voice, notes, pan=pan, send=0.0)


def test_a_performance_has_its_length_two_sides_and_no_peak_too_high() -> None:
    sound = played(dry("organ", Note(0, 6, 60, 1.0)), loudness_db=-3)

    assert sound.shape == (4 * SAMPLE_RATE, 2)
    assert sound.dtype == np.float32
    assert 0.6 < np.abs(sound).max() <= 0.95


def test_a_note_begins_on_its_beat() -> None:
    sound = played(dry("clarinet", Note(2, 2, 69, 0.8)))

    assert np.abs(sound[: SAMPLE_RATE - 10]).max() < 1e-4
    assert rms(sound, 1.1, 1.9).min() > 0.01


@pytest.mark.parametrize(("pan", "loud", "faint"), [(-1.0, 0, 1), (1.0, 1, 0)])
def test_a_part_stands_where_it_is_panned(pan: float, loud: int, faint: int) -> None:
    level = rms(played(dry("piano", Note(0, 4, 57, 0.8), pan=pan)), 0.1, 1.5)

    assert level[loud] > 100 * level[faint]


def test_a_stronger_note_is_louder() -> None:
    notes = (Note(0, 1, 57, 0.3), Note(4, 1, 57, 0.9))
    sound = played(dry("piano", *notes))

    assert (rms(sound, 2.0, 2.4) > 2 * rms(sound, 0.0, 0.4)).all()


def test_a_kick_ducks_those_parts_that_say_so_and_no_others() -> None:
    kick = Part("kick", (Note(2, 1, 0, 1.0),), gain=1e-4, send=0.0)
    note = Note(0, 8, 60, 0.8)
    free = played(kick, Part("organ", (note,), send=0.0))
    ducked = played(kick, Part("organ", (note,), send=0.0, is_ducked=True))

    def dip(sound: np.ndarray) -> float:
        return float((rms(sound, 1.0, 1.05) / rms(sound, 0.5, 0.9)).mean())

    assert dip(free) == pytest.approx(1, abs=0.15)
    assert dip(ducked) < 0.5


def test_an_echo_returns_after_three_quarters_of_a_beat() -> None:
    stroke = (Note(0, 0.1, 0, 1.0),)
    plain = played(Part("closed_hat", stroke, send=0.0))
    echoed = played(Part("closed_hat", stroke, send=0.0, echo=0.6))

    assert rms(plain, 0.37, 0.42).max() < 1e-4
    assert rms(echoed, 0.37, 0.42)[1] > 10 * rms(echoed, 0.25, 0.36)[1]


def test_a_send_is_heard_after_the_note_is_over() -> None:
    stroke = (Note(0, 0.1, 0, 1.0),)
    sent = played(Part("snare", stroke, send=1.0))
    unsent = played(Part("snare", stroke, send=0.0))

    after = slice(round(0.32 * SAMPLE_RATE), round(0.45 * SAMPLE_RATE))
    assert sent[after].std() > 1e-4
    assert unsent[after].std() < 1e-6


def test_notes_beyond_the_end_are_lost_and_the_rest_is_faded() -> None:
    inside, beyond = Note(0, 10, 60, 0.8), Note(30, 1, 72, 0.8)
    sound = played(dry("organ", inside, beyond))

    assert np.array_equal(sound, played(dry("organ", inside)))
    assert np.abs(sound[-1]).max() < 1e-4
    before = rms(sound, 2.0, 4.0 - FADE_S)
    assert (rms(sound, 3.7, 4.0) < 0.5 * before).all()


def test_a_score_is_played_the_same_each_time() -> None:
    part = Part("snare", (Note(0, 1, 0, 0.9), Note(3, 1, 0, 0.5)))

    assert np.array_equal(played(part), played(part))
    other = Plan(PLAN.key, 120.0, 4, 4, "steady", 3)
    assert not np.array_equal(played(part), played(part, plan=other))
