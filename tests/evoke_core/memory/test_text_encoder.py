import json
import shutil

import numpy as np
import pytest

from evoke_core.errors import ConfigError
from evoke_core.memory.clip_vocabulary import TOKENS, write_tokenizer
from evoke_core.memory.lyrics import read_lyrics
from evoke_core.memory.text_encoder import (
    EMBED_DIM,
    load_text_encoder,
)
from evoke_core.weights import Weights, record_weights


@pytest.fixture
def broken(text_side, tmp_path):
    """A copy of the text side's folder, to be damaged."""
    whole, copy = text_side / "diffusion" / "tiny", tmp_path / "model"
    shutil.copytree(whole, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    weights = "text_encoder/model.safetensors"
    (copy / weights).symlink_to(whole / weights)
    return copy


def load(folder):
    return load_text_encoder(Weights(folder, "0" * 64))


def test_the_vocabulary_is_clips(text_encoder):
    ids = text_encoder.tokenizer("A photo of a  CAT")["input_ids"]
    assert ids == [49406, 320, 1125, 539, 320, 2368, 49407]  # as CLIP publishes them
    assert len(text_encoder.tokenizer) == 49408


def test_our_vocabulary_tokenizes_as_open_clips_own(text_encoder):
    from evoke_core.torch_extensions import mend_torch_extensions

    mend_torch_extensions()
    from open_clip.tokenizer import SimpleTokenizer

    texts = ["Sous le ciel d'été", "Тёмная ночь", "夜の海", "don't you 1999 <3 naïve ♪"]
    theirs = SimpleTokenizer()
    for text in texts:
        ours = text_encoder.tokenizer(text)["input_ids"][1:-1]
        assert ours == theirs.encode(text)


def test_states_are_those_of_the_diffusion_pipeline(text_encoder):
    import torch

    text = "a quiet sea\nunder the moon"
    ids = text_encoder.tokenizer(
        text, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    with torch.no_grad():
        theirs = text_encoder.net(ids, attention_mask=None)[0][0].numpy()
    ours = text_encoder.encode(text)
    assert ours.states.dtype == np.float32
    assert ours.states.shape == (TOKENS, EMBED_DIM)
    assert np.array_equal(ours.states, theirs)
    assert ours.note is None


def test_words_are_told_from_start_end_and_padding(text_encoder):
    is_word = text_encoder.encode("a quiet sea").is_word
    assert np.flatnonzero(is_word).tolist() == [1, 2, 3]
    assert not text_encoder.encode("").is_word.any()


def test_marks_within_lyrics_are_words(text_encoder):
    said = text_encoder.encode("stop <|endoftext|> go <|startoftext|>")
    ids = text_encoder.tokenizer("stop < |endoftext|> go < |startoftext|>")["input_ids"]
    assert said.is_word.sum() == len(ids) - 2 > 10


def test_a_long_song_is_read_by_what_is_sung_most_often(text_encoder):
    verses = [f"verse number {n} goes on and on and on" for n in range(40)]
    song = "\n".join(line for verse in verses for line in (verse, "come back to me"))
    said = text_encoder.encode(song)
    assert 60 < said.is_word.sum() <= 75
    assert "of 41 different lines" in said.note
    assert "come back" not in said.note
    opening = text_encoder.encode("verse number 0 goes on and on and on\ncome back")
    assert np.array_equal(said.states[:10], opening.states[:10])  # a causal model


def test_a_hundred_thousand_words_are_read(text_encoder):
    song = read_lyrics(" ".join(f"word{n % 97}" for n in range(100_000))).text
    said = text_encoder.encode(song)
    assert said.states.shape == (TOKENS, EMBED_DIM)
    assert np.isfinite(said.states).all()
    assert said.note


def test_the_mean_of_words_is_a_direction(text_encoder):
    said = text_encoder.encode("sea")
    state = said.states[1] / np.linalg.norm(said.states[1])
    assert np.allclose(said.word_mean(), state, atol=1e-6)
    assert np.linalg.norm(text_encoder.encode("").word_mean()) == pytest.approx(1.0)


def test_the_fingerprint_names_the_weights(text_side, text_encoder):
    sha256 = record_weights(text_side, "diffusion", "tiny").sha256
    assert sha256[:16] in text_encoder.fingerprint


@pytest.mark.parametrize(
    "name",
    ["tokenizer/vocab.json", "tokenizer/merges.txt", "text_encoder/config.json",
     "text_encoder/model.safetensors"],
)  # fmt: skip
def test_a_missing_file_is_named(broken, name):
    (broken / name).unlink()
    with pytest.raises(ConfigError, match=f"no {name}.*PROFILE=memory"):
        load(broken)


def test_weights_of_another_width_are_refused_before_they_are_read(broken):
    path = broken / "text_encoder" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"hidden_size": 1024}))
    with pytest.raises(ConfigError, match="hidden_size 1024, not 768"):
        load(broken)


def test_damaged_weights_are_refused(broken):
    path = broken / "text_encoder" / "model.safetensors"
    head = path.read_bytes()[:1000]
    path.unlink()  # a link to the whole ones
    path.write_bytes(head)
    with pytest.raises(ConfigError, match="can't be used"):
        load(broken)


def test_weights_of_fewer_layers_are_refused_instead_of_made_up(broken):
    path = broken / "text_encoder" / "config.json"
    deeper = json.loads(path.read_text()) | {"num_hidden_layers": 3}
    path.write_text(json.dumps(deeper))
    with pytest.raises(ConfigError, match=r"no tensor .*layers\.2"):
        load(broken)


def test_another_vocabulary_is_refused(broken):
    path = broken / "tokenizer" / "vocab.json"
    words = json.loads(path.read_text())
    words["notawordofclips</w>"] = len(words)
    path.write_text(json.dumps(words))
    with pytest.raises(ConfigError, match="tokenizer"):
        load(broken)


def test_a_tokenizer_has_every_file_that_is_required(tmp_path):
    write_tokenizer(tmp_path / "tokenizer")
    words = json.loads((tmp_path / "tokenizer" / "vocab.json").read_text())
    assert (words["<|startoftext|>"], words["<|endoftext|>"]) == (49406, 49407)
    assert len(words) == 49408
    assert words["!"] == 0
    assert words["!</w>"] == 256
