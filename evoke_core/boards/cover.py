"""Hang an image on a stored board as its cover; nothing else of the board changes.

The page is drawn again from its document, so that neither the song nor the index is
needed. The document is written last: a board that has a cover has its image too.

Not here: how the image came about (evoke_core.memory).
"""

import json
from collections.abc import Mapping
from typing import Any

from evoke_core.boards.shelf import pack
from evoke_core.boards.tiles import TileImages, made_for
from evoke_core.pages.board_page import render_page
from evoke_core.storage.store import Store

_WORDS = ("image", "alt", "credit", "licence", "card")


def hang_cover(
    store: Store, board_id: str, cover: Mapping[str, str] | None
) -> str | None:
    """Give a stored board its cover, or take it away.

    Args:
        store: Where the board is.
        board_id: Its folder.
        cover: image and card (names of files beside the page), alt, credit and
            licence; None for no cover.

    Returns:
        The store key of the page; None where there is no board, or where it was made
        anew meanwhile, whose next cover comes with it.
    """
    folder = f"boards/{board_id}"
    key = f"{folder}/board.json"
    etag = store.etag(key)
    if etag is None:
        return None
    try:
        document: dict[str, Any] = json.loads(store.read_as(key, etag))
    except KeyError:
        return None
    said = None if cover is None else {name: cover[name] for name in _WORDS}
    if document.get("cover") == said:
        return f"{folder}/board.html"
    document.pop("cover", None)
    document |= {"cover": said} if said else {}
    page = _draw_page(document, store)
    if store.etag(key) != etag:
        return None
    store.write(f"{folder}/board.html", page.encode())
    store.write(key, pack(document))
    return f"{folder}/board.html"


def _draw_page(document: Mapping[str, Any], store: Store) -> str:
    """Draw the page with the tiles and previews that were made for it."""
    tiles, previews = TileImages(store).of_board(document, made_for)
    return render_page(document, tile_images=tiles, previews=previews)
