"""What became of dropped songs: done, set aside with a reason, or waiting.

Deciding and moving are `drops.tick` and `serving.quarantine`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from evoke_core.corpus.listed import storable
from evoke_core.drops.drop import PREFIX, QUARANTINE, drop_of, is_song
from evoke_core.drops.ledger import recorded
from evoke_core.serving.quarantine import DONE
from evoke_core.storage.store import Store

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Aside:
    """A song that was set aside: its name, and why, as a word and as a sentence."""

    song: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of dropped songs.

    Args:
        done: With a board.
        waiting: Seen, and not looked at yet.
        next_up: The first few of them by name.
        quarantined: Set aside.
        aside: The first few of them.
    """

    done: int
    waiting: int
    next_up: tuple[str, ...]
    quarantined: int
    aside: tuple[Aside, ...]


def count_dropped(store: Store, boards: Iterable[str]) -> Dropped:
    """Count dropped songs by what became of them.

    Args:
        store: Where they lie.
        boards: Ids of whole boards; a drop's board has its id.
    """
    lying = [
        drop_of(found.key, found.etag)
        for found in store.listing(PREFIX)
        if is_song(found.key)
    ]
    records = _records(store)
    settled = recorded(store, lying) | set(boards)
    moved = {found.key.split("/")[1] for found in store.listing(DONE)}
    here = {drop.drop_id for drop in lying}
    waiting = [
        storable(drop.source_key)
        for drop in lying
        if drop.drop_id not in settled and drop.drop_id not in records
    ]
    return Dropped(
        done=len(((here & settled) | moved) - set(records)),
        waiting=len(waiting),
        next_up=tuple(waiting[:SHOWN]),
        quarantined=len(records),
        aside=tuple(
            _aside(store, records[drop_id]) for drop_id in sorted(records)[:SHOWN]
        ),
    )


def _records(store: Store) -> dict[str, str]:
    """List the records of quarantine: store key by drop_id."""
    keys = (found.key for found in store.listing(QUARANTINE))
    return {
        key.removeprefix(QUARANTINE).removesuffix(".json"): key
        for key in keys
        if key.count("/") == 1 and key.endswith(".json")
    }


def _aside(store: Store, key: str) -> Aside:
    try:
        told = json.loads(store.read(key))
        return Aside(
            song=storable(str(told["source_key"])),
            reason=storable(str(told["reason"])).replace("_", " "),
            message=storable(str(told["message"])),
        )
    except (KeyError, TypeError, ValueError):
        return Aside(key.removeprefix(QUARANTINE), "unreadable record", "")
