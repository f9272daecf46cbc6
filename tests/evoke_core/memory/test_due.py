"""Which boards wait for their image, by what lies in the store."""

import os

import pytest

from evoke_core.memory.due import DueRules, Look, look_for_boards, share_run


@pytest.fixture
def put(store):
    """Put an object of a board, written at a second."""

    def write(board_id, name, at_s=100.0):
        key = f"boards/{board_id}/{name}"
        store.write(key, b"{}")
        os.utime(store.locate(key), (at_s, at_s))

    return write


def test_a_whole_board_without_a_card_waits(store, put):
    put("a-1", "board.json")
    put("b-2", "board.png")  # its board.json is not there yet
    store.write("boards/index.html", b"gallery")

    assert look_for_boards(store) == Look(("a-1",), 1, "")


def test_a_card_as_young_as_its_board_says_that_all_is_done(store, put):
    put("a-1", "board.json", 100.0)
    put("a-1", "memory.json", 100.0)

    assert look_for_boards(store).waiting == ()


def test_a_board_that_was_made_anew_waits_again(store, put):
    put("a-1", "memory.json", 100.0)
    put("a-1", "board.json", 101.0)

    assert look_for_boards(store).waiting == ("a-1",)


def test_refined_boards_have_no_image_of_their_own(store, put):
    put("a-1--calmer", "board.json")

    assert look_for_boards(store) == Look((), 1, "")


def test_a_look_goes_on_where_the_last_one_stopped_and_splits_no_board(store, put):
    for board_id in ("a-1", "b-2", "c-3"):
        put(board_id, "board.json", 101.0)
        put(board_id, "memory.json", 100.0)
    rules = DueRules(objects=3)
    found, after = [], ""
    for _ in range(4):
        look = look_for_boards(store, after, rules)
        found += look.waiting
        after = look.after

    assert found == ["a-1", "b-2", "c-3", "a-1"]


def test_no_waiting_board_is_passed_over_where_many_wait(store, put):
    for board_id in ("a-1", "b-2", "c-3"):
        put(board_id, "board.json")
    first = look_for_boards(store, "", DueRules(boards=2))
    second = look_for_boards(store, first.after, DueRules(boards=2))

    assert first.waiting == ("a-1", "b-2")
    assert second == Look(("c-3",), 1, "")


def test_a_listing_that_fails_is_not_an_empty_one(store, put, monkeypatch):
    put("a-1", "board.json")

    def fail(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(PermissionError):
        look_for_boards(store)


@pytest.mark.parametrize(
    ("tries", "known", "expected"),
    [
        ({}, "abc", ""),
        ({"a": 0, "b": 0, "c": 0}, "abc", "abc"),
        ({"c": 0, "a": 0, "b": 0}, "abc", "abc"),  # in the order of the partitions
        ({"a": 0, "c": 0, "d": 0}, "abcd", "cd"),  # b stands between
        ({"x": 0, "y": 0, "a": 0}, "abc", "xy"),  # to be added, side by side
        ({"a": 1, "b": 0}, "ab", "b"),  # what broke a run waits for the others
        ({"a": 2, "b": 1}, "ab", "b"),  # and goes alone
        (dict.fromkeys("abcdefgh", 0), "abcdefgh", "abcd"),
    ],
)
def test_songs_of_one_run_lie_side_by_side(tries, known, expected):
    assert share_run(tries, known, DueRules(songs=4)) == tuple(expected)
