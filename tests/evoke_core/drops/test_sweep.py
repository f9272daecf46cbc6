"""The cursor is small, and survives whatever it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.drops.sweep import LONGEST_KEY, Sweep, dump_sweep, load_sweep


@given(
    st.text(max_size=1100).filter(lambda key: len(key.encode()) <= LONGEST_KEY),
    st.integers(0, 10**12),
)
def test_any_place_in_any_bucket_fits_and_is_found_again(key: str, count: int):
    sweep = Sweep(key, count, count, count, count, ("x" * 51,) * 5, count)

    assert load_sweep(dump_sweep(sweep)) == sweep
    assert len(dump_sweep(sweep).encode()) <= 4096


def test_the_longest_keys_fit():
    for key in ("\x01" * LONGEST_KEY, "😀" * 300, "caf\udce9" * 150):
        sweep = Sweep(after=key, named=("x" * 51,) * 5)

        assert load_sweep(dump_sweep(sweep)) == sweep
        assert len(dump_sweep(sweep)) <= 4096


@pytest.mark.parametrize(
    "cursor",
    [
        None, "", "{", "null", "[]", "3", '{"version": 2}', '{"song-0123456789": 3}',
        '{"version": 1, "after": "a"}', "\x00",
        dump_sweep(Sweep(after="a")).replace('"a"', "7"),
        dump_sweep(Sweep(after="a")).replace('"version": 2', '"version": 1'),
        dump_sweep(Sweep(after="a")).replace('"songs": 0', '"songs": "many"'),
        dump_sweep(Sweep(after="a")).replace('"a"', '"%FF"'),
    ],
)  # fmt: skip
def test_garbage_and_other_versions_begin_a_new_walk(cursor: str | None):
    assert load_sweep(cursor) == Sweep()


def test_a_cursor_that_names_too_many_at_too_great_length_is_cut():
    named = tuple("x" * 1000 for _ in range(9))

    assert load_sweep(dump_sweep(Sweep(named=named))).named == ("x" * 64,) * 5


@given(st.text())
def test_nothing_breaks_on_a_cursor(cursor: str):
    assert isinstance(load_sweep(cursor), Sweep)
