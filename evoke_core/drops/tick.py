"""What one tick of the drop sensor asks for.

A tick reads on in the listing of drops from where the last one stopped, joins it with
the ledger, and asks for what stands in no ledger; at the end of the listing the next
tick begins again. So every object is looked at once a walk, whenever it became visible
and whatever its clock says: late objects, objects of one second, and keys that sort
before all others are nothing special, and a tick that dies loses nothing but its time.
A key that is put while the walk is beyond it waits for the next walk: with N objects
and `objects` of them a tick, for at most ceil(N / objects) + 1 ticks. S3 lists by key
alone, so nothing that only lists can be quicker; `notices` can.

Nothing here knows of runs: which were started, and how songs share them, is `batches`
and the sensor's.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from evoke_core.drops.drop import (
    PREFIX,
    Drop,
    drop_of,
    is_settled,
    is_song,
)
from evoke_core.drops.ledger import settled
from evoke_core.drops.sweep import LONGEST_KEY, NAMED, Sweep
from evoke_core.drops.tickets import Ticket, find_ticket
from evoke_core.storage.store import Store, StoredObject

# Says which requests for runs, by their names, became runs.
Launched = Callable[[Collection[str]], Collection[str]]


@dataclass(frozen=True, slots=True)
class TickRules:
    """How much one tick does, and how often a drop is tried.

    Args:
        objects: Of the listing that a tick looks at.
        at_once: Of those that are joined with the ledger at once; a page of S3.
        drops: Without a record that a tick looks into, and in a run at most.
        waits_s: Before a drop whose run broke is tried again, for the first time, the
            second ...; then it rests.
        deadline_s: After which a tick looks no further; Dagster ends it at 60.
    """

    objects: int = 20_000
    at_once: int = 1000
    drops: int = 100
    waits_s: tuple[float, ...] = (0.0, 600.0)
    deadline_s: float = 40.0


@dataclass(frozen=True, slots=True)
class Ask:
    """A drop that wants a run, and how many runs of it broke before."""

    drop: Drop
    tries: int


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the listing and what the store knows of it.

    Args:
        last: Key of its last object.
        songs: How many it holds.
        unsettled: Of those, still being copied.
        odd: Of those, under names that can't be fetched.
        due: The rest that stands in no ledger, in order; `tries` counts every run that
            broke.
    """

    last: str
    songs: int
    unsettled: int
    odd: int
    due: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick asks for, and where the next one goes on.

    Args:
        asks: In the order of the listing; none is recorded or resting.
        sweep: Totals of the walk so far, its end included.
        ended: The walk came to the end of the listing.
    """

    asks: tuple[Ask, ...]
    sweep: Sweep
    ended: bool = False

    @property
    def next_sweep(self) -> Sweep:
        """Where the next tick goes on."""
        return self.sweep.again() if self.ended else self.sweep


def take_tick(
    store: Store,
    sweep: Sweep,
    *,
    launched: Launched,
    now_s: float,
    noticed: Sequence[StoredObject] = (),
    is_late: Callable[[], bool] = lambda: False,
    rules: TickRules | None = None,
) -> Tick:
    """Look on through the drops until there is enough to ask for, or enough was read.

    Args:
        store: Where drops, ledger and tickets lie.
        sweep: Where the last tick stopped.
        noticed: Objects that were announced; they come first.
        launched: Says which requests became runs.
        now_s: Seconds since the epoch.
        is_late: Says that the tick's time is up.
        rules: Bounds.

    Raises:
        Exception: The listing failed; that is not an empty one, and nothing is asked.
    """
    rules = rules or TickRules()
    told, _ = look(
        store,
        sorted(noticed, key=lambda found: found.key),
        launched=launched,
        now_s=now_s,
        room=rules.drops,
    )
    first = decide(told, Tick((), sweep), now_s=now_s, rules=rules)
    tick = _walk(store, sweep, launched, now_s, is_late, rules)
    once = {ask.drop.drop_id: ask for ask in (*first.asks, *tick.asks)}
    return replace(tick, asks=tuple(once.values()))


def _walk(
    store: Store,
    sweep: Sweep,
    launched: Launched,
    now_s: float,
    is_late: Callable[[], bool],
    rules: TickRules,
) -> Tick:
    tick = Tick((), sweep)
    # Names that no cursor could hold exist in folders only, and are no songs' names.
    listing = (
        found
        for found in store.listing(PREFIX, after=sweep.after)
        if len(found.key) <= LONGEST_KEY // 4  # of 4 bytes at most
        or len(found.key.encode(errors="surrogatepass")) <= LONGEST_KEY
    )
    objects, room = rules.objects, rules.drops
    while True:
        wanted = min(rules.at_once, objects)
        seen = list(islice(listing, wanted))
        if seen and not room:
            return tick
        page, whole = look(store, seen, launched=launched, now_s=now_s, room=room)
        tick = decide(page, tick, now_s=now_s, rules=rules)
        objects, room = objects - len(seen), room - len(page.due)
        if not whole:
            return tick
        if len(seen) < wanted:
            return replace(tick, ended=True)
        if not objects or is_late():
            return tick


def look(
    store: Store,
    seen: Sequence[StoredObject],
    *,
    launched: Launched,
    now_s: float,
    room: int,
) -> tuple[Page, bool]:
    """Join objects with the ledger and with the tickets of what is not in it.

    Args:
        store: Where ledger and tickets lie.
        seen: Objects in the order of their keys.
        launched: Says which requests became runs.
        now_s: Seconds since the epoch.
        room: Drops without a record to look into, at least 1.

    Returns:
        The page, and whether it holds all that was seen: it ends with the drop that
        takes the last room.
    """
    songs = [found for found in seen if is_song(found.key)]
    ready = {
        (found.key.removeprefix(PREFIX), found.etag): found
        for found in songs
        if _is_ready(found, now_s)
    }
    done = settled(store, ready)
    due = [found for version, found in ready.items() if version not in done]
    whole = len(due) <= room
    last = seen[-1].key if whole and seen else due[room - 1].key if due else ""
    rest = [
        found
        for found in songs
        if (found.key.removeprefix(PREFIX), found.etag) not in ready
    ]
    odd = sum(not _is_usable(found.key) for found in rest if found.key <= last)
    count = sum(found.key <= last for found in songs)
    unsettled = sum(found.key <= last for found in rest) - odd
    tickets = _tickets(store, due[:room], launched)
    return Page(last, count, unsettled, odd, tickets), whole


def decide(page: Page, before: Tick, *, now_s: float, rules: TickRules) -> Tick:
    """Choose of a page what to ask for; pure.

    Args:
        page: What was seen, and what is known of it.
        before: What this tick asks for already, and where it is.
        now_s: Seconds since the epoch.
        rules: Bounds.

    Returns:
        The tick with this page.
    """
    rests = [t.drop.drop_id for t in page.due if t.tries > len(rules.waits_s)]
    asks = [
        Ask(ticket.drop, ticket.tries)
        for ticket in page.due
        if _is_time(ticket, now_s, rules)
    ]
    sweep = before.sweep
    return Tick(
        (*before.asks, *asks),
        replace(
            sweep,
            after=page.last or sweep.after,
            songs=sweep.songs + page.songs,
            unsettled=sweep.unsettled + page.unsettled,
            odd=sweep.odd + page.odd,
            resting=sweep.resting + len(rests),
            named=(*sweep.named, *rests)[:NAMED],
        ),
    )


def _tickets(
    store: Store, due: Sequence[StoredObject], launched: Launched
) -> tuple[Ticket, ...]:
    drops = [drop_of(found.key, found.etag, found.size_bytes) for found in due]
    held = [
        replace(known, drop=drop)
        if (known := find_ticket(store, drop.drop_id))
        # What is listed is true, whatever a ticket says of it.
        else Ticket(drop)
        for drop in drops
    ]
    requests = {ticket.ask for ticket in held if ticket.ask}
    # A request that died before its run broke nothing.
    ran = launched(requests) if requests else ()
    return tuple(
        replace(ticket, tries=ticket.tries + 1) if ticket.ask in ran else ticket
        for ticket in held
    )


def _is_time(ticket: Ticket, now_s: float, rules: TickRules) -> bool:
    if not ticket.tries:
        return True
    if ticket.tries > len(rules.waits_s):
        return False
    # A clock that was set back must not make a drop wait for years.
    return abs(now_s - ticket.asked_s) >= rules.waits_s[ticket.tries - 1]


def _is_ready(found: StoredObject, now_s: float) -> bool:
    return _is_usable(found.key) and is_settled(found, now_s=now_s)


def _is_usable(key: str) -> bool:
    """Say whether a key can be fetched: HTTP clients resolve dot segments."""
    return not ("/." in key and {".", ".."} & set(key.split("/")))
