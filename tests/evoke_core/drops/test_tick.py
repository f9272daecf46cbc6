"""A tick reads so much and no more, and goes on where it stopped."""

from dataclasses import replace

import pytest

from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of, observe
from evoke_core.drops.sweep import LONGEST_KEY, Sweep
from evoke_core.drops.tick import Ask, Page, Tick, TickRules, decide, take_tick
from evoke_core.drops.tickets import Ticket, write_ticket

NOW = 10_000.0
SMALL = TickRules(objects=4, at_once=2, drops=3, waits_s=(0.0, 600.0))


def put(memory, *names: str, age_s: float = 60.0) -> None:
    for name in names:
        memory.put(f"drops/{name}", name.encode(), modified_s=NOW - age_s)


def listed(memory):
    return observe(memory.listing("drops/"), now_s=NOW)


def settle(memory, *names: str) -> None:
    for drop in listed(memory):
        if drop.source_key in names:
            ledger.record(memory, drop, "board", "")


def go(memory, sweep=None, *, launched=(), rules=SMALL, **more) -> Tick:
    return take_tick(
        memory,
        sweep or Sweep(),
        launched=lambda names: set(launched) & set(names),
        now_s=NOW,
        rules=rules,
        **more,
    )


def names(tick: Tick) -> list[str]:
    return [ask.drop.source_key for ask in tick.asks]


def test_what_stands_in_no_ledger_is_asked_for(memory):
    put(memory, "a.mp3", "b.mp3", "c.txt")
    settle(memory, "a.mp3")
    tick = go(memory)

    assert names(tick) == ["b.mp3"]
    assert tick.ended
    assert tick.sweep.songs == 2
    assert tick.next_sweep == Sweep()


def test_walks_meet_every_object_a_few_at_a_time(memory):
    every = [f"{letter}.mp3" for letter in "abcdefghij"]
    put(memory, *every)
    settle(memory, *every)
    sweep, seen, ticks = Sweep(), 0, 0
    while True:
        tick, ticks = go(memory, sweep), ticks + 1
        assert tick.sweep.songs - seen <= SMALL.objects
        seen = tick.sweep.songs
        if tick.ended:
            break
        sweep = tick.next_sweep

    assert (seen, ticks) == (10, 3)


def test_a_song_behind_the_walk_is_met_by_the_next_one(memory):
    every = [f"{letter}.mp3" for letter in "bcdefgh"]
    put(memory, *every)
    settle(memory, *every)
    first = go(memory)
    put(memory, "a.mp3", age_s=9000)
    second = go(memory, first.next_sweep)
    third = go(memory, second.next_sweep)

    assert (names(first), names(second), names(third)) == ([], [], ["a.mp3"])


def test_a_burst_is_cut_and_the_rest_comes_next(memory):
    put(memory, *"abcdefg")
    first = go(memory)
    second = go(memory, first.next_sweep)

    assert (names(first), first.sweep.after) == (["a", "b", "c"], "drops/c")
    assert names(second) == ["d", "e", "f"]


def test_a_tick_that_is_full_at_the_very_end_has_ended_the_walk(memory):
    put(memory, *"bcd")
    first = go(memory)
    settle(memory, *"bcd")
    put(memory, "a")

    assert names(first) == ["b", "c", "d"]
    assert first.ended
    assert names(go(memory, first.next_sweep)) == ["a"]


def test_time_that_is_up_ends_a_tick_after_one_look(memory):
    put(memory, *"abcd")
    settle(memory, *"abcd")
    tick = go(memory, is_late=lambda: True)

    assert (tick.sweep.songs, tick.sweep.after, tick.ended) == (2, "drops/b", False)


def test_a_listing_that_breaks_is_no_empty_one(memory):
    put(memory, "a")
    memory.fails = True

    with pytest.raises(ConnectionError):
        go(memory)


def test_names_that_cannot_be_fetched_are_counted(memory):
    put(memory, "x/../a.mp3", "./b.mp3", "folder/", "c//d.mp3", "n" * 1300)
    tick = go(memory, rules=TickRules())

    assert (tick.sweep.odd, tick.sweep.songs, tick.sweep.unsettled) == (2, 3, 0)
    assert names(tick) == ["c//d.mp3"]


def test_what_is_still_written_is_counted_and_waits(memory):
    put(memory, "a.mp3", age_s=1.0)
    put(memory, "b.mp3", age_s=-100.0)
    put(memory, "c.mp3", age_s=-86_400.0)
    tick = go(memory)

    assert tick.sweep.unsettled == 2
    assert names(tick) == ["c.mp3"]


