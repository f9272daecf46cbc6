"""Each version of a song that was listed and can be fetched ends exactly once.

A machine puts, overwrites, hides and deletes songs under odd names and clocks, kills
ticks and runs at any operation, and lets runs fail and be started again by hand.
"""

import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from dagster_aws.s3.sensor import get_objects
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from evoke_core.drops import ledger
from evoke_core.drops.batches import batches
from evoke_core.drops.drop import drop_of
from evoke_core.drops.retire import RetireRules, retirable
from evoke_core.drops.sweep import Sweep, dump_sweep, load_sweep
from evoke_core.drops.tick import TickRules, take_tick
from evoke_core.drops.tickets import find_ticket, read_ticket, write_ticket

# Bounds so small that three songs cross each of them.
RULES = TickRules(objects=3, at_once=2, drops=2, waits_s=(0.0, 10.0))
RETIRE = RetireRules(kept=2, at_once=2)
# Few, so that storms meet the same song again.
NAMES = ("a", "a b.mp3", "é//b~.mp3")
CONTENTS = (b"good", b"better", b"bad")


def machine(fakes: SimpleNamespace) -> type[RuleBasedStateMachine]:
    class Drops(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.store = fakes.MemoryStore()
            self.now_s = 1000.0
            self.cursor: str | None = None
            self.partitions: list[str] = []
            self.queue: list[tuple[str, list[str]]] = []  # runs that are under way
            self.ended: list[tuple[str, list[str]]] = []
            self.launched: set[str] = set()
            self.requests = 0
            self.broken: Counter[str] = Counter()
            self.shown: set[tuple[str, str]] = set()

        # What people do

        @rule(
            name=st.sampled_from(NAMES),
            content=st.sampled_from(CONTENTS),
            skew_s=st.sampled_from((0.0, 0.0, -3600.0, 200.0, 3600.0)),
            late=st.booleans(),
        )
        def put(self, name: str, content: bytes, skew_s: float, late: bool) -> None:
            key = f"drops/{name}"
            self.store.put(key, content, modified_s=self.now_s + skew_s)
            (self.store.hidden.add if late else self.store.hidden.discard)(key)

        @rule(name=st.sampled_from(NAMES))
        def delete(self, name: str) -> None:
            self.store.blobs.pop(f"drops/{name}", None)

        @rule()
        def show_what_was_late(self) -> None:
            self.store.hidden.clear()

        @rule(seconds=st.sampled_from((0.5, 3.0, 30.0, -60.0)))
        def pass_time(self, seconds: float) -> None:
            self.now_s += seconds

        # What the daemon does

        @rule(
            dies=st.sampled_from(("", "", "", "before", "after", "listing")),
            fuse=st.sampled_from((None, None, *range(12))),
        )
        def tick(self, dies: str = "", fuse: int | None = None) -> None:
            if self.queue:
                return
            self.store.fuse, self.store.fails = fuse, dies == "listing"
            with suppress(fakes.Killed, ConnectionError):
                self._tick(dies)
            self.store.fuse, self.store.fails = None, False

        def _tick(self, dies: str) -> None:
            before = load_sweep(self.cursor)
            tick = take_tick(
                self.store,
                before,
                launched=lambda names: self.launched & set(names),
                now_s=self.now_s,
                rules=RULES,
            )
            assert not ledger.recorded(self.store, [ask.drop for ask in tick.asks])
            runs = batches(tick.asks, self.partitions, RULES)
            named = []
            for run in runs:
                self.requests += 1
                name = f"ask-{self.requests}"
                for ask in run:
                    write_ticket(
                        self.store, ask.drop, ask.tries, ask=name, asked_s=self.now_s
                    )
                named.append((name, [ask.drop.drop_id for ask in run]))
            asked = [drop_id for _, ids in named for drop_id in ids]
            assert len(asked) == len(set(asked))
            gone, kept = retirable(
                self.store, self.partitions, before.kept, RETIRE, spare=asked
            )
            # Dagster adds partitions, submits one run after the other, then saves.
            self.partitions = [each for each in self.partitions if each not in gone]
            self.partitions += [each for each in asked if each not in self.partitions]
            for row, (name, ids) in enumerate(named):
                if dies == "before" and row == len(named) - 1:
                    return
                if len(ids) > 1:
                    first, last = map(self.partitions.index, (ids[0], ids[-1]))
                    assert self.partitions[first : last + 1] == ids
                self.launched.add(name)
                self.queue.append((name, ids))
            if dies != "after":
                sweep = tick.next_sweep
                self.cursor = dump_sweep(
                    Sweep(**{n: getattr(sweep, n) for n in _FIELDS} | {"kept": kept})
                )

        @rule(garbage=st.sampled_from((None, "", "{}", '{"a-1": 3}', "[1]", "\x00")))
        def lose_the_cursor(self, garbage: str | None) -> None:
            self.cursor = garbage

        @rule()
        def have_a_quiet_moment(self) -> None:
            self.pass_time(3.0)
            self.tick()
            while self.queue:
                self.run()

        # What runs do

        @rule(
            ends=st.sampled_from(("", "", "fails")),
            fuse=st.sampled_from((None, None, *range(16))),
        )
        def run(self, ends: str = "", fuse: int | None = None) -> None:
            if not self.queue:
                return
            name, ids = self.queue.pop(0)
            self.store.fuse = fuse
            try:
                if ends != "fails":
                    for drop_id in ids:
                        self._serve(drop_id)
            except fakes.Killed:
                ends = "killed"
            self.store.fuse = None
            if ends:
                drops = [ticket.drop for ticket in map(self._ticket, ids) if ticket]
                left = set(ids) - ledger.recorded(self.store, drops)
                self.broken.update(left)
            self.ended.append((name, ids))

        @rule(data=st.data())
        def run_again_by_hand(self, data: st.DataObject) -> None:
            if self.ended and len(self.queue) < 2:
                self.queue.append(data.draw(st.sampled_from(self.ended)))

        def _serve(self, drop_id: str) -> None:
            """Do what a run does, in its order: result first, then the ledger."""
            store, drop = self.store, read_ticket(self.store, drop_id)
            board, bad = f"boards/{drop_id}/board.json", f"quarantine/{drop_id}.json"
            for outcome, where in (("board", board), ("quarantine", bad)):
                if store.exists(where):
                    ledger.record(store, drop, outcome, where)
                    return
            try:
                audio = store.read_as(drop.key, drop.etag)
            except KeyError:
                ledger.record(store, drop, "gone", "")
                return
            outcome, where = (
                ("board", board) if audio != b"bad" else ("quarantine", bad)
            )
            store.write(where, audio)
            if outcome == "quarantine":
                store.delete_as(drop.key, drop.etag)
            ledger.record(store, drop, outcome, where)

        # What must hold

        @invariant()
        def nothing_comes_twice(self) -> None:
            ends = [
                key.removesuffix("/board.json").rpartition("/")[2]
                for key in self.store.written
                if key.startswith(("boards/", "quarantine/"))
            ]
            ends = [each.removesuffix(".json") for each in ends]
            assert max(Counter(ends).values(), default=0) <= 1

        @invariant()
        def the_cursor_stays_small(self) -> None:
            assert len((self.cursor or "").encode()) <= 4096

        def teardown(self) -> None:
            """Let the storm pass; then everything that can be fetched is done."""
            self.store.hidden.clear()
            for _ in range(40):
                self.now_s += 4000
                self.tick()
                while self.queue:
                    self.run()
            for found in list(self.store.listing("drops/")):
                drop = drop_of(found.key, found.etag)
                if not ledger.recorded(self.store, [drop]):
                    # It rests, and only for runs that truly broke.
                    assert self.broken[drop.drop_id] > len(RULES.waits_s)
                    self.queue.append(("by hand", [drop.drop_id]))
                    self.run()
                [end] = ledger.recorded(self.store, [drop])
                assert end == drop.drop_id
                ends = {f"boards/{end}/board.json", f"quarantine/{end}.json"}
                assert len(ends & set(self.store.blobs)) == 1

        def _ticket(self, drop_id: str) -> object:
            return find_ticket(self.store, drop_id)

    return Drops


_FIELDS = tuple(json.loads(dump_sweep(Sweep())).keys() - {"version"})


def play(fakes: SimpleNamespace, *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine(fakes),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_each_version_ends_exactly_once(fakes: SimpleNamespace):
    play(fakes, examples=60, steps=20)


@pytest.mark.slow
def test_each_version_ends_exactly_once_in_ten_thousand_storms(fakes: SimpleNamespace):
    play(fakes, examples=10_000, steps=20)


class S3Client:
    """What dagster-aws asks of boto3, over a store in memory."""

    def __init__(self, store) -> None:
        self.store = store

    def get_paginator(self, _: str) -> "S3Client":
        return self

    def paginate(self, **_: str) -> list[dict[str, object]]:
        found = [
            {
                "Key": each.key,
                "LastModified": datetime.fromtimestamp(each.modified_s, UTC),
            }
            for each in self.store.listing("drops/")
        ]
        return [{"Contents": found}] if found else [{}]


class Watcher:
    """Two ways of watching the same bucket: ours, and dagster-aws's by its last key."""

    def __init__(self, store) -> None:
        self.store, self.sweep = store, Sweep()
        self.ours: list[str] = []
        self.theirs: list[str] = []

    def look(self) -> None:
        tick = take_tick(self.store, self.sweep, launched=set, now_s=9000.0)
        for ask in tick.asks:
            self.ours.append(f"{ask.drop.source_key} {ask.drop.etag[:4]}")
            ledger.record(self.store, ask.drop, "board", "")
        self.sweep = tick.next_sweep

    def look_as_dagster_aws(self) -> None:
        since = self.theirs[-1] if self.theirs else None
        found = get_objects("memory", "drops/", since, client=S3Client(self.store))
        self.theirs += [str(each["Key"]) for each in found]


def watch(memory) -> Watcher:
    memory.put("drops/m.mp3", b"first", modified_s=1000.0)
    watcher = Watcher(memory)
    watcher.look()
    watcher.look_as_dagster_aws()
    assert (len(watcher.ours), watcher.theirs) == (1, ["drops/m.mp3"])
    return watcher


def test_a_song_of_the_very_same_second_is_seen_where_dagster_aws_misses_it(memory):
    watcher = watch(memory)
    memory.put("drops/a.mp3", b"second", modified_s=1000.0)  # sorts before the last key
    watcher.look()
    watcher.look_as_dagster_aws()

    assert len(watcher.ours) == 2
    assert watcher.theirs == ["drops/m.mp3"]


def test_a_song_older_than_a_touched_one_is_seen_where_dagster_aws_misses_it(memory):
    watcher = watch(memory)
    memory.put("drops/n.mp3", b"second", modified_s=1001.0)
    memory.put("drops/m.mp3", b"first", modified_s=1002.0)  # touched: the same content
    watcher.look()
    watcher.look_as_dagster_aws()

    assert len(watcher.ours) == 2
    assert watcher.theirs == ["drops/m.mp3"]


def test_a_deleted_song_stops_dagster_aws_and_nothing_here(memory):
    watcher = watch(memory)
    memory.delete("drops/m.mp3")
    memory.put("drops/n.mp3", b"second", modified_s=1001.0)
    watcher.look()

    assert len(watcher.ours) == 2
    with pytest.raises(Exception, match="since_key"):
        watcher.look_as_dagster_aws()
