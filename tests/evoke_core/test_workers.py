"""Work comes back in order, from this process or from several."""

import os
from collections.abc import Sequence
from functools import partial

import pytest

from evoke_core.corpus.decode import decode_picture
from evoke_core.errors import PictureRefused
from evoke_core.workers import map_guarded, map_over_cores, with_progress


def square_and_say_where(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int, *, at: int) -> int:
    if number == at:
        raise PictureRefused("truncated", f"picture {number} ends early")
    return number


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


def test_few_items_stay_in_this_process(two_cores: None):
    done = list(map_over_cores(square_and_say_where, range(23)))

    assert done == [(n * n, os.getpid()) for n in range(23)]


def test_one_core_needs_no_second_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)

    done = list(map_over_cores(square_and_say_where, range(40)))

    assert {process for _, process in done} == {os.getpid()}


def test_many_items_are_spread_and_come_back_in_order(two_cores: None):
    # A spawned process imports what it is sent by name, so only library names will do.
    here = "__import__('multiprocessing').current_process()"
    lines = [f"({number}, type({here}).__name__)" for number in range(40)]

    done = list(map_over_cores(eval, lines))

    # Forked children could inherit a lock that a thread of this process holds.
    assert done == [(number, "SpawnProcess") for number in range(40)]


class Watched(Sequence):
    """The first numbers as text; says how many of them were taken."""

    taken = 0

    def __len__(self):
        return 1000

    def __getitem__(self, place):
        found = range(1000)[place]
        self.taken += len(found) if isinstance(place, slice) else 1
        return list(map(str, found)) if isinstance(place, slice) else str(found)


def test_items_are_handed_out_a_bounded_way_ahead(two_cores: None):
    some = Watched()
    results = map_over_cores(eval, some)

    assert next(results) == 0
    assert some.taken <= 16 * 2
    results.close()


def test_a_refusal_in_a_worker_arrives_whole(two_cores: None):
    with pytest.raises(PictureRefused, match="0 bytes") as refused:
        list(map_over_cores(decode_picture, [b""] * 24))

    assert refused.value.reason == "empty_file"


def test_a_failure_here_is_not_swallowed():
    with pytest.raises(PictureRefused, match="picture 2"):
        list(map_over_cores(partial(refuse, at=2), range(5)))


def test_no_items_are_no_work():
    assert list(map_over_cores(square_and_say_where, [])) == []


def test_progress_is_told_now_and_then_and_at_the_end():
    told = []
    passed = list(
        with_progress(range(7), total=7, report=lambda *at: told.append(at), every=3)
    )

    assert passed == list(range(7))
    assert told == [(3, 7), (6, 7), (7, 7)]


def test_nothing_to_do_is_nothing_to_tell():
    told = []

    assert list(with_progress([], total=0, report=lambda *at: told.append(at))) == []
    assert told == []


def lost(line: str, why: str) -> str:
    return f"{line[-3:]} {why}"


def test_an_item_that_kills_its_process_costs_itself_alone(two_cores: None):
    lines = ["1", "2", "__import__('os')._exit(7)", "4", "5"]

    done = list(map_guarded(eval, lines, timeout_s=30, lost=lost))

    assert done == [1, 2, "(7) ended its process (7)", 4, 5]


def test_an_item_that_never_ends_is_ended(two_cores: None):
    lines = ["1", "__import__('time').sleep(99)", "3"]

    done = list(map_guarded(eval, lines, timeout_s=0.5, lost=lost))

    assert done == [1, "99) took longer than 0.5 s", 3]


def test_an_item_that_asks_for_all_memory_is_refused_it(two_cores: None):
    lines = ["1", "len(bytes(2**30))", "3"]

    done = list(map_guarded(eval, lines, timeout_s=30, lost=lost, memory_bytes=2**29))

    assert done == [1, "0)) took more than 0.5 GB", 3]


def test_what_guarded_work_raises_is_raised_here(two_cores: None):
    with pytest.raises(ZeroDivisionError):
        list(map_guarded(eval, ["1/0"], timeout_s=30, lost=lost))


def test_nothing_to_guard_starts_nothing():
    assert list(map_guarded(eval, [], timeout_s=1, lost=lost)) == []
