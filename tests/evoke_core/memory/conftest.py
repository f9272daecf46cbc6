"""What more than one test of audio memory needs: a tiny text side with real words."""

from pathlib import Path

import pytest

from evoke_core.memory.clip_vocabulary import write_tokenizer
from evoke_core.memory.text_encoder import TextEncoder, load_text_encoder
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.weights import record_weights


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
