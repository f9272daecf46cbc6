"""A ticket for every drop that was asked for: `tickets/<drop_id>.json`.

The sensor writes it before it asks for a run, so that the run finds its drop by the id
of its partition alone, without a listing, also years later. What became of the drop is
no business of the ticket: that stands in the ledger.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from evoke_core.drops.drop import PREFIX, Drop
from evoke_core.storage.store import Store


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is known of a drop that has no record yet.

    Args:
        drop: The song.
        tries: Runs that took it and broke.
        ask: Name of the last request for a run, "" for none. Whether a run came of it
            only Dagster knows: a tick can die between the ticket and the run.
        asked_s: When that was, seconds since the epoch.
        seen_at: When it was seen first, ISO 8601 in UTC.
    """

    drop: Drop
    tries: int = 0
    ask: str = ""
    asked_s: float = 0.0
    seen_at: str = ""


def write_ticket(
    store: Store, drop: Drop, tries: int, *, ask: str = "", asked_s: float = 0.0
) -> None:
    """Put a drop's ticket; one that is there keeps when the drop was seen first."""
    before = find_ticket(store, drop.drop_id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ticket = {
        **asdict(drop),
        "tries": tries,
        "ask": ask,
        "asked_s": asked_s,
        "seen_at": before.seen_at if before else now,
    }
    store.write(_key(drop.drop_id), json.dumps(ticket, indent=1).encode())


def read_ticket(store: Store, drop_id: str) -> Drop:
    """Return the drop that a ticket is for; KeyError where there is none."""
    ticket = find_ticket(store, drop_id)
    if ticket is None:
        raise KeyError(drop_id)
    return ticket.drop


def find_ticket(store: Store, drop_id: str) -> Ticket | None:
    """Return a drop's ticket; None where there is none, or none that can be read."""
    try:
        return _ticket(drop_id, json.loads(store.read(_key(drop_id))))
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def _ticket(drop_id: str, told: Mapping[str, Any]) -> Ticket:
    drop = Drop(
        drop_id=str(told["drop_id"]),
        key=str(told["key"]),
        source_key=str(told["source_key"]),
        etag=str(told["etag"]),
        size_bytes=max(0, int(told.get("size_bytes", 0))),
    )
    asked_s = float(told["asked_s"])
    # One that speaks of something else would let a run write over another's board.
    if (drop.drop_id, drop.key) != (drop_id, f"{PREFIX}{drop.source_key}"):
        raise ValueError(drop_id)
    return Ticket(
        drop,
        tries=max(0, int(told["tries"])),
        ask=str(told["ask"]),
        asked_s=asked_s if math.isfinite(asked_s) else 0.0,
        seen_at=str(told["seen_at"]),
    )


def _key(drop_id: str) -> str:
    return f"tickets/{drop_id}.json"
