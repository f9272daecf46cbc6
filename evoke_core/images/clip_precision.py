"""Whether bfloat16 is worth it here: measured once on each kind of device, and kept.

bfloat16 is taken where it is faster *and* its vectors are those of float32; else
float32. How a finding is kept is evoke_core.precision.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from evoke_core.devices import choose_device, device_name
from evoke_core.images.clip_model import ClipModel, Precision
from evoke_core.precision import Finding, best_seconds, measured_once
from evoke_core.vectors import Array, l2_normalize

MIN_COSINE = 0.999  # of every probe in bf16 with itself in fp32
_PICTURES = {"cpu": 4, "cuda": 32}
_ROUNDS = 3
_TEXTS = ("a still lake at dawn", "a city at night", "an empty room", "red")
_LOG = logging.getLogger(__name__)


def choose_precision(
    load: Callable[[Precision], ClipModel], record: Path, sha256: str
) -> Precision:
    """Measure both precisions, or read what was measured on this device before.

    Args:
        load: Loads the model at a precision.
        record: JSON file of findings; made where there is none.
        sha256: Of the weights.
    """
    device = choose_device()
    finding = measured_once(record, sha256, device, measure=lambda: _measure(load))
    precision: Precision = "bf16" if finding["precision"] == "bf16" else "fp32"
    _LOG.info(
        "precision auto is %s on %s: fp32 %.1f and bf16 %.1f pictures a second, "
        "lowest cosine %.5f (needs %.3f); set precision in the profile to fix it",
        precision,
        device_name(device),
        finding["fp32_per_s"],
        finding["bf16_per_s"],
        finding["cosine"],
        MIN_COSINE,
    )
    return precision


def _measure(load: Callable[[Precision], ClipModel]) -> Finding:
    whole, whole_per_s = _probe(load("fp32"))
    half, half_per_s = _probe(load("bf16"))
    cosine = float((whole * half).sum(axis=1).min())
    is_better = half_per_s > whole_per_s and cosine >= MIN_COSINE
    return {
        "precision": "bf16" if is_better else "fp32",
        "fp32_per_s": whole_per_s,
        "bf16_per_s": half_per_s,
        "cosine": cosine,
    }


def _probe(model: ClipModel) -> tuple[Array, float]:
    """Return unit vectors of probe pictures and texts, and pictures a second."""
    size = (model.view.height_px, model.view.width_px, 3)
    rng = np.random.default_rng(41)
    shown = [_smooth(rng, size) for _ in range(_PICTURES[model.device])]
    pictures = model.encode_images(shown)  # the first call also warms up
    seconds = best_seconds(lambda: model.encode_images(shown), _ROUNDS)
    both = np.concatenate([pictures, model.encode_texts(_TEXTS)])
    return l2_normalize(both), len(shown) / seconds


def _smooth(rng: np.random.Generator, size: tuple[int, int, int]) -> Any:  # noqa: ANN401
    """Draw a picture of large even fields, as real ones mostly are; uint8[H, W, 3]."""
    fields = rng.integers(0, 256, (-(-size[0] // 32), -(-size[1] // 32), 3), np.uint8)
    return np.kron(fields, np.ones((32, 32, 1), np.uint8))[: size[0], : size[1]]
