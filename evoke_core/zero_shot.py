"""Moods by words: an encoder that reads texts tells which prompts an item is near.

Used for pictures and for music alike, each with prompts and an encoder of its own.
Nothing here knows which.

A raw cosine says more of a prompt than of an item: some prompts are near everything.
So each tag is calibrated over the corpus, by its mean and standard deviation there, and
an item's moods are those that it has *more than others have*. Subtracting a prompt's
mean over the corpus is the correction of Allingham et al., ICML 2023; dividing by its
deviation is ours: it gives every mood the same chance to be named. Templates are
averaged as vectors: Radford et al., ICML 2021.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast, runtime_checkable

import numpy as np

from evoke_core.vectors import Array, l2_normalize

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


def zero_shot_scores(items: Array, classes: Array) -> Array:
    """Say how strongly each class applies to each item, against the whole corpus.

    Args:
        items: float32[N, D], unit length: the whole corpus.
        classes: float32[T, D], unit length.

    Returns:
        float32[N, T], rows sum to 1: the softmax of SHARPNESS times the standard
        score of each cosine among its class's. Equal shares where all items are alike.
    """
    cosines = (items @ classes.T).astype(np.float64)
    spread = cosines.std(axis=0)
    # Below this a deviation is rounding: one item alone, or copies of one.
    safe = np.where(spread > 1e-6, spread, np.inf)
    logits = SHARPNESS * (cosines - cosines.mean(axis=0)) / safe
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = weights / weights.sum(axis=1, keepdims=True)
    return cast("Array", shares.astype(np.float32))
