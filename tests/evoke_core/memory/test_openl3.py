import numpy as np
import pytest

from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.memory.openl3 import OpenL3Encoder
from evoke_core.memory.openl3_features import mel_decibels, mel_filters
from evoke_core.memory.openl3_weights import (
    OpenL3Kind,
    load_network,
    random_weights,
    save_weights,
)
from tests.evoke_core.memory.ears import write_ears


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    write_ears(folder, seed=4)
    return folder


@pytest.fixture
def sound():
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.2, 3 * 48_000).astype(np.float32)


def test_a_sound_is_one_vector_a_hop(weights, sound):
    encoder = OpenL3Encoder(weights, "tiny", hop_s=0.5)
    vectors = encoder.encode(sound)
    assert vectors.shape == (1 + 5, 512)  # 3.5 s with the silence before it
    assert vectors.dtype == np.float32
    assert encoder.dimension == 512


def test_a_vector_is_what_network_and_front_end_make(weights, sound):
    import torch

    encoder = OpenL3Encoder(weights, "tiny", hop_s=1.0)
    network = load_network(weights / "openl3" / "tiny.safetensors")
    filters = torch.from_numpy(mel_filters(256, "kapre-0.1.4"))
    with torch.inference_mode():
        window = torch.from_numpy(sound[None, 24_000 : 24_000 + 48_000].copy())
        maps = network(mel_decibels(window, filters, "kapre-0.1.4"))
    expected = maps.amax(dim=(2, 3))[0].numpy()
    np.testing.assert_allclose(encoder.encode(sound)[1], expected, rtol=1e-4, atol=1e-4)


def test_batches_do_not_change_vectors(weights, sound):
    encoder = OpenL3Encoder(weights, "tiny")
    windows = sound[: 2 * 48_000].reshape(2, 48_000)
    many = np.tile(windows, (7, 1))  # more than one batch
    vectors = encoder.encode_windows(many)
    alone = [encoder.encode_windows(window[None])[0] for window in windows]
    np.testing.assert_allclose(vectors, np.tile(alone, (7, 1)), rtol=1e-4, atol=1e-4)
    assert encoder.encode_windows(many[:0]).shape == (0, 512)


def test_a_sound_shorter_than_a_window_is_one_vector(weights):
    encoder = OpenL3Encoder(weights, "tiny")
    assert encoder.encode(np.ones(100, np.float32)).shape == (1, 512)


def test_long_embeddings_hold_the_short_ones(weights, sound):
    short = OpenL3Encoder(weights, "tiny", hop_s=1.0).encode(sound)
    long = OpenL3Encoder(weights, "tiny", hop_s=1.0, patches=12)
    patches = long.encode(sound).reshape(len(short), 12, 512)
    assert long.dimension == 6144
    np.testing.assert_allclose(patches.max(axis=1), short, rtol=1e-4, atol=1e-4)


def test_what_changes_vectors_changes_the_fingerprint(weights, sound, tmp_path):
    write_ears(tmp_path, seed=5)
    encoders = [
        OpenL3Encoder(weights, "tiny"),
        OpenL3Encoder(weights, "tiny", hop_s=1.0),
        OpenL3Encoder(weights, "tiny", patches=12),
        OpenL3Encoder(weights, "tiny", front_end="openl3-0.4"),
        OpenL3Encoder(tmp_path, "tiny"),
    ]
    assert len({encoder.fingerprint for encoder in encoders}) == len(encoders)
    ours, theirs = (
        encoders[1],
        OpenL3Encoder(weights, "tiny", hop_s=1.0, front_end="openl3-0.4"),
    )
    assert np.abs(ours.encode(sound) - theirs.encode(sound)).max() > 0.01


def test_absent_weights_are_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"openl3_audio_mel256_music.*make models"):
        OpenL3Encoder(tmp_path)


def test_changed_weights_are_refused(tmp_path):
    write_ears(tmp_path, seed=1)
    tensors = random_weights(seed=2, widths=(2,) * 8)
    file = tmp_path / "openl3" / "tiny.safetensors"
    save_weights(tensors, file, OpenL3Kind("mel256", "music"))
    with pytest.raises(ConfigError, match="has SHA-256"):
        OpenL3Encoder(tmp_path, "tiny")


def test_truncated_weights_are_said_as_such(tmp_path):
    write_ears(tmp_path, seed=1)
    file = tmp_path / "openl3" / "tiny.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    (tmp_path / "openl3" / "tiny.sha256.json").unlink()
    with pytest.raises(ConfigError, match="no whole safetensors file"):
        OpenL3Encoder(tmp_path, "tiny")


def test_weights_without_numbers_are_refused(tmp_path):
    tensors = random_weights(seed=2, widths=(2,) * 8)
    tensors["conv2d_3.bias"][:] = np.nan
    file = tmp_path / "openl3" / "broken.safetensors"
    save_weights(tensors, file, OpenL3Kind("mel128", "env"))
    encoder = OpenL3Encoder(tmp_path, "broken")
    with pytest.raises(ConfigError, match="not finite"):
        encoder.encode(np.ones(100, np.float32))


@pytest.mark.parametrize("wrong", [{"hop_s": 0}, {"hop_s": 2.0}, {"patches": 3}])
def test_arguments_out_of_range_are_refused(weights, wrong):
    with pytest.raises(ConfigError, match="hop_s"):
        OpenL3Encoder(weights, "tiny", **wrong)


def test_kinds_that_were_never_published_are_refused():
    with pytest.raises(ConfigError, match="mel128 or mel256"):
        OpenL3Kind("linear", "music")
