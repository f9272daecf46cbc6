"""Moods by words: an encoder that reads texts tells which prompts an item is near.

Used for pictures and for music alike, each with prompts and an encoder of its own.
Nothing here knows which.

Subtracting a prompt's mean over the corpus is the correction of Allingham et al., ICML
2023; dividing by its deviation is ours: it gives every mood the same chance to be named
(moods.MoodCalibration). Templates are averaged as vectors: Radford et al., ICML 2021.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from evoke_core.moods import MoodCalibration, calibrate
from evoke_core.vectors import Array, Array64, l2_normalize

SHARPNESS = 2.0  # a tag one deviation above its mean weighs e^2 of one at its mean


@runtime_checkable
class TextEncoder(Protocol):
    """What an encoder that reads texts offers beyond its items."""

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """Encode texts in order, float32[N, D], unit length, in the items' space."""
        ...


def class_embeddings(
    encoder: TextEncoder,
    prompts: Mapping[str, Sequence[str]],
    templates: Sequence[str] = ("{}",),
) -> Array:
    """Make one vector of each class: the mean over its prompts in every template.

    Args:
        encoder: Reads texts.
        prompts: At least one of each class.
        templates: Each holds `{}` where the prompt goes.

    Returns:
        float32[T, D], unit length, in the order of the classes.
    """
    texts, owners = [], []
    for number, named in enumerate(prompts.values()):
        for prompt in named:
            texts += [template.replace("{}", prompt) for template in templates]
            owners += [number] * len(templates)
    vectors = encoder.encode_texts(texts)
    owner = np.array(owners)
    means = [vectors[owner == number].mean(axis=0) for number in range(len(prompts))]
    return l2_normalize(np.stack(means))


def calibrate_prompts(
    items: Array,
    encoder: TextEncoder,
    prompts: Mapping[str, Sequence[str]],
    templates: Sequence[str] = ("{}",),
) -> MoodCalibration:
    """Note how near a library is to each mood's prompts; see `class_embeddings`.

    Args:
        items: float32[N, D], unit length, N >= 1: the whole library.
        encoder: Made them, and reads texts.
        prompts: At least one of each mood.
        templates: Each holds `{}` where the prompt goes.
    """
    return calibrate_classes(items, class_embeddings(encoder, prompts, templates))


def calibrate_classes(items: Array, classes: Array) -> MoodCalibration:
    """Note how near a library is to each class.

    Args:
        items: float32[N, D], unit length, N >= 1: the whole library.
        classes: float32[T, D], unit length.
    """
    return calibrate(_cosines(items, classes), sharpness=SHARPNESS, classes=classes)


def zero_shot_scores(items: Array, calibration: MoodCalibration) -> Array:
    """Say how strongly each class applies to each item, against a whole library.

    Args:
        items: float32[N, D], unit length; the library itself, or what came later.
        calibration: By `calibrate_classes`.

    Returns:
        float32[N, T], rows sum to 1. Equal shares where the library is all alike.
    """
    if calibration.classes is None:
        raise ValueError("the calibration is of the plane; use moods.score_moods")
    return calibration.shares(_cosines(items, calibration.classes))


def _cosines(items: Array, classes: Array) -> Array64:
    return np.asarray(items @ classes.T, dtype=np.float64)
