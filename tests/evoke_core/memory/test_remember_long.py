"""Long and real songs are remembered in bounded memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from evoke_core.memory.keepsake import remember_once
from evoke_core.memory.studio import Studio
from tests.evoke_core.memory.songs import named

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

_REMEMBER = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from evoke_core.config.memory import TINY
from evoke_core.config.profile import AudioRules
from evoke_core.memory.keepsake import remember_once
from evoke_core.memory.remember import RememberedSong
from evoke_core.memory.studio import open_studio
from evoke_core.storage.local import LocalStore
from tests.peak import peak_bytes

weights, store, song = map(Path, sys.argv[1:])
rules = TINY.model_copy(update={"steps": 1, "side_px": 64, "sweep": ()})
audio = AudioRules(min_s=1.0, max_s=5400.0)
studio = open_studio(LocalStore(store), rules, audio, weights)
named = RememberedSong("long-1", "Long", ["calm"])
card, _ = remember_once(named, song, studio)
print(card["status"], card["sound"]["duration_s"], peak_bytes())
"""


def peak_of(minutes: int, weights: Path, folder: Path) -> int:
    """Remember a song in a process of its own; returns its peak memory in bytes."""
    path = folder / f"{minutes}.flac"
    minute = np.random.default_rng(0).normal(0, 0.1, (60 * 44_100, 2))
    with soundfile.SoundFile(path, "w", 44_100, 2, "PCM_16", format="FLAC") as file:
        for _ in range(minutes):
            file.write(minute)
    command = [sys.executable, "-c", _REMEMBER, weights, folder / f"{minutes}", path]
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, check=True, text=True
    )
    status, duration_s, peak = done.stdout.split()
    assert (status, float(duration_s)) == ("drawn", 60.0 * minutes)
    return int(peak)


@pytest.mark.slow
def test_an_hour_takes_no_more_memory_than_ten_minutes(weights: Path, tmp_path: Path):
    """Stems are kept, so that their files count too; the song lies on disk."""
    short, hour = (peak_of(minutes, weights, tmp_path) for minutes in (10, 60))

    assert hour <= 1.1 * short
    stems = tmp_path / "60" / "private" / "memory" / "long-1"
    assert len(list(stems.rglob("*.flac"))) == 4 * 6


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "misc/demucs_test.mp3",
        "librosa/sorohanro-solo-trumpet-06.ogg",
        "librosa/karissa-hobbs-lets-go-fishin.ogg",
    ],
)
def test_real_songs_are_remembered(studio: Studio, shared: Path, name: str):
    audio = (shared / "data" / "music" / name).read_bytes()

    card, memory = remember_once(named(song_id="real"), audio, studio)

    assert card["status"] == "drawn"
    assert memory is not None
    assert np.isfinite(memory.sound.heard.vector).all()
    assert 0 < card["fusion"]["moved_by_sound"] < 1
