"""Runs hold neighbours among partitions; what broke goes on in small company."""

from hypothesis import given
from hypothesis import strategies as st

from evoke_core.drops.batches import RUNS, batches
from evoke_core.drops.drop import Drop
from evoke_core.drops.tick import Ask, TickRules

RULES = TickRules(drops=3)


def ask(drop_id: str, tries: int = 0) -> Ask:
    return Ask(Drop(drop_id, f"drops/{drop_id}", drop_id, "e"), tries)


def cut(asks: str, known: str = "", *, tries: int = 0) -> list[str]:
    runs = batches([ask(each, tries) for each in asks], list(known), RULES)
    return ["".join(one.drop.drop_id for one in run) for run in runs]


def test_new_songs_share_runs_in_the_order_of_the_listing():
    assert cut("abc") == ["abc"]
    assert cut("abcde") == ["abc", "de"]
    assert cut("") == []


def test_known_partitions_share_a_run_only_side_by_side():
    assert cut("abcd", "xdyabz") == ["c", "d", "ab"]
    assert cut("dcba", "abcd") == ["abc", "d"]


def test_after_a_broken_run_few_go_together_and_then_each_alone():
    assert cut("ab", "ab", tries=1) == ["ab"]
    assert cut("ab", "ab", tries=2) == ["a", "b"]
    many = [f"{number:02d}" for number in range(25)]
    runs = batches([ask(each, 1) for each in many], many, RULES)
    assert [len(run) for run in runs] == [10, 10, 5]


def test_a_retired_partition_that_broke_comes_back_alone():
    runs = batches([ask("new"), ask("back", 1), ask("too", 2)], [], RULES)

    assert [[one.drop.drop_id for one in run] for run in runs] == [
        ["new"],
        ["back"],
        ["too"],
    ]


def test_a_tick_asks_for_a_few_runs_only():
    assert len(cut("abcdefghijklmnopq")) == RUNS


@given(
    st.lists(st.sampled_from("abcdefghij"), unique=True),
    st.lists(st.sampled_from("abcdefghijxyz"), unique=True),
    st.lists(st.integers(0, 3), min_size=10, max_size=10),
)
def test_runs_are_disjoint_ranges_of_what_was_asked_for(asked, known, tries):
    asks = [ask(each, n) for each, n in zip(asked, tries, strict=False)]
    runs = batches(asks, known, RULES)
    served = [one for run in runs for one in run]
    order = known + [
        one.drop.drop_id for one in served if one.drop.drop_id not in known
    ]

    assert len(set(served)) == len(served)
    assert set(served) <= set(asks)
    assert bool(runs) == bool(asks)
    for run in runs:
        ids = [one.drop.drop_id for one in run]
        start = order.index(ids[0])
        assert order[start : start + len(ids)] == ids
        assert len({one.tries for one in run}) == 1
