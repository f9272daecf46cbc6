"""Old partitions go once their drops are done; what is open stays to be seen."""

from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of
from evoke_core.drops.retire import RetireRules, retirable
from evoke_core.drops.tickets import write_ticket
from evoke_core.storage.local import LocalStore

RULES = RetireRules(kept=2, at_once=3)


def ticketed(store: LocalStore, *names: str, done: str = "") -> list[str]:
    drops = [drop_of(f"drops/{name}", "e") for name in names]
    for drop in drops:
        write_ticket(store, drop, 0)
        if drop.source_key in done:
            ledger.record(store, drop, "board", "")
    return [drop.drop_id for drop in drops]


def test_up_to_the_limit_all_stay(store: LocalStore):
    known = ticketed(store, "a", "b", done="ab")

    assert retirable(store, known, 0, RULES) == ([], 0)
    assert retirable(store, [], 7, RULES) == ([], 0)


def test_the_oldest_go_a_few_at_a_time(store: LocalStore):
    known = ticketed(store, *"abcdefg", done="abcdefg")

    assert retirable(store, known, 0, RULES) == (known[:3], 0)
    assert retirable(store, known[3:], 0, RULES) == (known[3:5], 0)


def test_what_is_open_stays_and_is_passed_over(store: LocalStore):
    known = ticketed(store, *"abcdefg", done="bdefg")
    gone, kept = retirable(store, known, 0, RULES)

    assert (gone, kept) == ([known[1]], 2)
    left = [each for each in known if each not in gone]
    assert retirable(store, left, kept, RULES) == (known[3:5], 2)


def test_a_walk_that_found_nothing_more_begins_again(store: LocalStore):
    known = ticketed(store, *"abcd", done="")

    assert retirable(store, known, 0, RULES) == ([], 2)
    assert retirable(store, known, 2, RULES) == ([], 2)


def test_what_no_run_could_find_goes_and_what_is_about_to_run_stays(store: LocalStore):
    known = [*ticketed(store, "a", done="a"), "no-ticket", "x", "y"]

    assert retirable(store, known, 0, RULES, spare=[known[0]]) == (["no-ticket"], 1)
