"""What moves the image's words more: other music or other lyrics; in plain numbers.

For the report on a library: no thresholds, no verdict.

Not here: the moving itself (fusion).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from evoke_core.memory.fusion import FusionRules, fuse, states_distance
from evoke_core.memory.projection import Direction
from evoke_core.memory.text_encoder import TextStates

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Influence:
    """Mean cosine distances of fused states over pairs.

    Args:
        by_song: Same lyrics, another song; NaN where there is only one song.
        by_lyrics: Same song, other lyrics; NaN where there are only ones.
        pairs_of_songs: How many comparisons by_song averages.
        pairs_of_lyrics: How many by_lyrics averages.
    """

    by_song: float
    by_lyrics: float
    pairs_of_songs: int
    pairs_of_lyrics: int

    def sentence(self) -> str:
        """Say it for people."""
        return (
            f"another song under the same words moves the states by {self.by_song:.4f} "
            f"(n={self.pairs_of_songs}), other words under the same song by "
            f"{self.by_lyrics:.4f} (n={self.pairs_of_lyrics}; cosine distance)"
        )


def sweep_strength(
    text: TextStates,
    direction: Direction,
    *,
    strengths: Sequence[float] = STRENGTHS,
    rules: FusionRules | None = None,
) -> list[float]:
    """Return how far each strength takes the states from text alone.

    Args:
        text: Words.
        direction: Music.
        strengths: In [0, 1].
        rules: Whose gate counts.

    Returns:
        Cosine distances, one a strength; they never fall as strength grows.
    """
    rules = rules or FusionRules()
    return [
        states_distance(
            text.states,
            fuse(text.states, text.is_word, direction, replace(rules, strength=each)),
        )
        for each in strengths
    ]


def compare_influence(
    texts: Sequence[TextStates],
    directions: Sequence[Direction],
    rules: FusionRules | None = None,
) -> Influence:
    """Set every text under every song, and compare what differs in one of them.

    Args:
        texts: Lyrics of several songs.
        directions: Sounds of several songs.
        rules: How far music may go.
    """
    fused = [
        [fuse(text.states, text.is_word, each, rules) for each in directions]
        for text in texts
    ]
    by_song = [
        states_distance(left, right)
        for row in fused
        for left, right in combinations(row, 2)
    ]
    by_lyrics = [
        states_distance(left, right)
        for column in zip(*fused, strict=True)
        for left, right in combinations(column, 2)
    ]
    return Influence(_mean(by_song), _mean(by_lyrics), len(by_song), len(by_lyrics))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
