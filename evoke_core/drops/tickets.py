"""A ticket for every drop that was asked for: `tickets/<drop_id>.json`.

The sensor writes it before it asks for a run, so that the run finds its drop by the id
of its partition alone, without a listing, also years later. What became of the drop is
no business of the ticket: that stands in the ledger.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from evoke_core.drops.drop import Drop
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
        told = json.loads(store.read(_key(drop_id)))
        drop = Drop(
            **{name: str(told[name]) for name in Drop.__dataclass_fields__},
        )
        return Ticket(
            drop,
            tries=int(told["tries"]),
            ask=str(told["ask"]),
            asked_s=float(told["asked_s"]),
            seen_at=str(told["seen_at"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _key(drop_id: str) -> str:
    return f"tickets/{drop_id}.json"
