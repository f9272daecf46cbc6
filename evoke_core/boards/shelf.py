"""Where finished boards stand: one folder each, and the gallery over all of them."""

import json
from typing import Any

from evoke_core.boards.cards import list_boards, read_cards
from evoke_core.boards.compose import Board
from evoke_core.errors import BoardError
from evoke_core.pages.gallery import render_gallery
from evoke_core.storage.store import Store

GALLERY = "boards/index.html"
# Others may finish boards while the gallery is written; after so many rounds theirs is
# the next gallery.
_ROUNDS = 10


def shelve(store: Store, board: Board) -> str:
    """Store a board; its `board.json` is written last and says that it is whole.

    Returns:
        The store key of the page.
    """
    folder = f"boards/{board.document['board_id']}"
    store.write(f"{folder}/board.png", board.picture)
    store.write(f"{folder}/board.html", board.page.encode())
    store.write(f"{folder}/board.json", pack(board.document))
    return f"{folder}/board.html"


def pack(document: dict[str, Any]) -> bytes:
    """Write a document as `board.json` holds it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def read_board(store: Store, board_id: str) -> dict[str, Any] | None:
    """Read a board's document, None where there is no whole board."""
    try:
        document: dict[str, Any] = json.loads(
            store.read(f"boards/{board_id}/board.json")
        )
    except KeyError:
        return None
    return document


def require_board(store: Store, board_id: str) -> dict[str, Any]:
    """Read a board's document.

    Raises:
        BoardError: There is no whole board of that id.
    """
    board = read_board(store, board_id)
    if board is None:
        raise BoardError(
            f"there is no stored board {board_id!r} in {store.uri}; its id is the name "
            "of its folder below boards/"
        )
    return board


def hang_gallery(store: Store) -> str:
    """Write `boards/index.html` over all boards that are stored.

    Whoever writes last looks again after writing, so that of several runs at once none
    leaves a board out for good.

    Returns:
        Its store key.
    """
    hung: dict[str, str] | None = None
    for _ in range(_ROUNDS):
        listed = list_boards(store)
        if listed == hung:
            break
        cards = read_cards(store, listed)
        page = render_gallery(cards.shown, unreadable=cards.unreadable)
        store.write(GALLERY, page.encode(), cache_control="no-cache")
        hung = listed
    return GALLERY
