"""What several processes do at once to one store, each a real process of its own.

Nothing in the store locks: a write is whole or invisible, runs that could take from
each other share a pool in Dagster (one at a time), and what may run at once either
writes the same bytes, or looks again after it wrote. Here the workers; what they must
leave behind stands in `test_together`.
"""

import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from evoke_core.boards.cards import TABLE
from evoke_core.boards.shelf import GALLERY, hang_gallery
from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of
from evoke_core.drops.sweep import Sweep
from evoke_core.drops.tick import TickRules, take_tick
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.release import (
    Release,
    publish,
    read_previous_release,
    read_release,
    roll_back,
)
from evoke_core.reviews.inbox import INBOX, take_verdicts, waiting
from evoke_core.storage.address import open_store

Work = tuple[Callable[..., None], tuple[Any, ...]]
LIMIT_S = 240
RELEASE = Release(
    collection="images_0", projection="models/0", kind="bridge", truth="planted",
    directions="models/0", vocabulary="v0", image_encoder="painter/1",
    music_encoder="listener/1", licence="MIT", pictures=0, sources=("painted",),
    made_at="2026-01-01T00:00:00+00:00", figures={},
)  # fmt: skip


def at_once(*work: Work, environment: Mapping[str, str] | None = None) -> list[str]:
    """Run functions in processes that start together; returns what went wrong."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.proof.together", "tests.proof.races"])
    gate, faults = context.Barrier(len(work)), context.Queue()
    running = [
        context.Process(target=_run, args=(gate, faults, environment or {}, *each))
        for each in work
    ]
    for process in running:
        process.start()
    said = [faults.get(timeout=LIMIT_S) for _ in running]
    for process in running:
        process.join(LIMIT_S)
        if process.is_alive():
            process.kill()
    return [fault for fault in said if fault]


def _run(
    gate: Any, faults: Any, environment: dict[str, str], work: Any, args: Any
) -> None:
    os.environ.update(environment)
    gate.wait(LIMIT_S)
    try:
        work(*args)
    except BaseException as wrong:
        faults.put(f"{work.__name__}: {type(wrong).__name__}: {wrong}")
        raise
    faults.put("")


def release_of(number: int) -> Release:
    """Return a release whose every name says the same number."""
    return replace(
        RELEASE, collection=f"images_{number}", projection=f"models/{number}",
        directions=f"models/{number}", vocabulary=f"v{number}", pictures=number,
    )  # fmt: skip


def require_whole(release: Release) -> None:
    """Refuse a release that was put together from two."""
    if release != release_of(release.pictures):
        raise AssertionError(f"a mixed release: {release}")


def publish_many(uri: str, first: int, count: int) -> None:
    """Publish releases, as runs do that nothing holds apart."""
    store = open_store(uri)
    for number in range(first, first + count):
        publish(store, release_of(number))


def roll_back_often(uri: str, count: int) -> None:
    """Roll back and forth."""
    store = open_store(uri)
    for _ in range(count):
        require_whole(roll_back(store))


def read_releases(uri: str, seconds: float) -> None:
    """Read what is served, and what was before, as often as there is time."""
    store, until = open_store(uri), time.monotonic() + seconds
    while time.monotonic() < until:
        require_whole(read_release(store))
        require_whole(read_previous_release(store))


def board_of(name: str) -> bytes:
    """Return a document with what a card shows."""
    tiles = [{"thumbnail": f"../thumbnails/{name}{i}.jpg"} for i in range(4)]
    return json.dumps(
        {
            "board_id": name,
            "track": {"title": name, "artist": None, "duration_s": 4.0, "note": None,
                      "source": "drops"},
            "moods": [{"mood": "calm"}], "palette": ["#102030"], "tiles": tiles,
            "refinement": {"axes": [], "setting": {}}, "padding": "x" * 20_000,
        }
    ).encode()  # fmt: skip


def shelve_many(uri: str, prefix: str, count: int, each: int) -> None:
    """Finish boards, and hang the gallery after every so many, as runs do."""
    store = open_store(uri)
    for number in range(count):
        name = f"{prefix}-{number:03d}"
        store.write(f"boards/{name}/board.json", board_of(name))
        if (number + 1) % each == 0:
            hang_gallery(store)
    hang_gallery(store)


def read_galleries(uri: str, seconds: float) -> None:
    """Read gallery and cards; both are whole whenever they are there."""
    store, until = open_store(uri), time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            page, table = store.read(GALLERY).decode(), json.loads(store.read(TABLE))
        except KeyError:
            continue
        if not page.rstrip().endswith("</html>") or set(table) != {"version", "boards"}:
            raise AssertionError("half a gallery")


def tick_often(uri: str, count: int, seed: int) -> None:
    """Take ticks and serve what they ask for, beside another sensor that does, too."""
    store, draw = open_store(uri), random.Random(seed)
    for _ in range(count):
        tick = take_tick(
            store, Sweep(), launched=lambda _: (), now_s=time.time() + 60,
            rules=TickRules(drops=draw.randint(1, 8)),
        )  # fmt: skip
        for ask in tick.asks:
            write_ticket(store, ask.drop, ask.tries, ask="x", asked_s=time.time())
            ticket = find_ticket(store, ask.drop.drop_id)
            if ticket is None or ticket.drop != ask.drop:
                raise AssertionError(f"no ticket, or a torn one: {ticket}")
            page = f"boards/{ask.drop.drop_id}/board.html"
            store.write(page, ask.drop.key.encode())
            ledger.record(store, ask.drop, "board", page)


def put_songs(uri: str, count: int) -> None:
    """Drop songs while others look; some are overwritten at once."""
    store = open_store(uri)
    for number in range(count):
        store.write(f"drops/{number % 7}/{number:03d}.wav", b"first")
        if number % 5 == 0:
            store.write(f"drops/{number % 7}/{number:03d}.wav", b"second one")


def take_often(uri: str, count: int, now: Any) -> None:
    """Take verdicts out of the inbox, as two runs would."""
    store = open_store(uri)
    for _ in range(count):
        files = waiting(store.listing(INBOX), now_s=time.time() + 60)
        take_verdicts(store, files, now=now)


def settled_of(uri: str) -> list[str]:
    """Name the songs in drops/ that no record stands for."""
    store = open_store(uri)
    drops = [drop_of(found.key, found.etag) for found in store.listing("drops/")]
    done = ledger.recorded(store, drops)
    return [drop.drop_id for drop in drops if drop.drop_id not in done]
