"""The picture that a chat or a feed shows for a link to a board: 1200 x 630.

The whole board as a picture is `board_picture`.

Source: Open Graph protocol, og:image; the size is what the large services ask for.
"""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw

from evoke_core.pages.accent import PAPER_LIGHT, accent_colour
from evoke_core.pages.board_picture import INK, QUIET, facts_of, moods_of, title_of
from evoke_core.pages.lettering import fitted, legible, typeface, wrapped
from evoke_core.pages.masonry import masonry, paste_tile
from evoke_core.pages.ribbon import ribbon_colours, ribbon_mask

WIDTH_PX, HEIGHT_PX = 1200, 630
_WORDS_PX = 430  # the left part
_EDGE_PX = 56
_GAP_PX = 12
_RADIUS_PX = 14
_COLUMNS = 3
_TILES = 18
_OVER_PX = 60  # tiles begin above the edge: a window on a board that goes on
_RIBBON_PX = (_WORDS_PX - _EDGE_PX, 56)


def render_preview(
    document: Mapping[str, Any], *, tile_images: Mapping[str, bytes]
) -> bytes:
    """Draw the title beside a window on the board.

    Args:
        document: Schema evoke.board/1.
        tile_images: JPEG by image_id; a tile without one shows its own colours.

    Returns:
        JPEG of 1200 x 630, the same bytes for the same board.
    """
    sheet = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), PAPER_LIGHT)
    left = _WORDS_PX + 44
    places = masonry(
        document["tiles"][:_TILES],
        WIDTH_PX - left + _GAP_PX,
        columns=_COLUMNS,
        gap_px=_GAP_PX,
    )
    for place in places:
        if place.top - _OVER_PX < HEIGHT_PX:
            data = tile_images.get(place.tile["image_id"])
            corner = (left, -_OVER_PX)
            paste_tile(sheet, place, data, corner=corner, radius_px=_RADIUS_PX)
    _write(sheet, document)
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=86, optimize=True, progressive=True)
    return buffer.getvalue()


def _write(sheet: Image.Image, document: Mapping[str, Any]) -> None:
    pen = ImageDraw.Draw(sheet)
    room = _RIBBON_PX[0]
    title = title_of(document["track"])
    for size in (64, 52, 42):
        face = typeface(size, bold=True)
        lines = wrapped(title, room, face, most=3)
        if " ".join(lines) == title:  # nothing was cut
            break
    top = 232 - round(1.16 * size * len(lines) / 2)
    for number, line in enumerate(lines):
        at = (_EDGE_PX, top + round(1.16 * size) * number)
        pen.text(at, line, INK, face)
    top += round(1.16 * size) * len(lines) + 18
    accent = accent_colour(document["palette"], PAPER_LIGHT)
    for line in wrapped(moods_of(document), room, typeface(25), most=2):
        pen.text((_EDGE_PX, top), line, accent, typeface(25))
        top += 34
    sheet.paste(
        ribbon_colours(document, _RIBBON_PX),
        (_EDGE_PX, 462),
        ribbon_mask(document, _RIBBON_PX),
    )
    facts = fitted(legible(facts_of(document["track"])), room, typeface(20))
    pen.text((_EDGE_PX, 546), facts, QUIET, typeface(20))
