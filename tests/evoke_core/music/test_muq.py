import json
import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.music.muq import BLOCK_S, MuQEncoder, load_muq
from evoke_core.vectors import l2_normalize, weighted_mean

pytestmark = pytest.mark.skipif(
    find_spec("muq") is None, reason="muq is not installed (extra muq)"
)


@pytest.fixture
def encoder(tiny_muq):
    return MuQEncoder(tiny_muq, "tiny-muq")


@pytest.fixture
def copied(tiny_muq, tmp_path):
    """The same weights, to be spoilt."""
    shutil.copytree(tiny_muq / "muq" / "tiny-muq", tmp_path / "muq" / "tiny-muq")
    return tmp_path


def file_of(weights, name="model.safetensors"):
    return weights / "muq" / "tiny-muq" / name


def test_a_song_is_unit_vectors_on_the_windows_of_its_analysis(encoder, song):
    track, analysis = song(23.0)
    embedding = encoder.encode(track, analysis)
    assert embedding.windows.shape == (len(analysis.starts_s), encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(embedding.windows, axis=1), 1, atol=1e-5)
    mean = l2_normalize(weighted_mean(embedding.windows, analysis.weights))
    np.testing.assert_allclose(embedding.whole, mean, atol=1e-6)


def test_a_window_that_is_one_block_is_the_mean_of_its_frames(encoder, tiny_muq, song):
    import torch

    track, analysis = song(20.0)
    block = torch.from_numpy(track.samples[None, : BLOCK_S * 24_000])
    with torch.inference_mode():
        frames = load_muq(tiny_muq / "muq" / "tiny-muq")(block).last_hidden_state[0]
    expected = l2_normalize(frames.mean(dim=0).numpy())
    first = encoder.encode(track, analysis).windows[0]
    np.testing.assert_allclose(first, expected, atol=1e-5)


def test_songs_that_share_batches_are_as_if_encoded_alone(encoder, song):
    songs = [song(12.0), song(4.0, seed=1), song(31.0, seed=2)]
    together = encoder.encode_songs(songs)
    for one, (track, analysis) in zip(together, songs, strict=True):
        alone = encoder.encode(track, analysis)
        np.testing.assert_allclose(one.windows, alone.windows, atol=1e-5)


def test_short_songs_make_fewer_passes_than_they_are(encoder, song, monkeypatch):
    sizes = []
    encode = encoder._features

    def counting(jobs):
        sizes.append(len(jobs))
        return encode(jobs)

    monkeypatch.setattr(encoder, "_features", counting)
    encoder.encode_songs([song(10.0, seed=seed) for seed in range(6)])
    assert sizes == [4, 2]


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_song_in_fewer_bits_is_as_in_float32(tiny_muq, encoder, song, precision):
    other = MuQEncoder(tiny_muq, "tiny-muq", precision=precision)
    track, analysis = song(23.0)
    found = other.encode(track, analysis).windows
    expected = encoder.encode(track, analysis).windows
    assert (found * expected).sum(axis=1).min() >= 0.99
    assert other.fingerprint == encoder.fingerprint.replace("fp32", precision)


def test_auto_precision_is_kept_beside_the_weights(copied, caplog):
    caplog.set_level("INFO", logger="evoke_core")
    encoder = MuQEncoder(copied, "tiny-muq", precision="auto")
    fingerprint = encoder.fingerprint
    assert f"precision auto is {encoder.precision}" in caplog.text
    assert fingerprint.endswith(encoder.precision)
    assert (copied / "muq" / "tiny-muq.precision.json").is_file()
    again = MuQEncoder(copied, "tiny-muq", precision="auto")
    assert again.fingerprint == fingerprint


def test_memory_running_out_halves_the_batch_and_loses_nothing(
    encoder, song, monkeypatch
):
    sizes = []
    encode = encoder._features

    def tight(jobs):
        sizes.append(len(jobs))
        if len(jobs) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return encode(jobs)

    track, analysis = song(40.0)
    expected = encoder.encode(track, analysis).windows
    monkeypatch.setattr(encoder, "_features", tight)
    np.testing.assert_allclose(
        encoder.encode(track, analysis).windows, expected, atol=1e-5
    )
    assert sizes == [4, 2, 1, 1, 1, 1]


def test_other_errors_of_the_model_are_not_taken_for_memory(encoder, song, monkeypatch):
    def broken(jobs):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(encoder, "_features", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        encoder.encode(*song(20.0))


def test_other_weights_are_another_fingerprint(encoder, copied):
    same = MuQEncoder(copied, "tiny-muq").fingerprint
    assert same == encoder.fingerprint
    other = copied / "muq" / "other"
    shutil.copytree(copied / "muq" / "tiny-muq", other)
    with (other / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    changed = MuQEncoder(copied, "other").fingerprint
    assert changed.split("+")[1] != same.split("+")[1]


def test_weights_that_differ_from_their_record_are_refused(copied):
    MuQEncoder(copied, "tiny-muq")
    with file_of(copied).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    with pytest.raises(ConfigError, match="SHA-256"):
        MuQEncoder(copied, "tiny-muq")


def test_truncated_weights_are_said_as_such(copied, song):
    data = file_of(copied).read_bytes()
    file_of(copied).write_bytes(data[: len(data) // 2])
    with pytest.raises(ConfigError, match="no whole safetensors file"):
        MuQEncoder(copied, "tiny-muq").encode(*song(4.0))


def test_weights_of_another_size_are_refused(copied, song):
    config = json.loads(file_of(copied, "config.json").read_text())
    config["encoder_depth"] = 3
    file_of(copied, "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match=r"conformer\.layers\.2"):
        MuQEncoder(copied, "tiny-muq").encode(*song(4.0))
    config.update(encoder_depth=2, conv_dim=16)
    file_of(copied, "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="different models"):
        load_muq(file_of(copied).parent)


def test_a_file_without_its_configuration_is_refused(copied):
    file_of(copied, "config.json").unlink()
    with pytest.raises(ConfigError, match=r"config\.json"):
        MuQEncoder(copied, "tiny-muq")


def test_a_configuration_that_is_no_mapping_is_refused(copied):
    file_of(copied, "config.json").write_text("[1]")
    with pytest.raises(ConfigError, match="no configuration of a model"):
        MuQEncoder(copied, "tiny-muq")


def test_absent_weights_say_what_to_do(tmp_path):
    with pytest.raises(WeightsMissing, match="make models"):
        MuQEncoder(tmp_path)
