"""The gallery: every stored board as a card, with a search and a filter by mood.

What a board itself shows is `board_page`; where boards are kept is `boards.shelf`, and
what a card holds is `boards.cards`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evoke_core.pages.accent import safe_palette
from evoke_core.pages.document import (
    clock,
    favicon,
    relative_link,
    render_document,
)
from evoke_core.pages.rules import stripes

_MOODS_OFFERED = 12
_IMAGES = 4
_KINDS = {"library": "library", "refined": "refined"}  # a drop is the rule
_NO_PALETTE = ("#8a8580",)


def render_gallery(
    cards: Sequence[Mapping[str, Any]], *, unreadable: Sequence[str] = ()
) -> str:
    """Write the gallery as one HTML document; pictures are linked from the store.

    Args:
        cards: One per board; see `boards.cards.make_card`.
        unreadable: Ids of boards that have no card, to be named at the foot.

    Returns:
        HTML; deterministic for the same cards.
    """
    ordered = sorted(
        cards, key=lambda card: (str(card["title"]).casefold(), str(card["href"]))
    )
    shown = [_card(card) for card in ordered]
    counts = Counter(mood for card in shown for mood in card["moods"])
    common = sorted(counts, key=lambda mood: (-counts[mood], mood))[:_MOODS_OFFERED]
    palette = shown[0]["palette"] if shown else list(_NO_PALETTE)
    return render_document(
        "gallery.html",
        {
            "cards": shown,
            "moods": common,
            "favicon": favicon(palette),
            "count": _count(len(shown)),
            "unreadable": list(unreadable),
        },
        styles=("board.css", "gallery.css"),
        scripts=("gallery.js",),
        rules=":root{--accent:var(--ink)}" + _strips(shown),
    )


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": str(card["title"]),
        "artist": card["artist"],
        "moods": [str(mood) for mood in card["moods"]],
        "length": clock(float(card["duration_s"])),
        "palette": safe_palette(card["palette"]),
        "href": relative_link(card["href"]) or "#",
        "images": [
            link for url in card["images"][:_IMAGES] if (link := relative_link(url))
        ],
        "note": card["note"],
        "kind": _KINDS.get(card.get("kind", "")),
        "leaning": [str(pole) for pole in card.get("leaning", ())],
    }


def _strips(cards: Sequence[Mapping[str, Any]]) -> str:
    """Colour each card's strip by rules; inline styles are barred by the policy."""
    return "".join(
        f"#strip-{place}{{background:{stripes(card['palette'])}}}"
        for place, card in enumerate(cards)
    )


def _count(boards: int) -> str:
    return "one board" if boards == 1 else f"{boards} boards"
