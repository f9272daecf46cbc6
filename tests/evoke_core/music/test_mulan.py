import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.music.mulan import MuQMuLanEncoder
from evoke_core.music.tags import TEMPLATES
from evoke_core.zero_shot import (
    TextEncoder,
    calibrate_prompts,
    zero_shot_scores,
)

pytestmark = pytest.mark.skipif(
    find_spec("muq") is None, reason="muq is not installed (extra muq)"
)


@pytest.fixture(scope="module")
def encoder(tiny_mulan):
    return MuQMuLanEncoder(tiny_mulan, "tiny-mulan")


@pytest.fixture
def copied(tiny_mulan, tmp_path):
    shutil.copytree(tiny_mulan, tmp_path / "weights")
    return tmp_path / "weights"


def test_songs_and_texts_are_unit_vectors_of_one_space(encoder, song):
    track, analysis = song(23.0)
    embedding = encoder.encode(track, analysis)
    texts = encoder.encode_texts(["calm", "loud and calm"])
    assert embedding.windows.shape == (len(analysis.starts_s), encoder.dimension)
    assert texts.shape == (2, encoder.dimension)
    for vectors in (embedding.whole[None], embedding.windows, texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_clip_is_what_the_library_makes_of_it(encoder, song):
    import torch

    track, analysis = song(10.0)
    with torch.inference_mode():
        waves = torch.from_numpy(track.samples[None].copy())
        expected = encoder._model.extract_audio_latents(waves)[0].numpy()
    np.testing.assert_allclose(
        encoder.encode(track, analysis).whole, expected, atol=1e-5
    )


def test_a_short_song_starts_again_as_in_the_library(encoder, song):
    import torch

    track, analysis = song(6.0)
    with torch.inference_mode():
        waves = torch.from_numpy(track.samples[None].copy())
        expected = encoder._model.extract_audio_latents(waves)[0].numpy()
    np.testing.assert_allclose(
        encoder.encode(track, analysis).whole, expected, atol=1e-5
    )


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_music_in_fewer_bits_is_as_in_float32(tiny_mulan, encoder, song, precision):
    other = MuQMuLanEncoder(tiny_mulan, "tiny-mulan", precision=precision)
    track, analysis = song(23.0)
    found = other.encode(track, analysis).windows
    expected = encoder.encode(track, analysis).windows
    assert (found * expected).sum(axis=1).min() >= 0.99
    assert other.fingerprint == encoder.fingerprint.replace("fp32", precision)
    np.testing.assert_array_equal(
        other.encode_texts(["calm"]), encoder.encode_texts(["calm"])
    )


def test_a_text_is_the_same_in_any_company(encoder):
    alone = encoder.encode_texts(["calm"])
    among = encoder.encode_texts(["loud and calm and loud", "calm"])
    np.testing.assert_array_equal(alone[0], among[1])


def test_moods_of_music_come_from_its_own_prompts(encoder, vocabulary_of, song):
    assert isinstance(encoder, TextEncoder)
    vocabulary = vocabulary_of(calm="calm", loud="loud")
    calm = encoder.encode_texts(["calm"])
    loud = encoder.encode_texts(["loud"])
    both = np.concatenate([calm, loud])
    prompts = {name: mood.music for name, mood in vocabulary.moods.items()}
    calibration = calibrate_prompts(both, encoder, prompts, TEMPLATES)
    scores = zero_shot_scores(both, calibration)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    assert scores.argmax(axis=1).tolist() == [0, 1]


def test_every_part_of_the_model_is_in_the_fingerprint(encoder, copied):
    assert MuQMuLanEncoder(copied, "tiny-mulan").fingerprint == encoder.fingerprint
    (copied / "xlm-roberta" / "tiny-roberta.sha256.json").unlink()
    (copied / "xlm-roberta" / "tiny-roberta" / "note.txt").write_text("another one")
    assert MuQMuLanEncoder(copied, "tiny-mulan").fingerprint != encoder.fingerprint


@pytest.mark.parametrize("part", ["muq/tiny-muq", "xlm-roberta/tiny-roberta"])
def test_a_missing_part_is_named(copied, part):
    shutil.rmtree(copied / part)
    with pytest.raises(WeightsMissing, match=part.rsplit("/", maxsplit=1)[-1]):
        MuQMuLanEncoder(copied, "tiny-mulan")


def test_truncated_weights_are_said_as_such(copied):
    file = copied / "muq" / "tiny-mulan" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    (copied / "muq" / "tiny-mulan.sha256.json").unlink(missing_ok=True)
    with pytest.raises(ConfigError, match="no whole safetensors file"):
        MuQMuLanEncoder(copied, "tiny-mulan").encode_texts(["calm"])


def test_programs_beside_weights_are_refused(copied):
    (copied / "xlm-roberta" / "tiny-roberta" / "code.py").write_text("")
    (copied / "xlm-roberta" / "tiny-roberta.sha256.json").unlink(missing_ok=True)
    with pytest.raises(ConfigError, match="weights are data"):
        MuQMuLanEncoder(copied, "tiny-mulan").encode_texts(["calm"])
