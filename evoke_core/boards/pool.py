"""The candidates that travel with a board: enough that its sliders need no server.

Half of the pool is what the song itself asks for; the other half is what the song's
sections and the ends of the sliders would bring in, in turns, best first.
"""

from collections.abc import Iterator
from itertools import product, zip_longest
from typing import cast

import numpy as np

from evoke_core.boards.desk import Desk
from evoke_core.boards.refine import Pool, Refinement, quantise, relevance_of
from evoke_core.config.fields import AXES
from evoke_core.errors import BoardError
from evoke_core.index.image_index import Hit
from evoke_core.vectors import Array, Array64

_OWN_SHARE = 0.5
_MOST_GONE = 5000  # beyond that a release should be published anew


def gather(refinement: Refinement, desk: Desk) -> tuple[list[str], Pool, Array64]:
    """Search the index and choose the candidates.

    Returns:
        Their ids best first, what refinement needs of them, and their relevance
        float64[N] with the sliders at rest.

    Raises:
        BoardError: The index holds no picture.
    """
    wanted = min(desk.run_profile.board.pool, len(desk.pictures))
    queries = np.vstack([refinement.queries, _slider_ends(refinement)])
    found = desk.index.search(
        desk.release.collection,
        queries.astype(np.float32),
        top_k=desk.run_profile.board.pool + _gone(desk),
    )
    # A picture that left the corpus after the release was made is not shown.
    lists = [[hit for hit in hits if hit.image_id in desk.rows] for hits in found]
    ids = list(_in_turns(lists, wanted))
    if not ids:
        raise BoardError(
            "the index holds no picture that may be shown; run refresh_corpus and "
            "publish_release with at least one picture that is kept"
        )
    relevance = relevance_of(_pool(ids, desk), refinement, {})
    order = np.argsort(-relevance, kind="stable")
    best_first = [ids[row] for row in order]
    return best_first, _pool(best_first, desk), relevance[order]


def _gone(desk: Desk) -> int:
    """Count the pictures that left the corpus since the release, and may be found."""
    return min(max(desk.release.pictures - len(desk.pictures), 0), _MOST_GONE)


def _slider_ends(refinement: Refinement) -> Array64:
    """Shift the whole track's query to the end of each slider and to every corner."""
    corners = np.array(list(product((-1.0, 1.0), repeat=len(AXES))))
    ends = np.vstack([np.eye(len(AXES)), -np.eye(len(AXES)), corners])
    shifts = refinement.reach * ends @ refinement.directions
    return cast("Array64", refinement.queries[0] + shifts)


def _in_turns(lists: list[list[Hit]], wanted: int) -> Iterator[str]:
    """Yield distinct ids: the first list's share, then the others' in turns."""
    own, others = lists[0], lists[1:]
    seen: dict[str, None] = dict.fromkeys(
        hit.image_id for hit in own[: round(wanted * _OWN_SHARE)]
    )
    for turn in zip_longest(*others):
        for hit in filter(None, turn):  # lists differ where pictures have left
            if len(seen) >= wanted:
                break
            seen.setdefault(hit.image_id)
    for hit in own:  # a small corpus: whatever is left
        if len(seen) >= wanted:
            break
        seen.setdefault(hit.image_id)
    yield from seen


def _pool(image_ids: list[str], desk: Desk) -> Pool:
    pictures = [desk.pictures[image_id] for image_id in image_ids]
    vectors: Array = desk.vectors_of(image_ids)
    return Pool(
        vectors=quantise(vectors),
        clusters=[picture["cluster_id"] for picture in pictures],
        artists=[picture["artist"] for picture in pictures],
        sources=[picture["source"] for picture in pictures],
    )
