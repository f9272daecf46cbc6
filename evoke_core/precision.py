"""How pretrained models count: which precision is worth it, measured once and kept.

A finding is kept beside the weights, since it is part of a fingerprint: timing anew at
each start could make two halves of one table incomparable.

Not here: what is measured, and how models are changed (images.clip_precision,
music.precision, music.arithmetic).
"""

import json
import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from evoke_core.devices import device_name
from evoke_core.record import write_record
from evoke_core.vectors import Array, l2_normalize

Precision = Literal["fp32", "bf16", "int8"]
Finding = dict[str, Any]

_LOG = logging.getLogger(__name__)


def measured_once(
    record: Path, sha256: str, device: str, *, measure: Callable[[], Finding]
) -> Finding:
    """Return what was measured on this device before, or measure now and keep it.

    Args:
        record: JSON file of findings; made where there is none.
        sha256: Of the weights.
        device: "cpu" or "cuda"; torch's version and the device's own name count too.
        measure: Returns what JSON can hold.
    """
    key = f"{sha256} {device_name(device)} torch-{version('torch')}"
    known = _read(record)
    if key not in known:
        found = measure()
        # Whoever was faster meanwhile is right, so that both say the same.
        known = {key: found, **_read(record)}
        write_record(record, known, without="measured at each start")
    return dict(known[key])


def agreement(vectors: Array, expected: Array) -> tuple[float, float]:
    """Compare vectors with those of float32, row by row.

    Args:
        vectors: float32[N, D].
        expected: float32[N, D], N >= 2 different items.

    Returns:
        The lowest cosine of a row with its own, and the same about the rows' mean:
        vectors that are mostly what all items share agree in the first whatever else
        they say.
    """
    return _lowest(vectors, expected), _lowest(
        vectors - vectors.mean(axis=0), expected - expected.mean(axis=0)
    )


def best_seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the shortest of some runs, in seconds; others only delay it."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _lowest(some: Array, others: Array) -> float:
    return float(np.sum(l2_normalize(some) * l2_normalize(others), axis=1).min())


def _read(record: Path) -> dict[str, Finding]:
    try:
        return dict(json.loads(record.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as wrong:
        _LOG.warning("%s is no record of precisions (%s); measured anew", record, wrong)
        return {}
