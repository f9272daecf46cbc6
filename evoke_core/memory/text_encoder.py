"""CLIP's text side as Stable Diffusion 1 uses it: words become states [77, 768].

Tokenizer and network are read from a diffusers folder on this machine (`tokenizer/`,
`text_encoder/`), from safetensors only; no network, no code of the folder's. The states
are those of the last layer after its final norm; every text is padded to 77 tokens.

A text of more than 75 tokens is not cut at its opening: the lines sung most often are
read (refrain), which gives states the diffusion model was trained on.

Not here: the vocabulary (clip_vocabulary), where the words come from (words), what
music does to them (fusion).

Sources: Radford et al., ICML 2021 (CLIP ViT-L/14's text side); Rombach et al., CVPR
2022; https://github.com/huggingface/transformers (Apache-2.0).
"""

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evoke_core.errors import ConfigError
from evoke_core.memory.clip_vocabulary import (
    END_TOKEN,
    START_TOKEN,
    TOKENS,
    VOCABULARY,
)
from evoke_core.memory.refrain import choose_refrain
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.vectors import Array, l2_normalize
from evoke_core.weights import Weights

EMBED_DIM = 768  # of CLIP ViT-L/14's text side
ROOM = TOKENS - 2  # between the start and the end token

_NOT_LOADABLE = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class TextStates:
    """What the text side makes of a text.

    Args:
        states: float32[77, 768].
        is_word: bool[77], true where a token of the text stands; start, end and
            padding are none.
        note: How a long text was read, for the card; None where all was read as it
            stands. Never quotes the text.
    """

    states: Array
    is_word: npt.NDArray[np.bool_]
    note: str | None = None

    def word_mean(self) -> Array:
        """Return the mean direction of the words, float32[768], unit length.

        A text without words has its end token's instead.
        """
        rows = self.states[self.is_word] if self.is_word.any() else self.states[1:2]
        return l2_normalize(l2_normalize(rows).mean(axis=0))


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """A loaded text side; made by `load_text_encoder`, or of a loaded pipeline's parts.

    Args:
        net: transformers' CLIPTextModel, for inference.
        tokenizer: Its CLIPTokenizer.
        fingerprint: Of the weights and the library.
    """

    net: Any
    tokenizer: Any
    fingerprint: str

    def encode(self, text: str) -> TextStates:
        """Encode a text of any length.

        Args:
            text: Lines ended by a line feed; "" gives the unconditional states.
        """
        refrain = choose_refrain(
            _plain(text), room=ROOM, count_tokens=self.count_tokens
        )
        states, is_word = self._encode_fitting(refrain.text)
        note = None
        if refrain.taken < refrain.of:
            note = (
                f"{refrain.taken} of {refrain.of} different lines were read, those "
                f"sung most often: the text model reads {ROOM} tokens"
            )
        return TextStates(states, is_word, note)

    def count_tokens(self, text: str) -> int:
        """Count a text's tokens, without start and end."""
        return len(self.tokenizer.tokenize(_plain(text)))

    def _encode_fitting(self, text: str) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Encode a text that fits, to float32[77, 768] and bool[77]."""
        import torch

        tokens = self.tokenizer(
            [text],
            padding="max_length",
            truncation=True,
            max_length=TOKENS,
            return_tensors="pt",
        )
        ids = tokens["input_ids"].to(self.net.device)
        with torch.inference_mode():
            # Stable Diffusion gives no attention mask: the model is causal, and its
            # padding is read by the diffusion model as it was in training.
            states = self.net(ids).last_hidden_state.float().cpu().numpy()
        length = int(tokens["attention_mask"].sum())  # with both ends
        place = np.arange(TOKENS)
        return states[0], (place > 0) & (place < length - 1)


def load_text_encoder(weights: Weights, *, device: str = "cpu") -> TextEncoder:
    """Load the text side of a Stable Diffusion 1 folder, float32, for inference.

    Args:
        weights: The folder, as `find_weights` compared it with its record.
        device: `cpu` or `cuda`.

    Raises:
        ConfigError: Files are missing or damaged, or are another model's.
    """
    folder = weights.path
    _require_architecture(folder)
    mend_torch_extensions()
    import torch
    from safetensors import SafetensorError
    from transformers import CLIPTextModel, CLIPTokenizer

    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", **local)
        net, report = CLIPTextModel.from_pretrained(
            folder / "text_encoder",
            dtype=torch.float32,
            use_safetensors=True,
            output_loading_info=True,
            **local,
        )
    except (*_NOT_LOADABLE, SafetensorError) as wrong:
        raise _unusable(folder, _first_line(wrong)) from wrong
    if report["missing_keys"]:  # they would be random numbers
        raise _unusable(folder, f"no tensor {min(report['missing_keys'])}")
    _require_vocabulary(tokenizer, folder)
    fingerprint = f"clip_text/{weights.sha256[:16]}/transformers-"
    return TextEncoder(
        net.eval().to(device), tokenizer, fingerprint + version("transformers")
    )


def _plain(text: str) -> str:
    """Part the signs of marks such as <|endoftext|>, which lyrics must not set."""
    return text.replace("<|", "< |")


def _require_architecture(folder: Path) -> None:
    """Refuse another model before its weights are read."""
    needed = (
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "text_encoder/config.json",
    )
    for name in (*needed, "text_encoder/model.safetensors"):
        if not (folder / name).is_file():
            raise _unusable(folder, f"no {name}")
    try:
        text = (folder / "text_encoder" / "config.json").read_text(encoding="utf-8")
        config = dict(json.loads(text))
    except (ValueError, TypeError) as wrong:
        raise _unusable(folder, f"text_encoder/config.json: {wrong}") from wrong
    sizes = (EMBED_DIM, TOKENS, VOCABULARY)
    names = ("hidden_size", "max_position_embeddings", "vocab_size")
    expected = dict(zip(names, sizes, strict=True))
    for name, value in expected.items():
        if config.get(name) != value:
            found = f"text_encoder has {name} {config.get(name)}, not {value}"
            raise _unusable(folder, found)


def _require_vocabulary(tokenizer: Any, folder: Path) -> None:  # noqa: ANN401
    marks = (tokenizer.bos_token_id, tokenizer.eos_token_id, len(tokenizer))
    if marks != (START_TOKEN, END_TOKEN, VOCABULARY):
        raise _unusable(folder, f"tokenizer's start, end and size are {marks}")


def _unusable(folder: Path, found: str) -> ConfigError:
    return ConfigError(
        f"text encoder of Stable Diffusion 1: {folder} can't be used ({found}); it is "
        "incomplete, damaged or of another model: fetch it again with 'make models "
        "PROFILE=memory'"
    )


def _first_line(wrong: Exception) -> str:
    lines = str(wrong).strip().splitlines() or [type(wrong).__name__]
    return lines[0][:200]
