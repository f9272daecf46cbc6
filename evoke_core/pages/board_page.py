"""The board page: one HTML file that shows, plays and refines without a network.

Choosing tiles in Python is `boards.refine`; the page holds the same arithmetic in
`templates/refine.js`. Writing the file to the store is not here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evoke_core.errors import BoardError
from evoke_core.pages import figures
from evoke_core.pages.accent import safe_palette
from evoke_core.pages.captions import (
    MOODS_SHOWN,
    alt,
    credit_of,
    description,
    lineage,
    notes,
    reason,
    setting,
    span,
    why,
)
from evoke_core.pages.document import (
    clock,
    data_uri,
    favicon,
    json_block,
    relative_link,
    render_document,
)
from evoke_core.pages.rules import accent_rules, place_rules

SCHEMA = "evoke.board/1"
SHARED = "shared"  # the song's source on a copy that left the store
SCRIPTS = (
    "refine.js",
    "masonry.js",
    "state.js",
    "tiles.js",
    "credits.js",
    "lightbox.js",
    "clock.js",
    "moments.js",
    "player.js",
    "export.js",
    "notices.js",
    "clipboard.js",
    "verdict.js",
    "board.js",
)
MOODS_IN_REASON = 2
MOST_BYTES = 6_000_000  # of the whole page, so that it opens at once and can be mailed
LONG_TITLE = 48  # characters that still stand in the largest letters
VERY_LONG_TITLE = 110

# what chooses and shows a picture; everything else stays in board.json
_FIELDS = ("image_id", "source", "artist", "cluster_id", "width_px", "height_px")
_OTHER_BYTES = 250_000  # scripts, styles, credits and the song's own figures
_FRAME_BYTES = 64  # an address' name and quotes


def render_page(
    board: Mapping[str, Any],
    *,
    tile_images: Mapping[str, bytes],
    previews: Mapping[str, bytes],
) -> str:
    """Write a board as one self-contained HTML document.

    Args:
        board: A board of schema "evoke.board/1".
        tile_images: JPEG of about 480 px by image_id, for the tiles.
        previews: JPEG of 160 px by image_id, for all candidates.

    Returns:
        HTML in UTF-8 text; deterministic for the same input. Where pictures would
        make it larger than MOST_BYTES, the last ones of the pool stay out of it and
        come from the store beside the page.

    Raises:
        BoardError: The schema is another one, or a tile is not in the pool.
    """
    if board["schema"] != SCHEMA:
        raise BoardError(
            f"board {board['board_id']}: schema {board['schema']!r}, this page reads "
            f"{SCHEMA!r}; make the board again with this version"
        )
    pool = [_picture(one, board) for one in board["candidates"]]
    by_id = {one["image_id"]: one for one in pool}
    tiles = [_tile(by_id, str(one["image_id"]), board) for one in board["tiles"]]
    track = board["track"]
    duration_s = float(track["duration_s"])
    inline, small = _that_fit(tiles, pool, tile_images, previews)
    return render_document(
        "board.html",
        {
            "track": _track(track),
            "cover": _cover(board),
            "lineage": lineage(board),
            "setting": setting(board),
            "moods": [str(one["mood"]) for one in board["moods"][:MOODS_SHOWN]],
            "courses": figures.courses(board["emotion_profile"], board["arc"]),
            "ribbon": figures.ribbon_path(track["peaks"], board["arc"], duration_s),
            "stops": figures.ribbon_stops(board["arc"], duration_s),
            "windows": figures.window_marks(board["arc"], duration_s),
            "sections": [_section(one) for one in board["sections"]],
            "axes": board["refinement"]["axes"],
            "palette": safe_palette(board["palette"]),
            "tiles": tiles,
            "is_shared": track.get("source") == SHARED,
            "pool_size": len(pool),
            "pictures": inline,
            "favicon": favicon(board["palette"]),
            "made_on": str(board["release"]["made_at"])[:10],
            "previews": json_block(small),
            "notes": notes(board),
            "release": board["release"],
            "description": description(board),
            "data": json_block(_page_data(board, pool) | {"sharp": list(inline)}),
        },
        styles=("board.css", "lightbox.css"),
        scripts=SCRIPTS,
        rules=_rules(board, tiles),
    )


def _page_data(
    board: Mapping[str, Any], pool: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "board_id": board["board_id"],
        "track": _track(board["track"]),
        "moods": [str(one["mood"]) for one in board["moods"][:MOODS_SHOWN]],
        "palette": safe_palette(board["palette"]),
        "sections": [_section(one) for one in board["sections"]],
        "windows": figures.window_values(board["arc"]),
        "tiles": [str(one["image_id"]) for one in board["tiles"]],
        "candidates": pool,
        "refinement": board["refinement"],
        "setting": setting(board),
    }


def _that_fit(
    tiles: Sequence[Mapping[str, Any]],
    pool: Sequence[Mapping[str, Any]],
    tile_images: Mapping[str, bytes],
    previews: Mapping[str, bytes],
) -> tuple[dict[str, str], dict[str, str]]:
    """Inline pictures while there is room: tiles first, then the pool, best first.

    Returns:
        Tiles and previews as data addresses by image_id; what is inline as a tile is
        no preview too.
    """
    room = MOST_BYTES - _OTHER_BYTES - len(json_block(pool).encode())
    inline: dict[str, str] = {}
    small: dict[str, str] = {}
    for shown, jpegs, kept in ((tiles, tile_images, inline), (pool, previews, small)):
        for key in (str(one["image_id"]) for one in shown):
            if key not in jpegs or key in inline:
                continue
            address = data_uri(jpegs[key])
            if len(address) > room:
                break
            kept[key] = address
            room -= len(address) + _FRAME_BYTES
    return inline, small


def _cover(board: Mapping[str, Any]) -> dict[str, str] | None:
    """Give the cover as the page shows it; None where there is none beside the page."""
    cover = board.get("cover") or {}
    image = relative_link(cover.get("image"))
    if image is None:
        return None
    words = {name: str(cover.get(name) or "") for name in ("alt", "credit", "licence")}
    return words | {"image": image}


def _track(track: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": str(track["title"]),
        "artist": track["artist"],
        "duration_s": float(track["duration_s"]),
        "length": clock(float(track["duration_s"])),
        "fit": _fit(str(track["title"])),
        "audio": relative_link(track["audio"]),
    }


def _fit(title: str) -> str:
    """Say in how large letters a title is set."""
    if len(title) <= LONG_TITLE:
        return "large"
    return "medium" if len(title) <= VERY_LONG_TITLE else "small"


def _section(section: Mapping[str, Any]) -> dict[str, Any]:
    return dict(section) | {"span": span(section)}


def _tile(
    by_id: Mapping[str, dict[str, Any]], image_id: str, board: Mapping[str, Any]
) -> dict[str, Any]:
    if image_id not in by_id:
        raise BoardError(
            f"board {board['board_id']}: tile {image_id} is not among the candidates; "
            "every tile must come from the pool"
        )
    return by_id[image_id]


def _picture(candidate: Mapping[str, Any], board: Mapping[str, Any]) -> dict[str, Any]:
    credit = credit_of(candidate)
    section = next(
        (one for one in board["sections"] if one["index"] == candidate["section"]), None
    )
    moods = [str(one) for one in candidate["why"][:MOODS_IN_REASON]]
    return {key: candidate[key] for key in _FIELDS} | {
        **credit,
        "alt": alt(candidate),
        "after_name": _after_name(str(credit["name"]), str(credit["credit"])),
        "palette": safe_palette(candidate["palette"]),
        "thumbnail": relative_link(candidate["thumbnail"]),
        "vector": candidate["vector"],
        "why": why(moods, section),
        "reason": reason([str(one) for one in candidate["why"]], section),
    }


def _rules(board: Mapping[str, Any], tiles: Iterable[Mapping[str, Any]]) -> str:
    """Write the colours and places that are this board's own as CSS."""
    swatches = (
        f"[data-swatch='{number}']{{background:{colour}}}"
        for number, colour in enumerate(safe_palette(board["palette"]))
    )
    return "".join(
        [
            accent_rules(board["palette"]),
            figures.section_rules(
                board["sections"], float(board["track"]["duration_s"])
            ),
            *swatches,
            place_rules(tiles, "[data-place='{}']"),
        ]
    )


def _after_name(name: str, credit: str) -> str:
    """Give what a list of credits adds to the name; most credits begin with it."""
    return credit.removeprefix(name) if credit.startswith(name) else f" {credit}"
