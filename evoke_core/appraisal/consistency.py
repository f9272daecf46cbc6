"""How much of their boards two excerpts share: of one piece, and of different ones.

Boards go in as lists of picture ids in board order, figures with intervals come out.
Not here: the excerpts (`library`), and how the board of one is made (`report`).

Source: rank-biased overlap, Webber, Moffat & Zobel, ACM Transactions on Information
Systems 28, 2010, extrapolated from the depth of the lists.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evoke_core.evaluation import Figure, bootstrap
from evoke_core.vectors import Array, Array64

PERSISTENCE = 0.95  # a viewer looks at 1 / (1 - p) = 20 tiles, half a board
_Board = Sequence[str]


@dataclass(frozen=True, slots=True)
class Consistency:
    """Mean shared part of a first half's board with a second half's.

    Args:
        same: Of the same piece.
        near: Of the piece that sounds most alike.
        far: Of the piece that sounds least alike.
        chance: Of any other piece.
    """

    same: Figure
    near: Figure
    far: Figure
    chance: Figure


def consistency_of(
    firsts: Sequence[_Board], seconds: Sequence[_Board], music: Array, *, seed: int = 0
) -> dict[str, Consistency]:
    """Say how much boards share, by each of MEASURES.

    Args:
        firsts: Boards of N first halves.
        seconds: Boards of the N second halves.
        music: float32[N, D], unit length, of the whole tracks: what sounds alike is
            told by the music, not by where the projection placed it.
        seed: Of the intervals.

    Returns:
        Figures by measure, empty (n = 0, NaN) for fewer than three tracks.
    """
    count = len(firsts)
    others = ~np.eye(count, dtype=bool)
    alike = music @ music.T
    near = np.where(others, alike, -np.inf).argmax(axis=1) if count else []
    far = np.where(others, alike, np.inf).argmin(axis=1) if count else []
    rows = np.arange(count)
    found = {}
    for name, measure in MEASURES.items():
        shared = _table(firsts, seconds, measure)
        if count < 3:
            found[name] = Consistency(*[bootstrap(np.zeros(0))] * 4)
            continue
        chance = shared[others].reshape(count, count - 1).mean(axis=1)
        values = (shared[rows, rows], shared[rows, near], shared[rows, far], chance)
        found[name] = Consistency(*[bootstrap(each, seed=seed) for each in values])
    return found


def jaccard(left: _Board, right: _Board) -> float:
    """Return the tiles of both over the tiles of either."""
    ours, theirs = set(left), set(right)
    return len(ours & theirs) / max(len(ours | theirs), 1)


def tiles_shared(left: _Board, right: _Board) -> float:
    """Return the share of the larger board's tiles that the other has too."""
    return len(set(left) & set(right)) / max(len(left), len(right), 1)


def rank_biased_overlap(
    left: _Board, right: _Board, *, persistence: float = PERSISTENCE
) -> float:
    """Compare two orders of tiles; the first tiles weigh most.

    Args:
        left: Distinct ids, the first chosen first.
        right: Likewise; both are read to the depth of the shorter.
        persistence: Chance that a viewer goes on from one tile to the next, in (0, 1).

    Returns:
        1.0 for equal orders, 0.0 for boards without a common tile.
    """
    depth = min(len(left), len(right))
    if not depth:
        return 0.0
    ours: set[str] = set()
    theirs: set[str] = set()
    agreement = []
    for place in range(depth):
        ours.add(left[place])
        theirs.add(right[place])
        agreement.append(len(ours & theirs) / (place + 1))
    weights = persistence ** np.arange(depth)
    seen = (1 - persistence) * float(weights @ np.array(agreement))
    return seen + agreement[-1] * persistence**depth


MEASURES: Mapping[str, Callable[[_Board, _Board], float]] = {
    "jaccard": jaccard,
    "rank_biased_overlap": rank_biased_overlap,
    "tiles_shared": tiles_shared,
}


def _table(
    firsts: Sequence[_Board],
    seconds: Sequence[_Board],
    measure: Callable[[_Board, _Board], float],
) -> Array64:
    values = [[measure(left, right) for right in seconds] for left in firsts]
    return np.array(values, np.float64).reshape(len(firsts), len(seconds))
