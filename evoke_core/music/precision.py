"""Which precision MuQ listens at: measured on a stated sound, gated, and logged.

bfloat16 is taken by itself where it is faster *and* its vectors are those of float32.
int8 has to be asked for, and is refused where it hears something else. Vectors agree
if both their cosines and those about their common mean do: untrained vectors, and many
trained ones, are mostly what all music shares.

Not here: how a model is changed (arithmetic).
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoke_core.devices import device_name
from evoke_core.errors import ConfigError
from evoke_core.precision import (
    Finding,
    Precision,
    agreement,
    best_seconds,
    measured_once,
)
from evoke_core.vectors import Array

if TYPE_CHECKING:
    import torch

SAMPLE_RATE = 24_000  # Hz, what MuQ was trained on
LEAST_COSINE = {"bf16": 0.999, "int8": 0.99}
Asked = Literal["auto", "fp32", "bf16", "int8"]
Encode = Callable[["torch.Tensor"], Array]

_SOUND_S = 5
_SOUNDS = 4
_PROBE_SEED, _RANGES_SEED = 41, 43  # what judges is not what ranges were set by
_ROUNDS = 2
_LOG = logging.getLogger(__name__)


def choose_precision(
    asked: Asked,
    load: Callable[[Precision], Encode],
    *,
    record: Path,
    sha256: str,
    device: str,
) -> Precision:
    """Settle the precision; what has to be measured is measured once a device.

    Args:
        asked: By the profile.
        load: Loads the model at a precision; gives float32[N, D] of float32[N, S].
        record: JSON file of findings beside the weights.
        sha256: Of the weights.
        device: "cpu" or "cuda".

    Raises:
        ConfigError: int8 was asked for, and this device has none or it doesn't agree.
    """
    if asked in ("fp32", "bf16"):
        return asked
    other: Precision = "int8" if asked == "int8" else "bf16"
    if other == "int8":
        _require_int8(device)
    finding = measured_once(
        record,
        f"{sha256} {other}",
        device,
        measure=lambda: _measure(load, other, device),
    )
    _LOG.info(
        "%s beside fp32 on %s: %.2f and %.2f s for %d s of sound, lowest cosine %.5f, "
        "about the mean %.5f (needs %.3f); set precision in the profile to fix it",
        other,
        device_name(device),
        finding["other_s"],
        finding["fp32_s"],
        _SOUNDS * _SOUND_S,
        finding["cosine"],
        finding["centred_cosine"],
        LEAST_COSINE[other],
    )
    both = (finding["cosine"], finding["centred_cosine"])
    is_alike = all(cosine >= LEAST_COSINE[other] for cosine in both)  # NaN is not
    if other == "int8" and not is_alike:
        raise ConfigError(
            f"precision int8: with these weights its vectors have a cosine of "
            f"{finding['cosine']:.4f} to float32's, {finding['centred_cosine']:.4f} "
            f"about their mean, and {LEAST_COSINE['int8']} is the least; set "
            "precision: auto"
        )
    is_faster = finding["other_s"] < finding["fp32_s"]
    chosen = other if is_alike and (is_faster or other == "int8") else "fp32"
    _LOG.info("precision %s is %s", asked, chosen)
    return chosen


def stated_sound(seed: int = _RANGES_SEED, *, seconds: int = _SOUND_S) -> Array:
    """Make the sounds that precisions are compared on, and int8's ranges come from.

    Chords over a beat, drums in noise, a quiet hum, and a loud crash into silence:
    from digital silence to full scale, so that real music lies between.

    Returns:
        float32[4, S] at SAMPLE_RATE, in [-1, 1]; the same for equal seeds.
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    notes = 110 * 2 ** (rng.integers(0, 36, (4, seconds)) / 12)
    chords = np.sin(2 * np.pi * np.repeat(notes, SAMPLE_RATE, axis=1) * time_s)
    noise = rng.normal(size=len(time_s))
    beat = np.exp(-8 * (time_s * rng.uniform(1.5, 2.5) % 1))
    hum = np.sin(2 * np.pi * rng.uniform(60, 90) * time_s)
    crash = np.where(time_s < seconds / 2, np.exp(-time_s), 0)
    sounds = (
        chords.mean(axis=0) * (0.4 + 0.4 * beat) + 0.005 * noise,
        0.3 * beat * noise + 0.1 * hum,
        0.02 * hum + 0.0005 * noise,
        crash * noise,
    )
    stacked: Array = np.clip(np.stack(sounds), -1, 1).astype(np.float32)
    return stacked


def _measure(
    load: Callable[[Precision], Encode], other: Precision, device: str
) -> Finding:
    expected, fp32_s = _probe(load("fp32"), device)
    vectors, other_s = _probe(load(other), device)
    cosine, centred = agreement(vectors, expected)
    return {
        "fp32_s": fp32_s,
        "other_s": other_s,
        "cosine": cosine,
        "centred_cosine": centred,
    }


def _probe(encode: Encode, device: str) -> tuple[Array, float]:
    import torch

    waves = torch.from_numpy(stated_sound(_PROBE_SEED)).to(device)
    vectors = encode(waves)  # the first call also warms up
    return vectors, best_seconds(lambda: encode(waves), _ROUNDS)


def _require_int8(device: str) -> None:
    import torch

    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if device != "cpu" or not has_onednn:
        raise ConfigError(
            "precision int8: it runs on processors that oneDNN knows, and this is "
            f"{device_name(device)}; set precision: auto"
        )
