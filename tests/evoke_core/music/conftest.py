"""Tiny MuQ and MuQ-MuLan models, saved as their libraries save the large ones."""

import json
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from evoke_core.config.loading import load_vocabulary
from evoke_core.music.analysis import analyse
from evoke_core.music.decode import Track

RATE = 24_000
DIMENSION = 32  # of the tiny MuQ that tests/conftest.py saves


@pytest.fixture(autouse=True)
def hub_is_off(monkeypatch):
    """Whatever asks the hub fails, and says so."""
    if find_spec("huggingface_hub") is None:
        return
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def song():
    """Return a function that makes a track of a melody and its analysis."""

    def make(seconds, *, seed=0):
        rng = np.random.default_rng(seed)
        time = np.arange(int(seconds * RATE)) / RATE
        notes = 220 * 2 ** (rng.integers(0, 24, int(seconds) + 1) / 12)
        samples = 0.3 * np.sin(2 * np.pi * np.repeat(notes, RATE)[: len(time)] * time)
        track = Track(samples.astype(np.float32), RATE, len(time) / RATE)
        return track, analyse(track)

    return make


@pytest.fixture(scope="session")
def tiny_muq(tmp_path_factory, save_muq):
    """A folder of weights that holds muq/tiny-muq."""
    weights = tmp_path_factory.mktemp("weights")
    save_muq(weights / "muq" / "tiny-muq")
    return weights


def save_roberta(folder, words):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    letters = [(letter, -5.0) for letter in "▁abcdefghijklmnopqrstuvwxyz"]
    pieces = special + letters + [(f"▁{word}", -1.0) for word in words]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    XLMRobertaTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(pieces) + 1,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=66,
    )
    XLMRobertaModel(config).save_pretrained(folder)


@pytest.fixture(scope="session")
def tiny_mulan(tmp_path_factory, save_muq):
    """A folder of weights that holds muq/tiny-mulan and the two that it starts from."""
    weights = tmp_path_factory.mktemp("weights")
    save_muq(weights / "muq" / "tiny-muq", seed=1)
    import torch
    from safetensors.torch import save_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from muq import MuQMuLan

        save_roberta(weights / "xlm-roberta" / "tiny-roberta", ["calm", "loud"])
    side = {"dim": 16, "tf_depth": 1, "heads": 2, "dim_head": 8}
    config = {
        "mulan": {"sr": RATE, "clip_secs": 10, "dim_latent": 12},
        "audio_model": {
            "name": "Somebody/tiny-muq",
            "model_dim": DIMENSION,
            "use_layer_idx": -1,
        },
        "text_model": {
            "name": "tiny-roberta",
            "model_dim": 16,
            "use_layer_idx": -1,
        },
        "audio_transformer": side,
        "text_transformer": side,
    }
    local = json.loads(json.dumps(config))
    local["audio_model"]["name"] = str(weights / "muq" / "tiny-muq")
    local["text_model"]["name"] = str(weights / "xlm-roberta" / "tiny-roberta")
    torch.manual_seed(2)
    model = MuQMuLan(local)
    with torch.no_grad():  # what the checkpoint brings differs from what it starts from
        for parameter in model.parameters():
            parameter.add_(0.01)
    folder = weights / "muq" / "tiny-mulan"
    folder.mkdir()
    save_model(model, str(folder / "model.safetensors"))
    (folder / "config.json").write_text(json.dumps(config))
    return weights


@pytest.fixture
def vocabulary_of(assets_config):
    """Return a function that makes a vocabulary of moods with one music prompt each."""

    def make(**prompts):
        shipped = load_vocabulary(assets_config)
        mood = next(iter(shipped.moods.values()))
        moods = {
            name: mood.model_copy(update={"music": (prompt,)})
            for name, prompt in prompts.items()
        }
        return shipped.model_copy(update={"moods": moods})

    return make
