"""Cards: each made once, kept in one table that may be lost, and found by name."""

import json

import pytest

from evoke_core.boards.cards import (
    TABLE,
    find_board,
    list_boards,
    make_card,
    read_cards,
)
from evoke_core.errors import BoardError
from evoke_core.pages.gallery import render_gallery
from evoke_core.storage.local import LocalStore


def document(board_id="b1", title="Night", **other):
    return {
        "board_id": board_id,
        "track": {
            "title": title, "artist": "Ann", "duration_s": 4.0, "note": None,
            "source": "drops",
        },
        "moods": [{"mood": mood} for mood in ("calm", "dark", "slow", "low")],
        "palette": ["#102030"],
        "tiles": [{"thumbnail": f"../../thumbnails/ab/{n}.jpg"} for n in range(6)],
        "refinement": {
            "axes": [
                {"name": "energy", "low": "calm", "high": "energetic"},
                {"name": "warmth", "low": "cool", "high": "warm"},
            ],
            "setting": {},
        },
    } | other  # fmt: skip


class Counting(LocalStore):
    """A store that notes what is read."""

    def __init__(self, root):
        super().__init__(root)
        object.__setattr__(self, "reads", [])

    def read(self, key):
        self.reads.append(key)
        return super().read(key)


@pytest.fixture
def store(tmp_path):
    return Counting(tmp_path)


def put(store, *documents):
    for one in documents:
        data = json.dumps(one).encode()
        store.write(f"boards/{one['board_id']}/board.json", data)


def gather(store):
    store.reads.clear()
    return read_cards(store, list_boards(store))


def test_only_whole_boards_are_listed(store):
    put(store, document("b1"))
    store.write("boards/half/board.html", b"half")
    store.write("boards/index.html", b"gallery")
    store.write("boards/b1/old/board.json", b"{}")
    assert list(list_boards(store)) == ["b1"]


def test_a_document_is_read_once_and_again_when_it_changed(store):
    put(store, document("b1"), document("b2"))
    assert len(gather(store).shown) == 2
    put(store, document("b2", title="A much longer night"))
    put(store, document("b3"))
    titles = [card["title"] for card in gather(store).shown]
    assert titles == ["Night", "A much longer night", "Night"]
    assert store.reads == [TABLE, "boards/b2/board.json", "boards/b3/board.json"]
    gather(store)
    assert store.reads == [TABLE]


@pytest.mark.parametrize(
    "damage",
    [None, b"", b"{", b"[]", b'{"version": 1, "boards": []}', b'{"version": 0}'],
)
def test_a_lost_or_damaged_table_is_made_again(store, damage):
    put(store, document("b1"), document("b2"))
    cards = gather(store)
    if damage is None:
        store.delete(TABLE)
    else:
        store.write(TABLE, damage)
    assert gather(store) == cards
    assert gather(store) == cards
    assert store.reads == [TABLE]


def test_a_board_that_went_since_the_listing_has_no_card(store):
    put(store, document("b1"))
    cards = read_cards(store, {"b1": "?", "gone": "?"})
    assert [card["board_id"] for card in cards.shown] == ["b1"]
    assert cards.unreadable == ()


def test_an_unreadable_document_is_named_and_not_read_twice(store):
    put(store, document("b1"))
    store.write("boards/torn/board.json", b'{"board_id"')
    store.write("boards/deep/board.json", b"[" * 100_000)
    assert gather(store).unreadable == ("deep", "torn")
    assert gather(store).unreadable == ("deep", "torn")
    assert store.reads == [TABLE]


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("track", "duration_s", None),
        ("track", "duration_s", "long"),
        ("track", "duration_s", float("nan")),
        ("track", "duration_s", float("inf")),
        ("track", "title", "caf\udce9"),
        (None, "palette", None),
        (None, "palette", 3),
        (None, "moods", None),
    ],
)
def test_a_document_that_no_page_can_show_costs_no_other_its_card(
    store, part, name, value
):
    odd = document("odd")
    (odd[part] if part else odd)[name] = value
    put(store, document("b1"), odd)
    cards = gather(store)
    assert cards.unreadable == ("odd",)
    assert "b1/board.html" in render_gallery(cards.shown).encode().decode()


def test_a_card_keeps_colours_and_nothing_else_of_a_palette():
    card = make_card(document(palette=["#ABCDEF", "red;}", None]))
    assert card["palette"] == ["#abcdef"]


def test_drops_library_and_refined_boards_are_told_apart():
    library = document()
    library["track"] = library["track"] | {"source": "jazz"}
    assert make_card(document())["kind"] == "drop"
    assert make_card(library)["kind"] == "library"
    assert make_card(document(refined_from="b0"))["kind"] == "refined"


def test_a_card_says_whereto_the_sliders_were_moved():
    moved = document()
    moved["refinement"]["setting"] = {"warmth": -0.5, "energy": 0.25}
    assert make_card(moved)["leaning"] == ["energetic", "cool"]
    old = document()
    del old["refinement"]["setting"]
    assert make_card(old)["leaning"] == []


@pytest.mark.parametrize(
    "wanted",
    ["b1", "boards/b1", "/somewhere/boards/b1/", "boards/b1/board.html", "c:\\x\\b1",
     " night ", "NIGHT", "ann - night"],
)  # fmt: skip
def test_a_board_is_found_by_id_folder_or_song(store, wanted):
    put(store, document("b1"), document("b2", title="Day"))
    assert find_board(gather(store), wanted) == "b1"


def test_a_song_names_its_plain_board_before_refined_ones(store):
    put(store, document("b1"), document("b1--1", refined_from="b1"))
    assert find_board(gather(store), "night") == "b1"
    assert find_board(gather(store), "b1--1") == "b1--1"


def test_an_unclear_name_is_asked_back(store):
    put(store, document("b1"), document("b2"))
    with pytest.raises(BoardError, match="2 boards are of a song called 'Night': b1"):
        find_board(gather(store), "Night")
    with pytest.raises(BoardError, match="near to it are night"):
        find_board(gather(store), "nigth")
    with pytest.raises(BoardError, match="no board is called '', among 2; give an id"):
        find_board(gather(store), "")