def test_what_was_announced_comes_first_and_once(memory):
    put(memory, "a.mp3", "z.mp3")
    [a, z] = memory.listing("drops/")
    settle(memory, "a.mp3")
    tick = go(memory, noticed=[z, a, z])

    assert names(tick) == ["z.mp3"]
    assert tick.sweep.songs == 2


def test_what_was_announced_need_not_wait_for_the_walk(memory):
    put(memory, "a.mp3")
    [a] = memory.listing("drops/")
    tick = go(memory, Sweep(after="drops/b"), noticed=[a])

    assert names(tick) == ["a.mp3"]


def test_what_was_announced_waits_after_a_broken_run_like_all(memory):
    put(memory, "a.mp3")
    [a], [drop] = memory.listing("drops/"), listed(memory)
    beyond = Sweep(after="drops/b")
    write_ticket(memory, drop, 1, ask="one", asked_s=NOW - 5)

    assert go(memory, beyond, noticed=[a]).asks == (Ask(drop, 1),)
    assert go(memory, beyond, noticed=[a], launched=["one"]).asks == ()


def test_hidden_folders_and_the_longest_names_hold_songs_too(memory):
    long, longest = "n" * 400, "ü" * ((LONGEST_KEY - len("drops/")) // 2)
    put(memory, "a/.b/c.mp3", long, longest)

    assert names(go(memory)) == ["a/.b/c.mp3", long, longest]


def test_a_request_that_never_ran_is_no_try(memory):
    put(memory, "a.mp3")
    [drop] = listed(memory)
    write_ticket(memory, drop, 0, ask="one", asked_s=NOW - 5)

    assert go(memory, launched=()).asks == (Ask(drop, 0),)
    assert go(memory, launched=["one"]).asks == (Ask(drop, 1),)
    write_ticket(memory, drop, 1, ask="one", asked_s=NOW - 5)

    assert go(memory, launched=()).asks == (Ask(drop, 1),)
    assert go(memory, launched=["one"]).asks == ()  # two tries: it has to wait
    write_ticket(memory, drop, 2, ask="two", asked_s=NOW - 900)
    assert go(memory, launched=()).asks == (Ask(drop, 2),)
    resting = go(memory, launched=["two"])
    assert resting.asks == ()
    assert (resting.sweep.resting, resting.sweep.named) == (1, (drop.drop_id,))


def test_nobody_is_asked_about_runs_where_none_was_requested(memory):
    put(memory, "a.mp3")

    def never(_):
        raise AssertionError("a look into Dagster's storage for nothing")

    tick = take_tick(memory, Sweep(), launched=never, now_s=NOW, rules=SMALL)

    assert names(tick) == ["a.mp3"]


def test_a_song_is_as_large_as_the_listing_says_whatever_its_ticket_does(memory):
    put(memory, "a.mp3", "b.mp3")
    a, _ = listed(memory)
    write_ticket(memory, replace(a, size_bytes=10**12), 1)

    assert [ask.drop.size_bytes for ask in go(memory).asks] == [5, 5]


def test_a_walk_that_ends_with_a_page_stands_at_its_last_song(memory):
    put(memory, *"ab")
    settle(memory, *"ab")
    tick = go(memory)

    assert (tick.sweep.after, tick.ended) == ("drops/b", True)


def test_drops_that_rest_do_not_keep_others_from_their_turn(memory):
    put(memory, *"abcdefg")
    for drop in listed(memory)[:6]:
        write_ticket(memory, drop, 3)
    first = go(memory)
    second = go(memory, first.next_sweep)
    third = go(memory, second.next_sweep)

    assert [names(tick) for tick in (first, second, third)] == [[], [], ["g"]]
    assert third.sweep.resting == 6


@pytest.mark.parametrize(
    ("tries", "waited_s", "is_asked"),
    [(0, 0.0, True), (1, 0.0, True), (2, 599.0, False), (2, 600.0, True),
     (2, -900.0, True), (3, 1e6, False), (9, 1e6, False)],
)  # fmt: skip
def test_broken_drops_wait_longer_each_time_and_then_rest(tries, waited_s, is_asked):
    drop = drop_of("drops/a", "e")
    ticket = Ticket(drop, tries=tries, ask="one", asked_s=NOW - waited_s)
    page = Page("drops/a", 1, 0, 0, (ticket,))
    tick = decide(page, Tick((), Sweep()), now_s=NOW, rules=SMALL)

    assert tick.asks == ((Ask(drop, tries),) if is_asked else ())
    assert tick.sweep == replace(
        Sweep(),
        after="drops/a",
        songs=1,
        resting=int(tries > 2),
        named=(drop.drop_id,) * (tries > 2),
    )
