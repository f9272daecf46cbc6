import numpy as np
import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.errors import ConfigError
from evoke_core.music.analysis import analyse
from evoke_core.music.decode import Track
from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.encoders import require_licence
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.reference import load_reference

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


def test_the_fingerprint_names_the_constants():
    encoder = HandcraftedMusicEncoder()
    assert encoder.fingerprint == f"handcrafted-music/3+{load_reference().digest}"
    assert encoder.fingerprint == HandcraftedMusicEncoder().fingerprint
    assert encoder.dimension == len(DESCRIPTORS)


def test_a_commercial_run_refuses_what_was_fitted_on_ratings(assets_config):
    demo = load_run_profile(assets_config, "demo")
    commercial = demo.model_copy(update={"licence_policy": "commercial"})
    by_signs = commercial.audio.model_copy(update={"fitted": False})

    require_licence(
        HandcraftedMusicEncoder(), commercial.model_copy(update={"audio": by_signs})
    )
    with pytest.raises(ConfigError, match=r"audio\.fitted rests on ratings"):
        require_licence(HandcraftedMusicEncoder(), commercial)


def test_one_window_songs_have_equal_whole_and_window():
    samples = np.random.default_rng(9).normal(0, 0.1, 5 * RATE).astype(np.float32)
    short = Track(samples, RATE, 5.0)
    embedding = HandcraftedMusicEncoder().encode(short, analyse(short))
    np.testing.assert_allclose(embedding.whole, embedding.windows[0], atol=1e-6)
