"""Which partitions of served drops are let go, so that the UI stays quick.

Nothing is lost with a partition: board, record, ledger and ticket stay, and adding it
again under its name lets the drop be served again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evoke_core.drops.ledger import recorded
from evoke_core.drops.tickets import find_ticket
from evoke_core.storage.store import Store


@dataclass(frozen=True, slots=True)
class RetireRules:
    """How many partitions stay, and how many are looked into in one tick."""

    kept: int = 5000
    at_once: int = 100


def retirable(
    store: Store,
    known: Sequence[str],
    start: int,
    rules: RetireRules,
    *,
    spare: Collection[str] = (),
) -> tuple[list[str], int]:
    """Choose partitions beyond the limit, oldest first, whose drops are recorded.

    Args:
        store: Where ledger and tickets lie.
        known: Partitions in the order in which they were added.
        start: How many of the oldest were found to have to stay.
        rules: The limit.
        spare: Drops that are about to run.

    Returns:
        Drop ids, and where to go on: a drop without a record stays to be seen.
    """
    beyond = known[: max(0, len(known) - rules.kept)]
    start = start if start < len(beyond) else 0
    looked = beyond[start : start + rules.at_once]
    tickets = {drop_id: find_ticket(store, drop_id) for drop_id in looked}
    drops = [ticket.drop for ticket in tickets.values() if ticket is not None]
    done = recorded(store, drops)
    gone = [
        each
        for each in looked
        # Without a ticket no run could find the drop.
        if each not in spare and (tickets[each] is None or each in done)
    ]
    return gone, start + len(looked) - len(gone)
