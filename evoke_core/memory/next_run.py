"""The next run of images: of what waits, which songs, and when.

A board is drawn for by the asset that can find its song: one of drops or one of the
curated library. What is neither has nobody who could.

Not here: what waits (due), asking Dagster for the run (evoke_pipelines.sensors).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evoke_core.drops.tickets import find_ticket
from evoke_core.memory.attempts import read_attempts
from evoke_core.memory.due import DueRules, share_run
from evoke_core.memory.keepsake import refuse
from evoke_core.storage.store import Store

PAUSE_S, LONGEST_PAUSE_S = 300.0, 3600.0


@dataclass(frozen=True, slots=True)
class Shelves:
    """The partitions that boards may belong to.

    Args:
        drops: Known dropped songs, in the order in which they were added.
        tracks: Names of curated tracks in their order, by library and key.
    """

    drops: Sequence[str]
    tracks: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class ImageRun:
    """One run of images.

    Args:
        dropped: Partitions of dropped songs; some may have to be added first.
        tracks: Partitions of curated tracks; empty where `dropped` are not.
    """

    dropped: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()


def choose_run(store: Store, waiting: Sequence[str], shelves: Shelves) -> ImageRun:
    """Choose what the next run draws for, dropped songs first; empty for nothing.

    A song that had all its tries gets a card that says so, and waits no longer.

    Args:
        store: Where boards and tickets are.
        waiting: Ids of boards without their image.
        shelves: What they may belong to.
    """
    rules = DueRules()
    dropped = [each for each in waiting if find_ticket(store, each)]
    ids = share_run(_untired(store, dropped, rules), shelves.drops, rules)
    if ids:
        return ImageRun(dropped=ids)
    others = {one: _track_of(store, one, shelves) for one in waiting}
    tracks = {one: name for one, name in others.items() if name and one not in dropped}
    tries = {tracks[one]: n for one, n in _untired(store, tracks, rules).items()}
    return ImageRun(tracks=share_run(tries, list(shelves.tracks.values()), rules))


def pause_s(broken: int, since_s: float) -> float:
    """Return how long to wait before the next run; 0 or less for not at all.

    Without a pause, absent weights would break a run at every look.

    Args:
        broken: Runs that broke since the last that did not.
        since_s: Seconds since the last of them ended.
    """
    if not broken:
        return 0.0
    longest: float = min(PAUSE_S * 2.0 ** min(broken - 1, 10), LONGEST_PAUSE_S)
    return longest - since_s


def _untired(store: Store, waiting: Iterable[str], rules: DueRules) -> dict[str, int]:
    """Count the broken runs of each board; what had all its tries is refused."""
    tries = {}
    for board_id in waiting:
        before = read_attempts(store, board_id)
        if before.count < rules.tries:
            tries[board_id] = before.count
            continue
        message = (
            f"{before.count} runs broke over it, the last by: {before.error}; mend "
            "that and materialise its partition again"
        )
        refuse(store, board_id, "broken", message)
    return tries


def _track_of(store: Store, board_id: str, shelves: Shelves) -> str | None:
    """Return the curated track that a board is of; None for any other board."""
    try:
        track = json.loads(store.read(f"boards/{board_id}/board.json"))["track"]
        return shelves.tracks.get((track["source"], track["source_key"]))
    except (KeyError, TypeError, ValueError):
        return None
