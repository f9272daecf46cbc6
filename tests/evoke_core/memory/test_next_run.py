"""What the next run of images draws for, and how long it waits after broken ones."""

import json

import pytest

from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_core.memory.attempts import attempt
from evoke_core.memory.keepsake import read_card
from evoke_core.memory.next_run import ImageRun, Shelves, choose_run, pause_s

TRACKS = {("synthesized", "waltz/one.flac"): "classical.one"}


def dropped(store, name):
    drop = drop_of(f"drops/{name}.mp3", "e")
    write_ticket(store, drop, 0)
    return drop.drop_id


def shelve(store, board_id, source, key):
    track = {"source": source, "source_key": key}
    store.write(f"boards/{board_id}/board.json", json.dumps({"track": track}).encode())
    return board_id


def test_dropped_songs_come_before_the_library(store):
    song = dropped(store, "a")
    track = shelve(store, "one-0123456789", "synthesized", "waltz/one.flac")
    shelves = Shelves([song], TRACKS)

    assert choose_run(store, [song, track], shelves) == ImageRun(dropped=(song,))
    assert choose_run(store, [track], shelves) == ImageRun(tracks=("classical.one",))


def test_a_board_that_nobody_could_draw_for_is_left_alone(store):
    foreign = shelve(store, "other-0123456789", "synthesized", "waltz/two.flac")
    store.write("boards/damaged-1/board.json", b"{]")

    waiting = [foreign, "damaged-1", "deleted-2"]
    assert choose_run(store, waiting, Shelves([], TRACKS)) == ImageRun()


def test_a_song_that_broke_three_runs_gets_a_card_that_says_by_what(store):
    song = dropped(store, "a")
    for _ in range(3):
        assert choose_run(store, [song], Shelves([], {})).dropped == (song,)
        with pytest.raises(RuntimeError), attempt(store, song):
            raise RuntimeError("CUDA out of memory")

    assert choose_run(store, [song], Shelves([], {})) == ImageRun()
    card = json.loads(store.read(f"boards/{song}/memory.json"))
    assert (card["status"], card["reason"]) == ("refused", "broken")
    assert "3 runs broke over it" in card["message"]
    assert "CUDA out of memory" in card["message"]
    assert read_card(store, song) is None
    # asked for by hand, or made anew, it has all its tries again
    assert choose_run(store, [song], Shelves([], {})).dropped == (song,)


@pytest.mark.parametrize(
    ("broken", "since_s", "expected"),
    [(0, 0, 0), (1, 0, 300), (1, 400, -100), (3, 200, 1000), (9, 0, 3600)],
)
def test_pauses_double_up_to_an_hour(broken, since_s, expected):
    assert pause_s(broken, since_s) == expected
