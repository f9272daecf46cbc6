"""Cards: the little that the gallery shows of each board, all of them in one table.

A document holds half a megabyte, so that thousands of them are not read again for every
gallery. The table is a cache and nothing else: each card names the etag of the document
that it was made from, and one that is absent or out of date is made anew. How a card
looks is `pages.gallery`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from evoke_core.drops.drop import SOURCE
from evoke_core.errors import BoardError
from evoke_core.pages.accent import safe_palette
from evoke_core.storage.store import Store

TABLE = "boards/cards.json"
_VERSION = 2  # of what a card holds
_IMAGES = 4
_MOODS = 3
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Cards:
    """What is known of the boards of one listing.

    Args:
        shown: A card for each board, in order of board_id.
        unreadable: Ids of boards whose document can't be read.
    """

    shown: tuple[Mapping[str, Any], ...]
    unreadable: tuple[str, ...]


def list_boards(store: Store) -> dict[str, str]:
    """List the whole boards: etag of each document by board_id."""
    parts = ((found.key.split("/"), found.etag) for found in store.listing("boards/"))
    return {
        path[1]: etag
        for path, etag in parts
        if len(path) == 3 and path[2] == "board.json"
    }


def read_cards(store: Store, listed: Mapping[str, str]) -> Cards:
    """Read the cards of listed boards; only those that are new open their document.

    Two runs at once may each write the table; what one of them lost is made again.

    Args:
        store: Where the boards are.
        listed: See `list_boards`.
    """
    known = _read_table(store)
    entries = {
        board_id: entry
        for board_id, etag in sorted(listed.items())
        if (entry := _entry(store, board_id, etag, known.get(board_id))) is not None
    }
    if entries != known:
        table = {"version": _VERSION, "boards": entries}
        store.write(TABLE, _pack(table), cache_control="no-cache")
    return Cards(
        shown=tuple(entry["card"] for entry in entries.values() if entry["card"]),
        unreadable=tuple(key for key, entry in entries.items() if not entry["card"]),
    )


def make_card(document: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a document what its card shows.

    Returns:
        board_id, title, artist, moods (up to three), duration_s, palette, href and
        images (up to four, best first) relative to the gallery, note, kind ("drop",
        "library" or "refined") and leaning: pole words of the sliders that were moved.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: The document is someone else's
            JSON, or says what no page could show.
    """
    track = document["track"]
    card = {
        "board_id": document["board_id"],
        "title": track["title"],
        "artist": track["artist"],
        "moods": [mood["mood"] for mood in document["moods"][:_MOODS]],
        "duration_s": float(track["duration_s"]),
        "palette": safe_palette(document["palette"]),
        "href": f"{document['board_id']}/board.html",
        "images": [
            tile["thumbnail"].removeprefix("../")
            for tile in document["tiles"][:_IMAGES]
        ],
        "note": track["note"],
        "kind": _kind(document),
        "leaning": _leaning(document["refinement"]),
    }
    _pack(card)  # refuses what none could read
    return card


def find_board(cards: Cards, wanted: str) -> str:
    """Find a board by its id, the path of its folder or page, or its song's name.

    Returns:
        Its board_id.

    Raises:
        BoardError: No board is called so, or several are.
    """
    ids = {str(card["board_id"]) for card in cards.shown}
    parts = wanted.strip().rstrip("/").replace("\\", "/").split("/")
    for part in reversed(parts[-2:]):  # the folder, or a file in it
        if part in ids:
            return part
    songs = _songs_called(cards, _plain(wanted))
    if len(songs) == 1:
        return songs[0]
    if songs:
        raise BoardError(
            f"{len(songs)} boards are of a song called {wanted!r}: "
            f"{', '.join(songs[:_NAMED])}; say which"
        )
    titles = [_plain(card["title"]) for card in cards.shown]
    near = ", ".join(get_close_matches(_plain(wanted), titles))
    raise BoardError(
        f"no board is called {wanted!r}, among {len(ids)}"
        f"{f'; near to it are {near}' if near else ''}; give an id, or a title as "
        "boards/index.html shows it"
    )


def _songs_called(cards: Cards, said: str) -> list[str]:
    """List boards of a title, or of "artist - title"; refined ones if no other is."""
    named = [
        card
        for card in cards.shown
        if said == _plain(card["title"])
        or said == f"{_plain(card['artist'])} - {_plain(card['title'])}"
    ]
    plain = [card for card in named if card["kind"] != "refined"]
    return [str(card["board_id"]) for card in plain or named]


def _plain(text: object) -> str:
    return str(text or "").strip().casefold()


def _kind(document: Mapping[str, Any]) -> str:
    if document.get("refined_from"):
        return "refined"
    return "drop" if document["track"]["source"] == SOURCE else "library"


def _leaning(refinement: Mapping[str, Any]) -> list[str]:
    # boards of before refinement could be stored say nothing of a setting
    setting = refinement.get("setting", {})
    return [
        axis["high"] if setting[axis["name"]] > 0 else axis["low"]
        for axis in refinement["axes"]
        if setting.get(axis["name"], 0)
    ]


def _pack(value: Mapping[str, Any]) -> bytes:
    """Write JSON that every reader takes: no NaN, no half of a surrogate pair."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _read_table(store: Store) -> dict[str, Any]:
    try:
        table = json.loads(store.read(TABLE))
        known = table["boards"] if table["version"] == _VERSION else {}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}  # absent, damaged, or of another make
    return known if isinstance(known, dict) else {}


def _entry(
    store: Store, board_id: str, etag: str, known: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Keep or make a board's entry; None where it has gone since the listing."""
    if known is not None and known.get("etag") == etag and "card" in known:
        return dict(known)
    try:
        raw = store.read(f"boards/{board_id}/board.json")
    except KeyError:
        return None
    try:
        card: dict[str, Any] | None = make_card(json.loads(raw))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        card = None  # someone else's JSON, or half a document
    return {"etag": etag, "card": card}
