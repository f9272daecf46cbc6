"""Looks and feeling in one vector: what the index holds, and what a song asks with.

What an encoder makes of a picture says how it looks. How it feels is known better by
its tags, which also read the words that people wrote on it. A vector of the shared
space holds both, feeling first:

    block     numbers   share of the squared length
    feeling   4         FEELING_SHARE: valence and arousal on half circles
    look      D         the rest: the encoder's own vector

So a cosine weighs nearness on the affect plane against likeness of looks, and a query
may ask for either. Songs are laid out in the same way, with their sound for the look.

Not here: where an item lies on the plane (tags, analysis), and the bridge between songs
and pictures.
"""

import numpy as np

from evoke_core.vectors import Array, l2_normalize, on_half_circle

FEELING = 4  # numbers of the first block
FEELING_SHARE = 0.5  # neither block can outvote the other


def with_feeling(vectors: Array, affect: Array, strength: Array | None = None) -> Array:
    """Put feeling before looks.

    Args:
        vectors: float32[N, D] of an encoder.
        affect: float32[N, 2], valence and arousal in [-1, 1].
        strength: float32[N] in [0, 1], how much of a feeling there is; 1 where absent.
            Less of it makes the block shorter, so that such a picture is found later
            than one of the same place that means something.

    Returns:
        float32[N, FEELING + D], unit length.
    """
    feeling = np.sqrt(FEELING_SHARE) * l2_normalize(on_half_circle(affect))
    if strength is not None:
        feeling = feeling * strength[:, None]
    look = np.sqrt(1 - FEELING_SHARE) * l2_normalize(vectors)
    return l2_normalize(np.concatenate([feeling, look], axis=1))


def ask_by_feeling(affect: Array, dimension: int) -> Array:
    """Ask for pictures of a feeling, whatever they look like.

    Args:
        affect: float32[N, 2].
        dimension: FEELING + D, of the shared space.

    Returns:
        float32[N, dimension], unit length. Its cosine with a picture falls with their
        distance on the plane.
    """
    asked = np.zeros((len(affect), dimension), np.float32)
    asked[:, :FEELING] = on_half_circle(affect)
    return l2_normalize(asked)
