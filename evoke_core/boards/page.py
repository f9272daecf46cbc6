"""The board page: one HTML file that shows, plays and refines without a network.

Choosing tiles in Python is `refine`; the page holds the same arithmetic in
`templates/refine.js`. Writing the file to the store is not here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evoke_core.boards import figures
from evoke_core.boards.accent import (
    PAPER_DARK,
    PAPER_LIGHT,
    accent_colour,
    ink_on,
    safe_palette,
)
from evoke_core.boards.document import (
    clock,
    data_uri,
    favicon,
    json_block,
    relative_link,
    render_document,
    web_link,
)
from evoke_core.errors import BoardError

SCHEMA = "evoke.board/1"
SCRIPTS = (
    "refine.js",
    "masonry.js",
    "state.js",
    "tiles.js",
    "lightbox.js",
    "player.js",
    "export.js",
    "verdict.js",
    "board.js",
)
MOODS_SHOWN = 4
MOODS_IN_REASON = 2

# what chooses and shows a picture; everything else stays in board.json
_FIELDS = ("image_id", "source", "artist", "cluster_id", "width_px", "height_px")


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
        HTML in UTF-8 text; deterministic for the same input.

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
    return render_document(
        "board.html",
        {
            "track": _track(track),
            "moods": [str(one["mood"]) for one in board["moods"][:MOODS_SHOWN]],
            "courses": figures.courses(board["emotion_profile"], board["arc"]),
            "ribbon": figures.ribbon_path(track["peaks"], board["arc"], duration_s),
            "stops": figures.ribbon_stops(board["arc"], duration_s),
            "sections": [_section(one) for one in board["sections"]],
            "axes": board["refinement"]["axes"],
            "palette": safe_palette(board["palette"]),
            "tiles": tiles,
            "pool_size": len(pool),
            "pictures": {key: data_uri(jpeg) for key, jpeg in tile_images.items()},
            "favicon": favicon(board["palette"]),
            "made_on": str(board["release"]["made_at"])[:10],
            "previews": json_block(
                {key: data_uri(jpeg) for key, jpeg in previews.items() if key in by_id}
            ),
            "notes": _notes(board),
            "release": board["release"],
            "description": _description(board),
            "data": json_block(
                _page_data(board, pool)
                | {"sharp": [key for key in by_id if key in tile_images]}
            ),
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
        "tiles": [str(one["image_id"]) for one in board["tiles"]],
        "candidates": pool,
        "refinement": board["refinement"],
    }


def _track(track: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": str(track["title"]),
        "artist": track["artist"],
        "duration_s": float(track["duration_s"]),
        "length": clock(float(track["duration_s"])),
        "audio": relative_link(track["audio"]),
    }


def _section(section: Mapping[str, Any]) -> dict[str, Any]:
    return dict(section) | {
        "span": f"{clock(section['start_s'])}–{clock(section['end_s'])}"  # noqa: RUF001
    }


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
    name = candidate["title"] or "Untitled"
    section = next(
        (one for one in board["sections"] if one["index"] == candidate["section"]), None
    )
    moods = [str(one) for one in candidate["why"][:MOODS_IN_REASON]]
    return {key: candidate[key] for key in _FIELDS} | {
        "name": name,
        "alt": f"{name}, {candidate['artist']}" if candidate["artist"] else name,
        "credit": candidate["attribution"],
        "licence": candidate["licence"],
        "licence_url": web_link(candidate["licence_url"]),
        "url": web_link(candidate["url"]),
        "palette": safe_palette(candidate["palette"]),
        "thumbnail": relative_link(candidate["thumbnail"]),
        "vector": candidate["vector"],
        "why": _why(moods, section),
        "reason": _reason([str(one) for one in candidate["why"]], section),
    }


def _why(moods: Sequence[str], section: Mapping[str, Any] | None) -> str:
    """Say in a few words under a tile why it is here."""
    parts = [_and(moods)] if moods else []
    if section is not None:
        parts.append(f"section {section['label']}")
    return " · ".join(parts) or "close to the whole song"


def _reason(moods: Sequence[str], section: Mapping[str, Any] | None) -> str:
    """Say in a sentence beside the large picture why it is here."""
    shared = f"Shares {_and(moods)} with the song" if moods else "Close to the song"
    if section is None:
        return f"{shared} as a whole." if not moods else f"{shared}."
    span = _section(section)["span"]
    return f"{shared}, nearest to section {section['label']} ({span})."


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _notes(board: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in [board["track"]["note"], *board["notes"]] if one]


def _description(board: Mapping[str, Any]) -> str:
    track = board["track"]
    by = f" by {track['artist']}" if track["artist"] else ""
    moods = ", ".join(str(one["mood"]) for one in board["moods"][:MOODS_SHOWN])
    count = len(board["tiles"])
    return f"{count} pictures that feel like {track['title']}{by}" + (
        f": {moods}." if moods else "."
    )


def _rules(board: Mapping[str, Any], tiles: Iterable[Mapping[str, Any]]) -> str:
    """Write the colours and places that are this board's own as CSS.

    Style attributes are not allowed by the page's policy. Only checked hex colours and
    numbers get in.
    """
    light = accent_colour(board["palette"], PAPER_LIGHT)
    dark = accent_colour(board["palette"], PAPER_DARK)
    rules = [
        f":root{{--accent:{light};--on-accent:{ink_on(light)}}}",
        (
            "@media (prefers-color-scheme:dark){"
            f":root{{--accent:{dark};--on-accent:{ink_on(dark)}}}}}"
        ),
        figures.section_rules(board["sections"], float(board["track"]["duration_s"])),
    ]
    rules += [
        f"[data-swatch='{number}']{{background:{colour}}}"
        for number, colour in enumerate(safe_palette(board["palette"]))
    ]
    rules += [
        f"[data-place='{number}']{{aspect-ratio:{shape(tile):.4f};"
        f"background:{placeholder(tile['palette'])}}}"
        for number, tile in enumerate(tiles)
    ]
    return "".join(rules)


def shape(picture: Mapping[str, Any]) -> float:
    """Give width / height, held between 1:3 and 3:1 so that no tile is a thread."""
    ratio = int(picture["width_px"]) / max(1, int(picture["height_px"]))
    return min(3.0, max(1 / 3, ratio))


def placeholder(palette: Sequence[str]) -> str:
    """Blend a picture's first colours into a CSS background to stand in for it."""
    first, last = palette[0], palette[min(2, len(palette) - 1)]
    return f"linear-gradient(160deg,{first},{last})"
