"""A stored board gets an image as its cover, and nothing else of it changes."""

import json

import pytest

from evoke_core.boards.board import Song
from evoke_core.boards.compose import compose_board
from evoke_core.boards.cover import hang_cover
from evoke_core.boards.shelf import read_board, shelve

COVER = {
    "image": "memory.png",
    "card": "memory.json",
    "alt": "An image <drawn> from the sound",
    "credit": "Drawn by a model",
    "licence": "CreativeML-OpenRAIL-M",
}


@pytest.fixture
def board_id(desk, chord: bytes, song: Song) -> str:
    shelve(desk.store, compose_board(song, chord, desk))
    return song.board_id


def files(store, board_id):
    names = ("board.html", "board.json", "board.png")
    return {name: store.read(f"boards/{board_id}/{name}") for name in names}


def test_the_page_shows_the_cover_and_the_document_names_it(store, board_id):
    page = hang_cover(store, board_id, COVER)

    assert page == f"boards/{board_id}/board.html"
    html = store.read(page).decode()
    assert '<img src="memory.png"' in html
    assert "An image &lt;drawn&gt; from the sound" in html
    assert read_board(store, board_id)["cover"] == COVER


def test_nothing_else_of_the_board_changes(store, board_id):
    before = files(store, board_id)

    hang_cover(store, board_id, COVER)

    after = files(store, board_id)
    document = json.loads(after["board.json"])
    assert document.pop("cover") == COVER
    assert document == json.loads(before["board.json"])
    assert after["board.png"] == before["board.png"]


def test_a_cover_that_is_taken_away_leaves_the_very_same_bytes(store, board_id):
    before = files(store, board_id)

    hang_cover(store, board_id, COVER)
    hang_cover(store, board_id, None)

    assert files(store, board_id) == before


def test_the_same_cover_again_writes_nothing(store, board_id, monkeypatch):
    hang_cover(store, board_id, COVER)

    def write(*_: object, **__: object) -> None:
        raise AssertionError("written again")

    monkeypatch.setattr(type(store), "write", write)

    assert hang_cover(store, board_id, COVER) == f"boards/{board_id}/board.html"


def test_a_song_without_a_board_gets_no_cover(store):
    assert hang_cover(store, "nobody-1", COVER) is None
    assert list(store.listing("boards/")) == []


def test_a_board_that_is_made_anew_meanwhile_is_left_alone(
    store, board_id, monkeypatch
):
    read = type(store).read_as

    def read_then_replace(self, key, etag):
        data = read(self, key, etag)
        self.write(key, data + b" ")
        return data

    monkeypatch.setattr(type(store), "read_as", read_then_replace)

    assert hang_cover(store, board_id, COVER) is None
    assert "cover" not in read_board(store, board_id)


def test_a_picture_that_was_withdrawn_does_not_stop_the_cover(store, board_id):
    document = read_board(store, board_id)
    sha256 = document["tiles"][0]["thumbnail"].rsplit("/", 1)[1].removesuffix(".jpg")
    for key in [each.key for each in store.listing("") if sha256 in each.key]:
        store.delete(key)

    assert hang_cover(store, board_id, COVER) is not None
