"""The candidates that travel with a board: enough that its sliders need no server.

The index is asked for what lies near the song: by the whole track far and wide, by each
section, at the extremes of the sliders, and where they stand. Of that travel the tiles
at rest and as many again for those that a listener drops, the tiles of every section,
and then whatever boards at other settings would show most often (`reach`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product, zip_longest
from typing import TypeVar

import numpy as np

from evoke_core.boards.desk import Desk
from evoke_core.boards.options import PLAIN, BoardOptions
from evoke_core.boards.reach import look_around, often_shown, reach_of
from evoke_core.boards.refine import (
    Pool,
    Refinement,
    choose_tiles,
    quantise,
    relevance_of,
)
from evoke_core.config.fields import AXES
from evoke_core.errors import BoardError
from evoke_core.index.filters import Filters
from evoke_core.vectors import Array, Array64

Item = TypeVar("Item", int, str)

_FILTERED = ("sources", "licences", "moods")
_FAR_AND_WIDE = 5000  # pictures around a song among which its sliders move
_AT_EXTREMES = 300  # as many as boards are drawn from, see `reach`
_CORNERS = np.array(list(product((-1.0, 1.0), repeat=len(AXES))))
_SECTIONS_SHARE = 0.5  # of the pool, for what sections would show
_MOST_GONE = 5000  # beyond that a release should be published anew


@dataclass(frozen=True, slots=True)
class Selection:
    """Candidates and tiles of a board.

    Args:
        options: What was asked for.
        refinement: Queries and rules.
        image_ids: Of the candidates, best first.
        pool: The candidates.
        relevance: float64[N] at the setting of the options.
        chosen: Rows of the pool that are tiles, in board order.
    """

    options: BoardOptions
    refinement: Refinement
    image_ids: list[str]
    pool: Pool
    relevance: Array64
    chosen: list[int]


@dataclass(frozen=True, slots=True)
class _Around:
    """What lies near a song.

    Args:
        ids: Of the pictures.
        pool: What choosing among them needs.
        reserved: Rows that travel wherever the sliders stand, in the order in which
            they deserve it.
    """

    ids: list[str]
    pool: Pool
    reserved: list[int]


def select(refinement: Refinement, desk: Desk, options: BoardOptions) -> Selection:
    """Choose candidates and tiles, and how far the sliders reach.

    Raises:
        BoardError: The index holds no picture that may be shown.
    """
    around = _look(refinement, desk, options.filters)
    reach = reach_of(
        look_around(around.pool, refinement),
        wanted=desk.run_profile.board.pool,
        reserved=around.reserved,
    )
    within = replace(refinement, reach=reach)
    image_ids, pool, relevance = _thin_out(around, within, desk, options)
    chosen = choose_tiles(pool, within, options.moved())
    return Selection(options, within, image_ids, pool, relevance, chosen)


def require_pictures(filters: Filters, desk: Desk) -> None:
    """Make sure, before any work, that some picture may be shown.

    Raises:
        BoardError: None passes the filters; the message says which values there are.
    """
    if desk.pictures and not any(map(filters.admits, desk.pictures.values())):
        raise BoardError(
            f"none of {len(desk.pictures)} pictures passes the filters "
            f"{_asked(filters)}; there are {_present(desk)}"
        )


def gather(
    refinement: Refinement, desk: Desk, options: BoardOptions = PLAIN
) -> tuple[list[str], Pool, Array64]:
    """Search the index and choose the candidates for a given reach of the sliders.

    Returns:
        Their ids best first, what refinement needs of them, and their relevance
        float64[N] at the setting of the options.

    Raises:
        BoardError: The index holds no picture that may be shown.
    """
    around = _look(refinement, desk, options.filters)
    return _thin_out(around, refinement, desk, options)


def _look(refinement: Refinement, desk: Desk, filters: Filters) -> _Around:
    ids, wanted = _around(refinement, desk, filters), desk.run_profile.board.pool
    pool = _pool(ids, desk)
    reserved = _reserved(pool, refinement, wanted) if len(ids) > wanted else []
    return _Around(ids, pool, reserved)


def _around(refinement: Refinement, desk: Desk, filters: Filters) -> list[str]:
    """Return the ids of all that lies near the song, wherever its sliders stand."""
    wanted = desk.run_profile.board.pool
    whole, parts = refinement.queries[:1], refinement.queries[1:]
    lists = _search(desk, whole, max(wanted, _FAR_AND_WIDE), filters)
    lists += _search(desk, parts, wanted, filters)
    if len(desk.pictures) > _FAR_AND_WIDE:  # else those are all that there are
        lists += _search(desk, _extremes(refinement), _AT_EXTREMES, filters)
    ids = list(dict.fromkeys(_in_turns(lists)))
    if not ids:
        raise BoardError(
            "the index holds no picture that may be shown; run refresh_corpus and "
            "publish_release with at least one picture that is kept"
        )
    return ids


def _moved(refinement: Refinement, desk: Desk, options: BoardOptions) -> list[str]:
    """Return the ids of what lies where the sliders stand; none where they rest."""
    setting = options.moved()
    if not setting:
        return []
    queries = refinement.queries + _shift(refinement, setting)
    lists = _search(desk, queries, desk.run_profile.board.pool, options.filters)
    return list(_in_turns(lists))


def _search(
    desk: Desk, queries: Array64, top_k: int, filters: Filters
) -> list[list[str]]:
    if not len(queries):
        return []
    found = desk.index.search(
        desk.release.collection,
        queries.astype(np.float32),
        top_k=top_k + _gone(desk),
        filters=filters,
    )
    # A picture that left the corpus after the release was made is not shown.
    return [
        [
            hit.image_id
            for hit in hits
            if hit.image_id in desk.rows and filters.admits(desk.pictures[hit.image_id])
        ]
        for hits in found
    ]


def _thin_out(
    around: _Around, refinement: Refinement, desk: Desk, options: BoardOptions
) -> tuple[list[str], Pool, Array64]:
    """Keep as many as travel, best first at the setting of the options."""
    ids = list(dict.fromkeys((*around.ids, *_moved(refinement, desk, options))))
    nearby = around.pool if len(ids) == len(around.ids) else _pool(ids, desk)
    wanted = desk.run_profile.board.pool
    rows = list(range(len(ids)))
    if len(ids) > wanted:
        shown = (
            *choose_tiles(nearby, refinement, options.moved()),
            *(around.reserved or _reserved(nearby, refinement, wanted)),
            *often_shown(look_around(nearby, refinement)).tolist(),
        )
        rows = list(dict.fromkeys((*shown, *rows)))[:wanted]
    relevance = relevance_of(nearby, refinement, options.moved())
    best_first = sorted(rows, key=lambda row: (-relevance[row], ids[row]))
    image_ids = [ids[row] for row in best_first]
    return image_ids, _pool(image_ids, desk), relevance[best_first]


def _reserved(pool: Pool, refinement: Refinement, wanted: int) -> list[int]:
    """Return the rows of tiles at rest, as many again, and of every section."""
    doubled = replace(refinement, size=2 * refinement.size)
    at_rest = choose_tiles(pool, doubled, {})[: wanted // 2]
    by_section = [
        choose_tiles(
            pool, replace(refinement, queries=refinement.queries[[0, part]]), {}
        )
        for part in range(1, len(refinement.queries))
    ]
    shared = list(dict.fromkeys(_in_turns(by_section)))
    return [*at_rest, *shared[: round(wanted * _SECTIONS_SHARE)]]


def _extremes(refinement: Refinement) -> Array64:
    """Move the whole track's query to the ends and corners of sliders, and half-way."""
    moves = np.vstack([np.eye(len(AXES)), -np.eye(len(AXES)), _CORNERS])
    shifts = refinement.reach * np.vstack([moves, moves / 2]) @ refinement.directions
    return np.asarray(refinement.queries[0] + shifts, np.float64)


