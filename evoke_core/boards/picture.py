"""The board as one picture: masonry, title, moods, palette and credits, by Pillow.

For sharing and printing; what moves and explains itself is the page's business.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont

_GROUND = (252, 251, 249)
_INK = (28, 27, 25)
_QUIET = (112, 108, 102)
_MARGIN_PX = 48
_GAP_PX = 16
_RADIUS_PX = 16
_COLUMN_PX = 220  # wanted; the count of columns follows from the width
_CREDIT_LINES = 6
_MOODS = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tile stands, pixels from the top left of the grid."""

    image_id: str
    left: int
    top: int
    width: int
    height: int


def render_picture(
    board: Mapping[str, Any],
    *,
    tile_images: Mapping[str, bytes],
    width_px: int = 1440,
) -> bytes:
    """Draw a board.

    Args:
        board: The document, schema evoke.board/1.
        tile_images: JPEG of every tile by image_id.
        width_px: Width of the picture.

    Returns:
        PNG bytes.
    """
    places = _masonry(board["tiles"], width_px - 2 * _MARGIN_PX)
    grid_height = max((place.top + place.height for place in places), default=0)
    head, foot = 190, 40 + 22 * _CREDIT_LINES
    height = head + grid_height + foot + _MARGIN_PX
    sheet = Image.new("RGB", (width_px, height), _GROUND)
    draw = ImageDraw.Draw(sheet)
    _write_head(draw, board, width_px)
    for place in places:
        _paste(sheet, place, tile_images[place.image_id], head)
    _write_credits(draw, board, head + grid_height + 40, width_px)
    buffer = io.BytesIO()
    # Level 1 is three times as fast as the default for a tenth more bytes.
    sheet.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _masonry(tiles: Sequence[Mapping[str, Any]], width: int) -> list[_Place]:
    """Put each tile under the shortest column, ties to the left, as the page does."""
    columns = max(2, round((width + _GAP_PX) / (_COLUMN_PX + _GAP_PX)))
    column_px = (width - _GAP_PX * (columns - 1)) // columns
    heights = [0] * columns
    places = []
    for tile in tiles:
        column = heights.index(min(heights))
        height = round(column_px * tile["height_px"] / tile["width_px"])
        left = column * (column_px + _GAP_PX)
        places.append(
            _Place(tile["image_id"], left, heights[column], column_px, height)
        )
        heights[column] += height + _GAP_PX
    return places


def _paste(sheet: Image.Image, place: _Place, data: bytes, head: int) -> None:
    size = (place.width, place.height)
    with Image.open(io.BytesIO(data)) as opened:
        opened.draft("RGB", size)
        tile = opened.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    corner = (place.left + _MARGIN_PX, place.top + head)
    sheet.paste(tile, corner, _rounded_mask(size))


@cache
def _rounded_mask(size: tuple[int, int]) -> Image.Image:
    """Draw a rounded rectangle at twice the size, for smooth corners."""
    double = Image.new("L", (2 * size[0], 2 * size[1]), 0)
    ImageDraw.Draw(double).rounded_rectangle(
        (0, 0, 2 * size[0] - 1, 2 * size[1] - 1), 2 * _RADIUS_PX, fill=255
    )
    return double.resize(size, Image.Resampling.BOX)


def _write_head(
    draw: ImageDraw.ImageDraw, board: Mapping[str, Any], width_px: int
) -> None:
    title = _fitted(draw, board["track"]["title"], 56, width_px - 2 * _MARGIN_PX - 320)
    draw.text((_MARGIN_PX, 44), title, _INK, _font(56))
    words = ", ".join(mood["mood"] for mood in board["moods"][:_MOODS])
    draw.text((_MARGIN_PX, 122), words, _QUIET, _font(26))
    for place, colour in enumerate(reversed(board["palette"])):
        right = width_px - _MARGIN_PX - place * 48
        draw.ellipse((right - 44, 64, right, 108), fill=colour)


def _write_credits(
    draw: ImageDraw.ImageDraw, board: Mapping[str, Any], top: int, width_px: int
) -> None:
    """Write credits in as many lines as there is room for, then how many are left."""
    lines_due = list(dict.fromkeys(tile["attribution"] for tile in board["tiles"]))
    lines, room = [""], width_px - 2 * _MARGIN_PX
    for number, credit in enumerate(lines_due):
        longer = f"{lines[-1]}  ·  {credit}" if lines[-1] else credit
        if draw.textlength(longer, _font(14)) <= room:
            lines[-1] = longer
        elif len(lines) < _CREDIT_LINES:
            lines.append(_fitted(draw, credit, 14, room))
        else:
            lines.append(f"and {len(lines_due) - number} more, in board.html")
            break
    for row, line in enumerate(lines):
        draw.text((_MARGIN_PX, top + 22 * row), line, _QUIET, _font(14))


def _fitted(draw: ImageDraw.ImageDraw, text: str, size: int, room: int) -> str:
    """Cut a text to the room there is, with an ellipsis."""
    one_line = " ".join(text.split())
    while one_line and draw.textlength(one_line, _font(size)) > room:
        one_line = one_line[:-2].rstrip() + "…"
    return one_line


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
