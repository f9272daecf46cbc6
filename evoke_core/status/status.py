"""All that the status page says, gathered from a store; what is missing is empty.

How it is said is `page` and `poster`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evoke_core.errors import ReleaseMissing
from evoke_core.release import Release, read_release
from evoke_core.status.coverage import MoodCount, coverage_of
from evoke_core.status.dropped import Dropped, count_dropped
from evoke_core.status.funnel import Funnel, count_funnel
from evoke_core.status.health import Health
from evoke_core.status.judged import Judged, read_judged
from evoke_core.status.latest import Latest, read_latest
from evoke_core.status.served import Served, read_served
from evoke_core.status.shared_map import SharedMap, draw_map, spread
from evoke_core.status.sights import Credit, Sight, read_credits, shrink
from evoke_core.status.stored import read_known
from evoke_core.storage.store import Store

_SHEET, _SHEET_PX = 48, 240
_SPOT_PX = 132
_BOARDS, _TILES, _TILE_PX = 8, 4, 168

AskIndex = Callable[[Release, Served], Health]


@dataclass(frozen=True, slots=True)
class Status:
    """What there is.

    Args:
        funnel: Of the corpus.
        sheet: Pictures drawn evenly from all that are served, from unpleasant to
            pleasant.
        shared_map: None where there are too few pictures.
        spots: Its thumbnails, by row of the served pictures.
        moods: How often each was named.
        tracks: In the library.
        judged: None before the bridge was judged.
        release: None before the first.
        health: Of the index; None where nothing is released.
        latest: Boards.
        tiles: Up to four pictures of each board of which a card is shown.
        dropped: Songs.
        credits: Of every picture that is shown.
    """

    funnel: Funnel
    sheet: tuple[Sight, ...]
    shared_map: SharedMap | None
    spots: Mapping[int, Sight]
    moods: tuple[MoodCount, ...]
    tracks: int
    judged: Judged | None
    release: Release | None
    health: Health | None
    latest: Latest
    tiles: tuple[tuple[Sight, ...], ...]
    dropped: Dropped
    credits: tuple[Credit, ...]


def read_status(store: Store, moods: Sequence[str], ask_index: AskIndex) -> Status:
    """Gather the status of a store.

    Args:
        store: Is only read.
        moods: Of the vocabulary, so that one that nobody carries is seen.
        ask_index: Says how the index is, for a release and the served pictures.
    """
    served = read_served(store)
    release = _release(store)
    latest = read_latest(store)
    shared_map = draw_map(store, served, release, latest.documents)
    sheet = _sheet(store, served)
    spots = _spots(store, served, shared_map)
    tiles = _tiles(store, latest)
    shown = [*sheet, *spots.values(), *(each for four in tiles for each in four)]
    return Status(
        funnel=count_funnel(store),
        sheet=sheet,
        shared_map=shared_map,
        spots=spots,
        moods=coverage_of(store, moods),
        tracks=read_known(store, "track_manifest", ["track_id"]).height,
        judged=read_judged(store, release.kind if release else None),
        release=release,
        health=ask_index(release, served) if release else None,
        latest=latest,
        tiles=tiles,
        dropped=count_dropped(store, latest.ids),
        credits=read_credits(store, (sight.image_id for sight in shown)),
    )


def _release(store: Store) -> Release | None:
    try:
        return read_release(store)
    except ReleaseMissing:
        return None


def _sheet(store: Store, served: Served) -> tuple[Sight, ...]:
    rows = spread(len(served), _SHEET)
    ordered = rows[np.argsort(served.affect[rows, 0], kind="stable")]
    made = [_shrunk(store, served, row, width_px=_SHEET_PX) for row in ordered.tolist()]
    return tuple(sight for sight in made if sight)


def _spots(
    store: Store, served: Served, shared_map: SharedMap | None
) -> dict[int, Sight]:
    rows = shared_map.thumbnails if shared_map else ()
    return {
        row: sight
        for row in rows
        if (sight := _shrunk(store, served, row, width_px=_SPOT_PX, is_square=True))
    }


def _tiles(store: Store, latest: Latest) -> tuple[tuple[Sight, ...], ...]:
    facts = read_known(store, "image_facts", ["image_id", "sha256"]).drop_nulls()
    hashes = dict(facts.iter_rows())
    return tuple(
        tuple(
            sight
            for tile in document["tiles"][:_TILES]
            if (sha256 := hashes.get(tile["image_id"]))
            if (
                sight := shrink(
                    store, tile["image_id"], sha256, width_px=_TILE_PX, is_square=True
                )
            )
        )
        for document in latest.documents[:_BOARDS]
    )


def _shrunk(
    store: Store, served: Served, row: int, *, width_px: int, is_square: bool = False
) -> Sight | None:
    image_id, sha256 = served.image_ids[row], served.sha256[row]
    return shrink(store, image_id, sha256, width_px=width_px, is_square=is_square)
