"""Where finished boards stand: one folder each, and the gallery over all of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from evoke_core.boards.compose import Board
from evoke_core.boards.gallery import render_gallery
from evoke_core.storage.store import Store

_CARD_IMAGES = 4
_CARD_MOODS = 3


def shelve(store: Store, board: Board) -> str:
    """Store a board; its `board.json` is written last and says that it is whole.

    Returns:
        The store key of the page.
    """
    folder = f"boards/{board.document['board_id']}"
    store.write(f"{folder}/board.png", board.picture)
    store.write(f"{folder}/board.html", board.page.encode())
    text = json.dumps(board.document, ensure_ascii=False, separators=(",", ":"))
    store.write(f"{folder}/board.json", text.encode())
    return f"{folder}/board.html"


def read_board(store: Store, board_id: str) -> dict[str, Any] | None:
    """Read a board's document, None where there is no whole board."""
    try:
        document: dict[str, Any] = json.loads(
            store.read(f"boards/{board_id}/board.json")
        )
    except KeyError:
        return None
    return document


def hang_gallery(store: Store) -> str:
    """Write `boards/index.html` over all boards that are stored.

    Returns:
        Its store key.
    """
    cards = [_card(document) for document in _documents(store)]
    store.write("boards/index.html", render_gallery(cards).encode())
    return "boards/index.html"


def _documents(store: Store) -> Iterator[dict[str, Any]]:
    for found in store.listing("boards/"):
        if found.key.endswith("/board.json"):
            yield json.loads(store.read(found.key))


def _card(document: Mapping[str, Any]) -> dict[str, Any]:
    track = document["track"]
    return {
        "board_id": document["board_id"],
        "title": track["title"],
        "artist": track["artist"],
        "moods": [mood["mood"] for mood in document["moods"][:_CARD_MOODS]],
        "duration_s": track["duration_s"],
        "palette": document["palette"],
        "href": f"{document['board_id']}/board.html",
        "images": [
            tile["thumbnail"].removeprefix("../")
            for tile in document["tiles"][:_CARD_IMAGES]
        ],
        "note": track["note"],
    }
