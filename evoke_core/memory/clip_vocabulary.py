"""CLIP's vocabulary: 49,408 tokens, and how a tokenizer's folder holds them.

Models that are made here, such as the tests', get their tokenizer written from
open_clip's copy of the merges; published folders bring theirs.

Not here: reading a tokenizer, encoding (text_encoder).
Sources: Radford et al., ICML 2021; Radford et al. 2019 (GPT-2's signs of bytes).
"""

import gzip
import json
from importlib.util import find_spec
from pathlib import Path

from evoke_core.errors import ConfigError

TOKENS = 77  # that CLIP reads, start and end included
VOCABULARY = 49_408
START_TOKEN, END_TOKEN = 49_406, 49_407
_MERGES = 48_894  # 256 bytes twice, these and two marks are the vocabulary


def write_tokenizer(folder: Path) -> None:
    """Write CLIP's own vocabulary as transformers reads it, from open_clip's copy.

    Args:
        folder: Gets vocab.json, merges.txt and tokenizer_config.json.

    Raises:
        ConfigError: open_clip is not installed.
    """
    found = find_spec("open_clip")
    if found is None or found.origin is None:
        raise ConfigError(
            "CLIP's vocabulary: open_clip_torch is not installed; install it with: "
            "pip install -c constraints.txt -e '.[clip]'"
        )
    packed = Path(found.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    merges = gzip.decompress(packed.read_bytes()).decode().split("\n")[1 : _MERGES + 1]
    signs = _byte_signs()
    tokens = [*signs, *(f"{sign}</w>" for sign in signs)]
    tokens += ["".join(merge.split()) for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: number for number, token in enumerate(tokens)}
    written = {
        "vocab.json": json.dumps(vocabulary, ensure_ascii=False),
        "merges.txt": "\n".join(["#version: 0.2", *merges, ""]),
        "tokenizer_config.json": json.dumps(
            {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS}
        ),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


def _byte_signs() -> list[str]:
    """Return the sign that stands for each byte, in the order of the vocabulary.

    Printable Latin-1 stands for itself and comes first; the others are given the signs
    from 256 on (Radford et al. 2019, GPT-2).
    """
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = 256 - len(own)
    return [chr(code) for code in [*own, *range(256, 256 + others)]]
