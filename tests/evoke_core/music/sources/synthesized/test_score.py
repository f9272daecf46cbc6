"""The frame that forms fill with notes, and the arc of its energy."""

import numpy as np
import pytest

from evoke_core.music.sources.synthesized.harmony import Key
from evoke_core.music.sources.synthesized.score import Note, Plan, humanise


def plan_of(arc: str = "steady", *, seed: int = 5) -> Plan:
    return Plan(Key("C", "major"), 120.0, 4, 10, arc, seed)


def test_times_follow_from_the_tempo_and_the_bars() -> None:
    assert plan_of().beat_s == 0.5
    assert plan_of().beats == 40


@pytest.mark.parametrize(
    ("arc", "start", "middle", "end"),
    [
        ("rise", 0.2, 0.6, 1.0),
        ("fall", 1.0, 0.6, 0.2),
        ("steady", 0.85, 0.85, 0.85),
    ],
)
def test_an_arc_runs_between_its_ends(
    arc: str, start: float, middle: float, end: float
) -> None:
    energy = [plan_of(arc).energy(beat) for beat in (0, 20, 40)]
    assert energy == pytest.approx([start, middle, end])


def test_an_arch_has_its_climax_at_three_fifths() -> None:
    energy = [plan_of("arch").energy(beat) for beat in range(41)]

    assert int(np.argmax(energy)) == 24
    assert max(energy) == pytest.approx(1, abs=0.01)
    assert (energy[0], energy[-1]) == pytest.approx((0.2, 0.2))


@pytest.mark.parametrize("arc", ["rise", "fall", "arch", "steady"])
def test_energy_and_dynamics_keep_their_ranges_beyond_the_piece(arc: str) -> None:
    plan = plan_of(arc)

    for beat in (-3.0, 0.0, 17.3, 40.0, 90.0):
        assert 0.2 - 1e-9 <= plan.energy(beat) <= 1
        assert 0.48 - 1e-9 <= plan.dynamic(beat) <= 1


def test_each_purpose_has_a_randomness_of_its_own() -> None:
    draws = [plan_of().rng(purpose).random() for purpose in (1, 1, 2)]

    assert draws[0] == draws[1] != draws[2]
    assert draws[0] != plan_of(seed=6).rng(1).random()


def test_a_human_moves_starts_a_little_and_leaves_pitch_and_length() -> None:
    written = [Note(float(beat), 0.5, 60.0 + beat % 12, 0.7) for beat in range(500)]
    played = humanise(written, np.random.default_rng(1), beats=0.01)

    moved = np.array([p.beat - w.beat for p, w in zip(played, written, strict=True)])
    assert float(moved.std()) == pytest.approx(0.01, rel=0.15)
    assert [(p.pitch, p.beats) for p in played] == [(w.pitch, w.beats) for w in written]
    velocities = np.array([p.velocity for p in played]) / 0.7
    assert float(velocities.std()) == pytest.approx(0.05, rel=0.15)


def test_no_human_plays_before_the_start_or_beyond_full_strength() -> None:
    written = [Note(0.0, 1.0, 60.0, velocity) for velocity in (0.001, 1.0) * 50]
    played = humanise(written, np.random.default_rng(2), beats=0.05)

    assert min(note.beat for note in played) == 0
    assert all(0 < note.velocity <= 1 for note in played)
