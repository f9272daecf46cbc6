"""The latest boards: their cards, and what their songs asked for.

The gallery of all of them is `pages.gallery`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evoke_core.boards.cards import make_card
from evoke_core.boards.shelf import GALLERY
from evoke_core.storage.store import Store

_READ = 12  # documents of half a megabyte each


@dataclass(frozen=True, slots=True)
class Latest:
    """What is known of stored boards.

    Args:
        ids: Of all whole boards.
        cards: Of the latest ones, see `boards.cards.make_card`; the latest first.
        documents: Of the same, schema evoke.board/1.
        has_gallery: Whether the gallery of all boards stands beside them.
    """

    ids: frozenset[str]
    cards: tuple[Mapping[str, Any], ...]
    documents: tuple[Mapping[str, Any], ...]
    has_gallery: bool


def read_latest(store: Store) -> Latest:
    """Read the latest boards; one whose document can't be read is left out."""
    listed = [
        found
        for found in store.listing("boards/")
        if found.key.count("/") == 2 and found.key.endswith("/board.json")
    ]
    newest = sorted(listed, key=lambda found: (-found.modified_s, found.key))
    cards, documents = [], []
    for found in newest[:_READ]:
        try:
            document = json.loads(store.read(found.key))
            cards.append(make_card(document) | {"board_id": found.key.split("/")[1]})
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            continue
        documents.append(document)
    ids = frozenset(found.key.split("/")[1] for found in listed)
    return Latest(ids, tuple(cards), tuple(documents), store.exists(GALLERY))
