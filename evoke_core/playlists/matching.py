"""Which tracks of a library match some pictures: a board's question, turned round.

Plain cosines would let a few tracks win everything: those whose queries lie in the
midst of the pictures are near to all of them. So nearness is told from each track's own
side: 0 is the average picture of the collection, 1 are the pictures that the track
itself would choose for a board. It is the lift in relevance of the report on boards.

Measured, by how high a library track comes back when its own board asks (mean
reciprocal rank; five tiles in brackets; ties at their middle):

    tracks, pictures     chance   cosine      standard score   CSLS        lift
    48, 320 painted        .09    .28 (.28)     .49 (.42)     .82 (.41)  .84 (.43)
    48, 791 real           .09    .27 (.29)     .34 (.31)     .75 (.42)  .71 (.41)
    240, 791 real          .03    .22 (.21)     .15 (.16)     .64 (.33)  .64 (.32)

These are of whole tracks, of which the boards were made; with windows beside the whole,
as here, lift reaches .81 (.43) and .67 (.40) in the first two rows. Ten ways were tried
on them; rank within the track and CSLS are as good, and say less to a reader.

Five pictures that raters felt alike find five clips nearer to them on raters' plane,
as a share of what is possible, .33, .35, .35 and .34: there the ways are level.

Sources: hubs, Radovanović, Nanopoulos & Ivanović, JMLR 11, 2010; CSLS, which takes off
the mean of the nearest neighbours, Conneau et al., ICLR 2018.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array, Array64

_SMALL = 8  # a board of a small collection would be most of it: an eighth stands for it


@dataclass(frozen=True, slots=True)
class Matches:
    """How T tracks match the pictures that ask.

    Args:
        score: float64[T], at most about 1: the mean relevance of the pictures, 0 being
            that of the collection and 1 that of the track's own board.
        passage: intp[T], the row of each track's window that is nearest to the
            pictures, counted from 1; 0 where it has one window or none.
    """

    score: Array64
    passage: npt.NDArray[np.intp]


def match_tracks(
    tracks: Sequence[Array],
    asked: Array,
    collection: Array,
    *,
    whole_weight: float,
    board_size: int,
) -> Matches:
    """Say how near pictures are to each track, by what else it could have.

    Args:
        tracks: T of float32[1 + W, D], unit length: the whole's query, then those of
            its windows.
        asked: float32[n, D], unit length, n >= 1.
        collection: float32[N, D], unit length, N >= 1.
        whole_weight: Of the whole against the nearest window, as on a board.
        board_size: Pictures of a track's own board.
    """
    own = max(1, min(board_size, len(collection) // _SMALL))
    score = np.zeros(len(tracks))
    passage = np.zeros(len(tracks), np.intp)
    for row, queries in enumerate(tracks):
        every = _relevance(queries, collection, whole_weight)
        best = np.partition(every, len(every) - own)[-own:].mean()
        span = best - every.mean()
        found = _relevance(queries, asked, whole_weight).mean() - every.mean()
        score[row] = found / span if span > 0 else 0.0  # all pictures are alike to it
        if len(queries) > 2:
            passage[row] = 1 + int((queries[1:] @ asked.T).mean(axis=1).argmax())
    return Matches(score, passage)


class Variety:
    """Counts what has been chosen of each group, and says what there is enough of.

    Args:
        most: How many of one name, by kind of group.
    """

    def __init__(self, most: Mapping[str, int]) -> None:
        self._most = most
        self._counts: Counter[tuple[str, str]] = Counter()

    def has_room(self, names: Mapping[str, str | None]) -> bool:
        """Say whether one more of these names may be chosen; None is no group."""
        return all(
            self._counts[kind, name] < self._most[kind]
            for kind, name in names.items()
            if name
        )

    def count(self, names: Mapping[str, str | None]) -> None:
        """Note that something of these names was chosen."""
        self._counts.update((kind, name) for kind, name in names.items() if name)


def _relevance(queries: Array, pictures: Array, whole_weight: float) -> Array64:
    """Score pictures as `refine.relevance_of` does, float64[n]."""
    cosines = np.asarray(queries @ pictures.T, np.float64)
    if len(cosines) == 1:
        return cast("Array64", cosines[0])
    best = cosines[1:].max(axis=0)
    return cast("Array64", whole_weight * cosines[0] + (1 - whole_weight) * best)
