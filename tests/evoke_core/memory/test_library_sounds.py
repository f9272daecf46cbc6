"""A library is heard once: what was heard is recalled, what can't be is named."""

import io
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import soundfile

from evoke_core.config.profile import AudioRules
from evoke_core.memory import library_sounds
from evoke_core.memory.audio_vector import AudioVector
from evoke_core.memory.library_sounds import hear_library
from evoke_core.memory.studio import Ears

AUDIO = AudioRules(min_s=1.0, max_s=60.0)
EARS = Ears(
    SimpleNamespace(fingerprint="stems", licence="MIT", sample_rate=8_000),
    SimpleNamespace(fingerprint="ears", licence="MIT"),
    SimpleNamespace(fingerprint="text"),
)


def tone(hz):
    time = np.arange(16_000) / 8_000
    buffer = io.BytesIO()
    sound = 0.3 * np.sin(2 * np.pi * hz * time)
    soundfile.write(buffer, sound, 8_000, format="WAV")
    return buffer.getvalue()


@pytest.fixture
def heard(monkeypatch):
    """Names of the songs that are separated; their vectors are their loudest tone."""
    names = []

    def encode(track, *_):
        spectrum = np.abs(np.fft.rfft(track.samples[:, 0]))
        hz = float(spectrum.argmax()) / track.duration_s
        names.append(round(hz))
        vector = np.full(16, hz, np.float32)
        return AudioVector(vector, 2, (0.0,) * 4, 0.0, track.duration_s)

    monkeypatch.setattr(library_sounds, "encode_stems", encode)
    return names


def listed(store, tmp_path, **songs):
    rows = []
    for name, audio in songs.items():
        if audio is not None:
            store.write(f"tracks/{name}", audio)
        rows.append({"track_id": name, "location": f"tracks/{name}"})
    (tmp_path / "disk.wav").write_bytes(tone(440))
    rows.append({"track_id": "disk", "location": f"file:{tmp_path / 'disk.wav'}"})
    return pl.DataFrame(rows)


def test_tracks_are_heard_in_order_and_bad_ones_are_named(store, tmp_path, heard):
    tracks = listed(store, tmp_path, a=tone(300), noise=b"no song", gone=None)
    done = []

    found = hear_library(
        tracks, EARS, AUDIO, store, report=lambda *step: done.append(step)
    )

    assert found.track_ids == ("a", "disk")
    assert found.sounds[:, 0] == pytest.approx([300, 440], abs=1)
    assert found.refusals["noise"].startswith("not_audio")
    assert "fit_bridge" in found.refusals["gone"]
    assert done[-1] == (4, 4)


def test_a_run_that_broke_goes_on_where_it_stopped(store, tmp_path, heard, monkeypatch):
    tracks = listed(store, tmp_path, a=tone(300), z=tone(500))
    given = (tracks, EARS, AUDIO, store)

    def stop(done, _):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hear_library(*given, report=stop)
    again = hear_library(*given, report=lambda *_: None)

    assert heard == [300, 440, 500]  # each once
    assert again.track_ids == ("a", "disk", "z")


def test_tracks_of_the_same_bytes_are_one_recording(store, tmp_path, heard):
    tracks = listed(store, tmp_path, a=tone(440), b=tone(300))

    found = hear_library(tracks, EARS, AUDIO, store, report=lambda *_: None)

    assert found.sha256[0] == found.sha256[2] != found.sha256[1]
    assert heard == [440, 300]


def test_a_library_without_a_song_is_heard_as_nothing(store):
    tracks = pl.DataFrame(schema={"track_id": pl.String, "location": pl.String})

    found = hear_library(tracks, EARS, AUDIO, store, report=lambda *_: None)
    assert found.track_ids == ()
    assert found.sounds.shape == (0, 0)
