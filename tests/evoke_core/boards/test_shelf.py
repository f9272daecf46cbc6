"""Boards on the shelf: a folder each, whole once board.json is there."""

import json
from types import SimpleNamespace

import pytest

from evoke_core.storage.local import LocalStore


@pytest.fixture
def shelf():
    from evoke_core.boards import shelf

    return shelf


def board(board_id="b1", **track):
    named = {
        "title": "A & B", "artist": None, "duration_s": 4.0, "note": None,
        "source": "drops",
    }  # fmt: skip
    document = {
        "board_id": board_id,
        "track": named | track,
        "moods": [{"mood": m, "score": 1.0} for m in ("calm", "dark", "slow", "low")],
        "palette": ["#102030", "#405060", "#708090", "#a0b0c0", "#d0e0f0"],
        "tiles": [{"thumbnail": f"../../thumbnails/ab/{n}.jpg"} for n in range(6)],
        "refinement": {"axes": []},
    }
    return SimpleNamespace(document=document, page="<p>é</p>", picture=b"png")


class Recorder:
    """A store that notes the order of writes."""

    def __init__(self, root):
        self._store = LocalStore(root)
        self.written = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write(self, key, data, *, cache_control=None):
        self.written.append(key)
        self._store.write(key, data, cache_control=cache_control)


class Busy(Recorder):
    """A store into which others put boards just before a gallery is written."""

    def __init__(self, root, others):
        super().__init__(root)
        self._others = list(others)

    def write(self, key, data, *, cache_control=None):
        if key == "boards/index.html" and self._others:
            self._others.pop(0)(self._store)
        super().write(key, data, cache_control=cache_control)


def test_the_document_is_written_last(shelf, tmp_path):
    store = Recorder(tmp_path)
    assert shelf.shelve(store, board()) == "boards/b1/board.html"
    assert sorted(store.written[:2]) == ["boards/b1/board.html", "boards/b1/board.png"]
    assert store.written[2:] == ["boards/b1/board.json"]


def test_what_was_shelved_is_read_back(shelf, tmp_path):
    store = LocalStore(tmp_path)
    shelf.shelve(store, board(title="Später 🌙"))
    assert shelf.read_board(store, "b1") == board(title="Später 🌙").document
    assert store.read("boards/b1/board.html").decode() == "<p>é</p>"
    assert store.read("boards/b1/board.png") == b"png"


def test_a_board_without_its_document_is_not_there(shelf, tmp_path):
    store = LocalStore(tmp_path)
    store.write("boards/b1/board.html", b"half")
    assert shelf.read_board(store, "b1") is None


def test_the_gallery_has_a_card_for_every_whole_board(shelf, tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    for name in ("b2", "b1"):
        shelf.shelve(store, board(name, title=name))
    store.write("boards/half/board.html", b"half")
    seen = []
    monkeypatch.setattr(
        shelf, "render_gallery", lambda cards, **_: seen.extend(cards) or "<p>"
    )
    assert shelf.hang_gallery(store) == "boards/index.html"
    assert [card["board_id"] for card in seen] == ["b1", "b2"]
    assert json.loads(json.dumps(seen[0])) == {
        "board_id": "b1", "title": "b1", "artist": None, "note": None,
        "moods": ["calm", "dark", "slow"], "duration_s": 4.0,
        "palette": board().document["palette"], "href": "b1/board.html",
        # the gallery lies one folder higher than a board
        "images": [f"../thumbnails/ab/{n}.jpg" for n in range(4)],
        "kind": "drop", "leaning": [],
    }  # fmt: skip


def test_titles_reach_the_gallery_escaped(shelf, tmp_path):
    store = LocalStore(tmp_path)
    shelf.shelve(store, board(title="<script>alert(1)</script>"))
    page = store.read(shelf.hang_gallery(store)).decode()
    assert "<script>alert(1)" not in page
    assert "b1/board.html" in page


def test_an_empty_shelf_has_a_gallery_too(shelf, tmp_path):
    store = LocalStore(tmp_path)
    assert store.read(shelf.hang_gallery(store))


def test_a_board_that_another_run_finishes_meanwhile_is_in_the_gallery(shelf, tmp_path):
    others = [lambda store: shelf.shelve(store, board("b2", title="Meanwhile"))]
    store = Busy(tmp_path, others)
    shelf.shelve(store, board("b1"))
    page = store.read(shelf.hang_gallery(store)).decode()
    assert "Meanwhile" in page
    assert store.written.count("boards/index.html") == 2


def test_an_older_gallery_written_last_is_mended_by_who_wrote_it(shelf, tmp_path):
    def another_run(store):
        shelf.shelve(store, board("b2", title="Theirs"))
        shelf.hang_gallery(store)

    store = Busy(tmp_path, [another_run])
    shelf.shelve(store, board("b1", title="Ours"))
    page = store.read(shelf.hang_gallery(store)).decode()
    assert "Theirs" in page
    assert "Ours" in page


def test_a_gallery_is_hung_once_where_nothing_changes(shelf, tmp_path):
    store = Recorder(tmp_path)
    shelf.shelve(store, board())
    shelf.hang_gallery(store)
    assert store.written.count("boards/index.html") == 1


def test_a_shelf_that_never_rests_has_a_gallery_all_the_same(shelf, tmp_path):
    others = [
        lambda store, n=n: shelf.shelve(store, board(f"c{n}")) for n in range(100)
    ]
    store = Busy(tmp_path, others)
    assert store.read(shelf.hang_gallery(store))
    assert store.written.count("boards/index.html") <= 10


def test_a_removed_board_leaves_the_gallery(shelf, tmp_path):
    store = LocalStore(tmp_path)
    for name in ("b1", "b2"):
        shelf.shelve(store, board(name, title=f"Song of {name}"))
    shelf.hang_gallery(store)
    store.delete("boards/b1/board.json")
    page = store.read(shelf.hang_gallery(store)).decode()
    assert "Song of b1" not in page
    assert "Song of b2" in page


def test_a_damaged_document_is_named_and_the_others_are_shown(shelf, tmp_path):
    store = LocalStore(tmp_path)
    shelf.shelve(store, board("b1", title="Whole"))
    store.write("boards/torn/board.json", b'{"board_id": "to')
    store.write("boards/foreign/board.json", b"[1]")
    page = store.read(shelf.hang_gallery(store)).decode()
    assert "Whole" in page
    assert "foreign, torn" in page
