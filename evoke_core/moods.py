"""Where moods lie on the affect plane, and which of them a point is near.

Pictures and music are tagged with it independently of each other; the encoders say
where an item lies, this says what that is called.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np

from evoke_core.config import TagRules, Vocabulary
from evoke_core.vectors import Array


def mood_coordinates(vocabulary: Vocabulary) -> Array:
    """Return float32[T, 2]: valence and arousal of every mood, in the file's order."""
    places = [(mood.valence, mood.arousal) for mood in vocabulary.moods.values()]
    return np.array(places, np.float32)


def score_moods(affect: Array, vocabulary: Vocabulary, rules: TagRules) -> Array:
    """Say how strongly each mood applies, from how near it lies on the plane.

    Every mood is first weighted against its neighbours, so that a crowded corner of
    the vocabulary does not outvote a mood that stands alone.

    Args:
        affect: float32[N, 2], valence and arousal in [-1, 1].
        vocabulary: The moods.
        rules: `bandwidth` is the standard deviation of the Gaussian kernel.

    Returns:
        float32[N, T], rows sum to 1.
    """
    places = mood_coordinates(vocabulary)
    crowding = _kernel(places, places, rules.bandwidth).sum(axis=1)
    scores = _kernel(affect, places, rules.bandwidth) / crowding
    return cast(
        "Array", (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    )


def name_moods(scores: Array, names: Sequence[str], *, count: int) -> list[list[str]]:
    """Name the strongest moods of every row, strongest first; ties go to the earlier.

    Args:
        scores: float32[N, T].
        names: The T moods.
        count: How many to name.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return [[names[mood] for mood in row] for row in order.tolist()]


def _kernel(left: Array, right: Array, bandwidth: float) -> Array:
    distance2 = ((left[:, None] - right[None]) ** 2).sum(axis=-1)
    # Rows count by their ratios alone; taking the nearest as the unit keeps a point
    # beyond all moods tagged by the nearest ones.
    excess = distance2 - distance2.min(axis=1, keepdims=True)
    return cast("Array", np.exp(-excess / (2 * bandwidth**2)))
