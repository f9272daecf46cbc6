import numpy as np
import pytest

from evoke_core.music.analysis import analyse
from evoke_core.music.decode import Track
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.handcrafted import AFFECT_SHARE, HandcraftedMusicEncoder
from evoke_core.music.reference import load_reference
from evoke_core.vectors import on_half_circle

RATE = 22_050


@pytest.fixture
def track():
    rng = np.random.default_rng(8)
    time = np.arange(23 * RATE) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 220 * time) * (1 + np.sin(2 * np.pi * 2 * time))
    samples = tone + rng.normal(0, 0.02, len(time))
    return Track(samples.astype(np.float32), RATE, 23.0)


def test_vectors_have_unit_length_and_the_windows_of_the_analysis(track):
    encoder: MusicEncoder = HandcraftedMusicEncoder()
    analysis = analyse(track)
    embedding = encoder.encode(track, analysis)
    assert embedding.whole.shape == (encoder.dimension,)
    assert embedding.windows.shape == (len(analysis.starts_s), encoder.dimension)
    assert embedding.windows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embedding.windows, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(embedding.whole) == pytest.approx(1, abs=1e-5)
    assert embedding.weights.sum() == pytest.approx(1, abs=1e-6)


def test_affect_has_its_share_and_lies_on_half_circles(track):
    analysis = analyse(track)
    whole = HandcraftedMusicEncoder().encode(track, analysis).whole
    assert np.square(whole[:4]).sum() == pytest.approx(AFFECT_SHARE, abs=1e-5)
    expected = on_half_circle(analysis.affect) * np.sqrt(AFFECT_SHARE / 2)
    np.testing.assert_allclose(whole[:4], expected, atol=1e-5)


def test_the_fingerprint_names_the_constants():
    encoder = HandcraftedMusicEncoder()
    assert encoder.fingerprint == f"handcrafted-music/1+{load_reference().digest}"
    assert encoder.fingerprint == HandcraftedMusicEncoder().fingerprint
    assert 64 <= encoder.dimension <= 100


def test_one_window_songs_have_equal_whole_and_window():
    samples = np.random.default_rng(9).normal(0, 0.1, 5 * RATE).astype(np.float32)
    short = Track(samples, RATE, 5.0)
    embedding = HandcraftedMusicEncoder().encode(short, analyse(short))
    np.testing.assert_allclose(embedding.whole, embedding.windows[0], atol=1e-6)
