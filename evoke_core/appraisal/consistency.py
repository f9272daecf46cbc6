"""How much of their boards two excerpts share: of one piece, and of different ones.

Boards go in as lists of picture ids in board order, figures with intervals come out.
Not here: how an excerpt's board is made (`report`).

Source: rank-biased overlap, Webber, Moffat & Zobel, ACM Transactions on Information
Systems 28, 2010, extrapolated from the depth of the lists.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.bridge.projection import Side
from evoke_core.evaluation import Figure, bootstrap
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array, Array64, l2_normalize

PERSISTENCE = 0.95  # a viewer looks at 1 / (1 - p) = 20 tiles, half a board
_Board = Sequence[str]


@dataclass(frozen=True, slots=True)
class Halves:
    """First and second halves of N tracks, which have no sound in common.

    Args:
        track_ids: [N].
        whole: The tracks.
        first: Equal-weight means of the windows that end by the middle.
        second: Of those that start at the middle or later.
    """

    track_ids: tuple[str, ...]
    whole: Side
    first: Side
    second: Side

    def rows(self, chosen: npt.NDArray[np.intp]) -> "Halves":
        """Return the chosen tracks, by number."""
        return Halves(
            tuple(self.track_ids[row] for row in chosen),
            *(side.rows(chosen) for side in (self.whole, self.first, self.second)),
        )


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


def halves_of(parts: pl.DataFrame) -> Halves:
    """Cut tracks in two by their windows.

    Args:
        parts: `track_embeddings` joined with `track_tags`.

    Returns:
        Those tracks that have a window on each side of the middle, by track_id.
    """
    wholes = parts.filter(pl.col("part") == 0)
    windows = parts.filter(pl.col("part") > 0).join(
        wholes.select("track_id", middle=(pl.col("start_s") + pl.col("end_s")) / 2),
        on="track_id",
    )
    sides = (
        windows.filter(pl.col("end_s") <= pl.col("middle")),
        windows.filter(pl.col("start_s") >= pl.col("middle")),
    )
    both = wholes.join(sides[0], on="track_id", how="semi").join(
        sides[1], on="track_id", how="semi"
    )
    cut = both.sort("track_id")["track_id"].to_list()
    first, second = (_means(windows, cut) for windows in sides)
    return Halves(tuple(cut), _means(wholes, cut), first, second)


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


def _means(rows: pl.DataFrame, track_ids: list[str]) -> Side:
    """Average the rows of each track, as one row of a side."""
    groups = rows.sort("track_id", "part").partition_by("track_id", as_dict=True)
    found = [groups[track_id,] for track_id in track_ids]
    embedding = [as_matrix(each["embedding"]).mean(axis=0) for each in found]
    moods = [as_matrix(each["scores"]).mean(axis=0) for each in found]
    affect = [
        each.select("valence", "arousal").to_numpy().mean(axis=0) for each in found
    ]
    return Side(l2_normalize(_stacked(embedding)), _stacked(moods), _stacked(affect))


def _stacked(rows: Sequence[Array]) -> Array:
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.stack(rows).astype(np.float32)
