"""Music moves words: a song's direction is broadcast over the states of its words.

Every word's state h is moved towards the song's direction d and brought back to its
own length:

    a  = strength * gate * presence            in [0, gate], gate < 1
    h' = |h| * (h + a |h| d) / |h + a |h| d|

So the length of a state never drifts beyond rounding. With c the cosine of h and d, the
cosine of h' with h is (1 + a c) / sqrt(1 + 2 a c + a^2), whose slope in a is
-a (1 - c^2) / (...)^1.5: never positive, so that more strength never means less effect.
Words turn by at most arcsin(a); across d, as nearly all are in 768 dimensions, by
arctan(a). Since a < 1 no state can be cancelled.

The start token, the end token and the padding stay as they are, bit for bit: the
diffusion model rests most of its attention on the start, and reads the text's gist from
the end and the padding, which is what keeps the image about the words.

Not here: where the direction comes from (projection), the words (text_encoder).
Source of gating an added sound: Biner et al., SonicDiffusion, 2024 (theirs is learned).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evoke_core.errors import ConfigError
from evoke_core.memory.projection import Direction
from evoke_core.vectors import Array, Array64

# Chosen by reason, not by ratings: at .5 a word turns by 24 degrees and keeps .91 of
# its direction, so that it still names its thing. Only words turn, which is the lesser
# part of what the diffusion model reads; a gentler default would hardly be seen.
DEFAULT_STRENGTH = 0.5


@dataclass(frozen=True, slots=True)
class FusionRules:
    """How far music may go.

    Args:
        strength: 0 is text alone, 1 as far as the gate allows.
        gate: Largest share of its own length by which a state is pushed, below 1.
    """

    strength: float = DEFAULT_STRENGTH
    gate: float = 0.9

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= 1.0:
            raise ConfigError(
                f"memory.strength: got {self.strength}; use 0 (text alone) to 1"
            )
        if not 0.0 < self.gate < 1.0:
            raise ConfigError(
                f"memory.gate: got {self.gate}; use a number above 0 and below 1"
            )


def fuse(
    states: Array,
    is_word: npt.NDArray[np.bool_],
    direction: Direction,
    rules: FusionRules | None = None,
) -> Array:
    """Move words by music.

    Args:
        states: float32[77, D].
        is_word: bool[77]; rows that are none are returned bit for bit.
        direction: The song's.
        rules: How far it may go.

    Returns:
        float32[77, D], row by row of the length of states; states itself, the same
        object, where nothing moves.
    """
    rules = rules or FusionRules()
    push = rules.strength * rules.gate * direction.presence
    if push == 0.0 or not is_word.any() or not direction.vector.any():
        return states
    words: Array64 = states[is_word].astype(np.float64)
    length = np.linalg.norm(words, axis=1, keepdims=True)
    moved = words + push * length * direction.vector.astype(np.float64)
    reached = np.linalg.norm(moved, axis=1, keepdims=True)
    fused = states.copy()
    # A state of zeros has no direction to be turned from.
    fused[is_word] = moved * (length / np.where(reached > 0, reached, 1.0))
    return fused


def norm_drift(before: Array, after: Array) -> float:
    """Return by what share of its length a state has changed at most.

    Args:
        before: float32[77, D].
        after: float32[77, D].
    """
    lengths = np.linalg.norm(before.astype(np.float64), axis=1)
    changed = np.abs(np.linalg.norm(after.astype(np.float64), axis=1) - lengths)
    return float((changed / np.where(lengths > 0, lengths, 1.0)).max())


def states_distance(left: Array, right: Array) -> float:
    """Return the cosine distance of two texts' states, all rows as one vector.

    Args:
        left: float32[77, D].
        right: float32[77, D].

    Returns:
        A number in [0, 2]; 0.0 for equal states.
    """
    a, b = left.astype(np.float64).ravel(), right.astype(np.float64).ravel()
    if np.array_equal(a, b):
        return 0.0
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return max(0.0, 1.0 - float(a @ b / lengths)) if lengths > 0 else 1.0
