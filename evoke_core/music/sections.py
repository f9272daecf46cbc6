"""Where a song turns: sections by novelty of its self-similarity, named by likeness.

Not here: the curves that are compared (spectra), or how a section feels (emotion).
Source: Foote, ICME 2000 (checkerboard kernel along the diagonal).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evoke_core.music.partials import TONAL_RATE
from evoke_core.music.spectra import Spectra
from evoke_core.music.timbre import FRAME_RATE
from evoke_core.vectors import Array, Array64, l2_normalize

SHORTEST_S = 6.0  # shorter stretches are phrases
MOST_SECTIONS = 6

_STEP_S = 0.5
_MOST_STEPS = 1200  # similarities stay below 6 MB; long songs get longer steps
_KERNEL_S = (6.0, 16.0)  # half width: a twelfth of the song within these
_LEAST_NOVELTY = 0.25  # similarity within minus across; real turns reach 0.4 and more
_NEAR_MEAN = 0.5  # a step this near to the song's mean has no direction of its own
_ALIKE = 0.6  # cosine from which two sections share a label
_STILL = {"mfcc": 3.0, "chroma": 0.02, "level": 1.5}  # smallest spread that is a change


@dataclass(frozen=True, slots=True)
class Section:
    """One stretch of a song; alike stretches have the same label.

    Args:
        start_s: Seconds.
        end_s: Seconds; the next section starts there.
        label: "A", "B" ... in order of first appearance.
    """

    start_s: float
    end_s: float
    label: str


def find_sections(spectra: Spectra) -> tuple[Section, ...]:
    """Divide a song where its sound changes most.

    Returns:
        At most MOST_SECTIONS without gaps from 0 to the song's end, each at least
        SHORTEST_S long unless the song is shorter; neighbours differ in label.
    """
    duration_s = spectra.duration_s
    step_s = max(_STEP_S, duration_s / _MOST_STEPS)
    features = _features(spectra, step_s)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.maximum(lengths, _NEAR_MEAN)
    half = int(np.clip(duration_s / 12, *_KERNEL_S) / step_s)
    novelty = _novelty(directions @ directions.T, half)
    turns = _peaks(novelty, int(np.ceil(SHORTEST_S / step_s)), MOST_SECTIONS - 1)
    bounds = [0, *turns, len(features)]
    pairs = list(pairwise(bounds))
    labels = _labels([features[start:stop].mean(axis=0) for start, stop in pairs])
    starts = [0.0, *(turn * step_s for turn in turns)]
    # Alike neighbours are one section: a fill turned the sound for a moment only.
    kept = [
        row for row in range(len(labels)) if labels[row] != labels[row - 1] or not row
    ]
    ends = [*(starts[row] for row in kept[1:]), duration_s]
    return tuple(
        Section(starts[row], end, labels[row])
        for row, end in zip(kept, ends, strict=True)
    )


def _features(spectra: Spectra, step_s: float) -> Array:
    """Return float32[N, 25]: timbre, harmony, level of each step, centred and scaled.

    Each part counts the same, whatever the number of its columns.
    """
    count = max(1, int(spectra.duration_s / step_s))
    edges = np.arange(count, dtype=np.float64) * step_s
    level = 10 * np.log10(spectra.power[:, None] + 1e-8)
    total = spectra.chroma.sum(axis=1, keepdims=True)
    chroma = spectra.chroma / np.maximum(total, 1e-9)
    parts = {
        "mfcc": _average(spectra.mfcc, edges, FRAME_RATE),
        "chroma": _average(chroma, edges, TONAL_RATE),
        "level": _average(level, edges, FRAME_RATE),
    }
    scaled = [
        (part - part.mean(axis=0))
        / np.maximum(np.sqrt(part.var(axis=0).sum()), _STILL[name])
        for name, part in parts.items()
    ]
    return np.concatenate(scaled, axis=1).astype(np.float32)


def _average(curve: Array, edges: Array64, rate: float) -> Array:
    first = np.minimum((edges * rate).astype(np.int64), len(curve) - 1)
    lengths = np.diff(np.append(first, len(curve)))
    sums = np.add.reduceat(curve, first, axis=0)
    return (sums / np.maximum(lengths, 1)[:, None]).astype(np.float32)


def _novelty(similarity: Array, half: int) -> Array:
    """Return float32[N]: similarity within both sides of a step, less that across."""
    count = len(similarity)
    novelty = np.zeros(count, np.float32)
    offsets = np.arange(-half, half) + 0.5
    taper = np.exp(-2 * (offsets / max(half, 1)) ** 2)
    for middle in range(1, count):
        first, last = max(middle - half, 0), min(middle + half, count)
        weight = taper[first - middle + half : last - middle + half]
        block = similarity[first:last, first:last] * np.outer(weight, weight)
        is_after = np.arange(first, last) >= middle
        across = np.outer(is_after, ~is_after)
        norm = np.outer(weight, weight)
        before = (
            block[~is_after][:, ~is_after].sum() / norm[~is_after][:, ~is_after].sum()
        )
        after = block[is_after][:, is_after].sum() / norm[is_after][:, is_after].sum()
        novelty[middle] = (before + after) / 2 - block[across].sum() / norm[
            across
        ].sum()
    return novelty


def _peaks(novelty: Array, apart: int, most: int) -> list[int]:
    """Choose the highest steps that are at least apart from each other and the ends."""
    chosen: list[int] = []
    count = len(novelty)
    for step in np.argsort(-novelty, kind="stable").tolist():
        if len(chosen) == most or novelty[step] < _LEAST_NOVELTY:
            break
        if all(abs(step - other) >= apart for other in (0, count, *chosen)):
            chosen.append(step)
    return sorted(chosen)


def _labels(means: list[Array]) -> list[str]:
    directions = l2_normalize(np.stack(means))
    labels: list[str] = []
    firsts: list[int] = []
    for row, direction in enumerate(directions):
        alike = [float(direction @ directions[first]) for first in firsts]
        if alike and max(alike) >= _ALIKE:
            labels.append(labels[firsts[int(np.argmax(alike))]])
        else:
            labels.append(chr(ord("A") + len(firsts)))
            firsts.append(row)
    return labels