def _gone(desk: Desk) -> int:
    """Count the pictures that left the corpus since the release, and may be found."""
    return min(max(desk.release.pictures - len(desk.pictures), 0), _MOST_GONE)


def _in_turns(lists: Iterable[list[Item]]) -> Iterator[Item]:
    """Yield the first of every list, then the second; lists may end early."""
    for turn in zip_longest(*lists):
        yield from (item for item in turn if item is not None)


def _asked(filters: Filters) -> str:
    asked = {name: list(getattr(filters, name)) for name in _FILTERED}
    return ", ".join(f"{name} {values!a}" for name, values in asked.items() if values)


def _present(desk: Desk) -> str:
    pictures = desk.pictures.values()
    present = {
        "sources": {picture["source"] for picture in pictures},
        "licences": {picture["licence"] for picture in pictures},
        "moods": {mood for picture in pictures for mood in picture["moods"]},
    }
    return "; ".join(f"{n} {', '.join(sorted(v))}" for n, v in present.items())


def _shift(refinement: Refinement, setting: Mapping[str, float]) -> Array64:
    moves = np.array([setting.get(axis, 0.0) for axis in AXES])
    return refinement.reach * moves @ refinement.directions


def _pool(image_ids: list[str], desk: Desk) -> Pool:
    pictures = [desk.pictures[image_id] for image_id in image_ids]
    vectors: Array = desk.vectors_of(image_ids)
    return Pool(
        vectors=quantise(vectors),
        clusters=[picture["cluster_id"] for picture in pictures],
        artists=[picture["artist"] for picture in pictures],
        sources=[picture["source"] for picture in pictures],
    )
