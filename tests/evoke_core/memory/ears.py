"""Pretrained ears for tests: an OpenL3 of few maps among the weights of a folder."""

from pathlib import Path

from evoke_core.memory.openl3_features import SAMPLE_RATE, WINDOW
from evoke_core.memory.tiny import write_openl3
from evoke_core.weights import record_weights


def write_ears(folder: Path, name: str = "tiny", *, seed: int) -> Path:
    """Write and record `openl3/<name>.safetensors`, as trained weights lie."""
    file = folder / "openl3" / f"{name}.safetensors"
    write_openl3(file, seed=seed)
    record_weights(folder, "openl3", name)
    return file


def window_count(samples: int, hop_s: float) -> int:
    """Return how many windows openl3 cuts of so many samples at 48 kHz."""
    hop = int(hop_s * SAMPLE_RATE)
    beyond = samples + WINDOW // 2 - WINDOW
    return 1 + max(0, -(-beyond // hop))
