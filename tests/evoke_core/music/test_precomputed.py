"""Songs with brought vectors: found by name or digest, else refused."""

import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evoke_core.errors import TrackRefused
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.precomputed import PrecomputedMusic

SHA = "a" * 64
ANALYSIS = SimpleNamespace(
    starts_s=np.array([0.0, 5.0], np.float32),
    ends_s=np.array([10.0, 15.0], np.float32),
    weights=np.array([0.25, 0.75], np.float32),
)
TRACK = SimpleNamespace(title=None)


@pytest.fixture
def encoder(tmp_path: Path) -> PrecomputedMusic:
    path = tmp_path / "songs.npz"
    raw = np.array([[4, 0], [0, 4]], np.float32)
    np.savez(path, path=np.array([SHA, "music/waltz.mp3"]), embedding=raw)
    return PrecomputedMusic(path)


def test_a_song_is_found_by_digest_or_by_key(encoder: PrecomputedMusic):
    by_digest: MusicEncoder = encoder.named([SHA, "unlisted.mp3"])
    by_key = encoder.named(["b" * 64, "waltz.mp3"])
    half = 0.5**0.5
    whole = by_digest.encode(TRACK, ANALYSIS).whole
    assert whole == pytest.approx([half, -half])
    assert by_key.encode(TRACK, ANALYSIS).whole == pytest.approx([-half, half])
    for song in (by_digest, by_key):
        assert song.fingerprint == encoder.fingerprint
        assert song.dimension == encoder.dimension == 2
        assert song.sample_rate == encoder.sample_rate
        assert song.licence == encoder.licence


def test_every_window_has_the_vector_of_the_whole(encoder: PrecomputedMusic):
    embedding = encoder.named(["waltz.mp3"]).encode(TRACK, ANALYSIS)
    assert (embedding.windows == embedding.whole).all()
    assert embedding.windows.shape == (2, 2)
    assert (embedding.starts_s == ANALYSIS.starts_s).all()
    assert (embedding.ends_s == ANALYSIS.ends_s).all()
    assert (embedding.weights == ANALYSIS.weights).all()


def test_a_song_without_a_vector_is_refused_with_a_remedy(encoder: PrecomputedMusic):
    with pytest.raises(TrackRefused, match=r"no vector of polka.mp3; add") as refused:
        encoder.named(["b" * 64, "polka.mp3"])
    assert refused.value.reason == "no_vector"


def test_samples_alone_are_refused(encoder: PrecomputedMusic):
    with pytest.raises(TrackRefused, match="a song without a name"):
        encoder.encode(TRACK, ANALYSIS)


def test_worker_processes_are_sent_the_path_and_not_the_vectors(
    encoder: PrecomputedMusic,
):
    assert encoder.dimension == 2  # it has been read
    assert "vectors" not in encoder.__getstate__()
    for each in (encoder, encoder.named([SHA])):
        assert pickle.loads(pickle.dumps(each)).fingerprint == encoder.fingerprint
