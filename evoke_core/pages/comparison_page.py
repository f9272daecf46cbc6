"""The comparison page: two boards of one song side by side, in one HTML file.

What they share is worked out in `appraisal.comparison`; here it is only shown.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from evoke_core.pages.accent import safe_palette
from evoke_core.pages.captions import alt, count, credit_of
from evoke_core.pages.document import (
    clock,
    data_uri,
    favicon,
    json_block,
    render_document,
)
from evoke_core.pages.rules import accent_rules, place_rules

_TO_STORE = "../../"  # from comparisons/<id>/ to the top of the store
Document = Mapping[str, Any]


def render_comparison(
    left: Document,
    right: Document,
    shared: Sequence[str],
    *,
    order: float,
    same_release: bool,
    images: Mapping[str, bytes],
) -> str:
    """Write two boards of one song as one self-contained HTML document.

    Args:
        left: A board of schema "evoke.board/1".
        right: Another of the same song.
        shared: Pictures that are tiles of both.
        order: How alike the two orders are, 1 where they are equal.
        same_release: Whether relevance means the same on both sides.
        images: JPEG by image_id; b"" shows a picture's colours instead.

    Returns:
        HTML; deterministic for the same input.
    """
    names = _names(left, right)
    sides = [
        _side(board, shared, name, where)
        for board, name, where in zip(
            (left, right), names, ("left", "right"), strict=True
        )
    ]
    palette = safe_palette(left["palette"])
    pictures = {t["image_id"]: t for one in (left, right) for t in one["tiles"]}
    track = left["track"]
    title = track["title"]
    most = max(len(side["tiles"]) for side in sides)
    counted = f"{len(shared)} of {count(most, 'picture')}"
    are = "is" if len(shared) == 1 else "are"
    return render_document(
        "comparison.html",
        {
            "title": title,
            "artist": track["artist"],
            "length": clock(float(track["duration_s"])),
            "shared": f"{counted} {are} on both boards",
            "description": f"Two boards of {title}: {counted} shared.",
            "order": f"{order:.2f}",
            "sides": sides,
            "figures": _figures(left, right),
            "same_release": same_release,
            "images": {key: data_uri(jpeg) for key, jpeg in images.items() if jpeg},
            "credits": [credit_of(picture) for picture in pictures.values()],
            "favicon": favicon(palette),
            "data": json_block([side["sizes"] for side in sides]),
        },
        styles=("board.css", "comparison.css"),
        scripts=("masonry.js", "comparison.js"),
        rules=accent_rules(palette)
        + place_rules([*left["tiles"], *right["tiles"]], "[data-place='{}']"),
    )


def _side(
    board: Document, shared: Collection[str], name: str, where: str
) -> dict[str, Any]:
    return {
        "where": where,
        "name": name,
        "href": f"{_TO_STORE}boards/{quote(str(board['board_id']))}/board.html",
        "tiles": [
            {
                "image_id": tile["image_id"],
                "alt": alt(tile),
                "credit": tile["attribution"],
                "is_shared": tile["image_id"] in shared,
            }
            for tile in board["tiles"]
        ],
        "sizes": {
            tile["image_id"]: {
                "width_px": tile["width_px"],
                "height_px": tile["height_px"],
            }
            for tile in board["tiles"]
        },
    }


def _names(left: Document, right: Document) -> tuple[str, str]:
    """Name two boards by the first thing that tells them apart."""
    for tell in _TELLING:
        names = tell(left), tell(right)
        if names[0] != names[1]:
            return names
    return "First", "Second"


def _figures(left: Document, right: Document) -> list[tuple[str, str, str]]:
    """List what is known of both as (name, left, right); equal rows are quiet."""
    rows: dict[str, Callable[[Document], str]] = {
        "Pictures": lambda board: str(len(board["tiles"])),
        "Relevance": lambda board: f"{board['relevance']:.3f}",
        "Diversity": lambda board: f"{board['diversity']:.3f}",
        "Sliders": _setting,
        "Shown from": _filters,
        "Joined by": lambda board: str(board["release"]["bridge"]),
        "Release": lambda board: f"{_release(board)}, {_day(board)}",
    }
    return [(name, tell(left), tell(right)) for name, tell in rows.items()]


def _setting(board: Document) -> str:
    """Say where the sliders stood in words: "0.50 warm, 0.25 sparse"."""
    setting = board["refinement"].get("setting") or {}
    poles = {axis["name"]: axis for axis in board["refinement"]["axes"]}
    moved = [
        f"{abs(float(value)):.2f} {poles[axis]['high' if value > 0 else 'low']}"
        for axis, value in setting.items()
        if value and axis in poles
    ]
    return ", ".join(moved) or "at rest"


def _filters(board: Document) -> str:
    filters = board["refinement"].get("filters") or {}
    named = [str(one) for group in filters.values() for one in group]
    return ", ".join(named) or "all pictures"


def _release(board: Document) -> str:
    return str(board["release"]["release_id"])


def _day(board: Document) -> str:
    return str(board["release"]["made_at"])[:10]


_TELLING: tuple[Callable[[Document], str], ...] = (
    lambda board: "Refined" if board.get("refined_from") else "As the song",
    lambda board: f"By {board['release']['bridge']}",
    lambda board: f"Release {_release(board)[:8]}",
)
