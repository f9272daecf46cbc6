"""What more than one test of audio memory needs: tiny models, one with real words."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.memory.clip_vocabulary import write_tokenizer
from evoke_core.memory.studio import Studio, open_studio
from evoke_core.memory.text_encoder import TextEncoder, load_text_encoder
from evoke_core.memory.tiny import write_tiny_models
from evoke_core.storage.local import LocalStore
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.weights import record_weights
from tests.evoke_core.memory.songs import RULES


@pytest.fixture(scope="session")
def text_side(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with a text side in it, as Stable Diffusion's folder has."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("regex", reason="CLIP's vocabulary needs extra clip")
    mend_torch_extensions()
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    folder = tmp_path_factory.mktemp("models")
    model = folder / "diffusion" / "tiny"
    write_tokenizer(model / "tokenizer")
    torch.manual_seed(0)
    config = CLIPTextConfig(
        hidden_size=768,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=12,
        bos_token_id=49_406,
        eos_token_id=49_407,
    )
    # Half as many bytes on disk; it is read as float32.
    net = CLIPTextModel(config).to(torch.float16)
    net.save_pretrained(model / "text_encoder", safe_serialization=True)
    record_weights(folder, "diffusion", "tiny")
    return folder


@pytest.fixture(scope="session")
def text_encoder(text_side: Path) -> TextEncoder:
    """That text side, loaded as production loads it."""
    return load_text_encoder(record_weights(text_side, "diffusion", "tiny"))


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for library in ("diffusers", "demucs", "open_clip"):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed (extras memory and clip)")
    folder = tmp_path_factory.getbasetemp() / "tiny_weights"
    write_tiny_models(folder)
    return folder


@pytest.fixture(scope="session")
def models(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """All models, loaded once; each test has a store of its own."""
    config = Path(__file__).parents[3] / "assets_config"
    nowhere = LocalStore(tmp_path_factory.mktemp("nowhere"))
    audio = load_run_profile(config, "demo").audio
    return open_studio(nowhere, RULES, audio, weights)


@pytest.fixture
def studio(models: Studio, store: LocalStore) -> Studio:
    return replace(models, store=store)
