"""The board as one picture: masonry, title, moods, palette and credits, by Pillow.

For sharing and printing; what moves and explains itself is the page's business, and
letters are `lettering`.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from evoke_core.boards.accent import PAPER_LIGHT, accent_colour, safe_palette
from evoke_core.boards.document import clock
from evoke_core.boards.lettering import fitted, legible, typeface
from evoke_core.boards.page import shape

_INK, _QUIET = "#1b1a19", "#68645f"  # as the page in daylight
_MARGIN_PX = 48
_GAP_PX = 16
_RADIUS_PX = 16
_COLUMN_PX = 220  # wanted; the count of columns follows from the width
_HEAD_PX = 212
_SWATCH_PX = 44
_SWATCHES = 5
_LINE_PX = 22
_CREDIT_LINES = 12
_MOODS = 4
_STRETCH = 0.18  # of a tile's height, to end the columns on one line


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tile stands, pixels from the top left of the grid."""

    tile: Mapping[str, Any]
    column: int
    left: int
    top: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        return self.top + self.height


def render_picture(
    board: Mapping[str, Any],
    *,
    tile_images: Mapping[str, bytes],
    width_px: int = 1440,
) -> bytes:
    """Draw a board.

    Args:
        board: The document, schema evoke.board/1.
        tile_images: JPEG by image_id; a tile without one shows its own colours.
        width_px: Width of the picture, at least 480.

    Returns:
        PNG bytes, the same for the same board.
    """
    room = width_px - 2 * _MARGIN_PX
    places = _levelled(_masonry(board["tiles"], room))
    grid_px = max((place.bottom for place in places), default=0)
    lines = [*_credits(board["tiles"], room), _made(board["release"])]
    top = _HEAD_PX + grid_px + 40
    height_px = top + _LINE_PX * len(lines) + _MARGIN_PX
    sheet = Image.new("RGB", (width_px, height_px), PAPER_LIGHT)
    draw = ImageDraw.Draw(sheet)
    _write_head(draw, board, room)
    _dot_palette(sheet, board["palette"])
    for place in places:
        _paste(sheet, place, tile_images.get(place.tile["image_id"]))
    for row, line in enumerate(lines):
        draw.text((_MARGIN_PX, top + _LINE_PX * row), line, _QUIET, typeface(13))
    buffer = io.BytesIO()
    # photographs hardly shrink: the default level takes twice as long for 5 % less
    sheet.save(buffer, "PNG", compress_level=2)
    return buffer.getvalue()


def _masonry(tiles: Sequence[Mapping[str, Any]], room_px: int) -> list[_Place]:
    """Put each tile under the shortest column, ties to the left, as the page does."""
    columns = max(2, round((room_px + _GAP_PX) / (_COLUMN_PX + _GAP_PX)))
    step_px = (room_px + _GAP_PX) / columns
    lefts = [round(column * step_px) for column in range(columns + 1)]
    bottoms = [0] * columns
    places = []
    for tile in tiles:
        column = bottoms.index(min(bottoms))
        width = lefts[column + 1] - lefts[column] - _GAP_PX
        height = round(width / shape(tile))
        top = bottoms[column]
        places.append(_Place(tile, column, lefts[column], top, width, height))
        bottoms[column] += height + _GAP_PX
    return places


def _levelled(places: Sequence[_Place]) -> list[_Place]:
    """End the columns on one line, where that crops or stretches no tile visibly."""
    columns = {
        number: [place for place in places if place.column == number]
        for number in {place.column for place in places}
    }
    if not columns:
        return []
    wanted = round(sum(one[-1].bottom for one in columns.values()) / len(columns))
    levelled = {number: _ended(one, wanted) for number, one in columns.items()}
    # the board's order stays, so that the same picture comes from the same tiles
    turns = {number: iter(one) for number, one in levelled.items()}
    return [next(turns[place.column]) for place in places]


def _ended(column: Sequence[_Place], bottom_px: int) -> list[_Place]:
    heights = sum(place.height for place in column)
    scale = 1 + (bottom_px - column[-1].bottom) / heights
    if abs(scale - 1) > _STRETCH:
        return list(column)
    ended: list[_Place] = []
    for place in column:
        top = ended[-1].bottom + _GAP_PX if ended else 0
        last = len(ended) + 1 == len(column)
        height = bottom_px - top if last else round(place.height * scale)
        ended.append(replace(place, top=top, height=height))
    return ended


def _paste(sheet: Image.Image, place: _Place, data: bytes | None) -> None:
    size = (place.width, place.height)
    if data is None:
        tile = Image.new("RGB", size, safe_palette(place.tile["palette"])[0])
    else:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", size)
            tile = ImageOps.fit(opened.convert("RGB"), size, Image.Resampling.BICUBIC)
    corner = (place.left + _MARGIN_PX, place.top + _HEAD_PX)
    sheet.paste(tile, corner, _rounded_mask(size, _RADIUS_PX))


def _rounded_mask(size: tuple[int, int], radius_px: int) -> Image.Image:
    mask = Image.new("L", size, 255)
    disc = _disc(radius_px)
    right, low = size[0] - radius_px, size[1] - radius_px
    corners = ((0, 0), (right, 0), (0, low), (right, low))
    for corner in corners:
        part = (radius_px if corner[0] else 0, radius_px if corner[1] else 0)
        quarter = disc.crop((*part, part[0] + radius_px, part[1] + radius_px))
        mask.paste(quarter, corner)
    return mask


@cache
def _disc(radius_px: int) -> Image.Image:
    """Draw a disc at four times its size, for a smooth edge."""
    side_px = 8 * radius_px
    large = Image.new("L", (side_px, side_px), 0)
    ImageDraw.Draw(large).ellipse((0, 0, side_px - 1, side_px - 1), 255)
    return large.resize((2 * radius_px, 2 * radius_px), Image.Resampling.BOX)


def _write_head(draw: ImageDraw.ImageDraw, board: Mapping[str, Any], room: int) -> None:
    beside = room - _SWATCHES * (_SWATCH_PX + 4) - 40
    track = board["track"]
    title, face = _title(legible(track["title"]) or "♪", beside)
    draw.text((_MARGIN_PX, 96), title, _INK, face, anchor="ls")
    words = legible(", ".join(str(mood["mood"]) for mood in board["moods"][:_MOODS]))
    accent = accent_colour(board["palette"], PAPER_LIGHT)
    moods = fitted(words, room, typeface(26))
    draw.text((_MARGIN_PX, 142), moods, accent, typeface(26), anchor="ls")
    parts = [legible(track["artist"] or ""), clock(float(track["duration_s"]))]
    facts = fitted(" · ".join(filter(None, parts)), room, typeface(17))
    draw.text((_MARGIN_PX, 176), facts, _QUIET, typeface(17), anchor="ls")


def _title(title: str, room_px: int) -> tuple[str, Any]:
    """Set a title as large as its length lets it stand whole, or cut it."""
    for size in (58, 48, 40, 34):
        if typeface(size, bold=True).getlength(title) <= room_px:
            break
    face = typeface(size, bold=True)
    return fitted(title, room_px, face), face


def _dot_palette(sheet: Image.Image, palette: Sequence[str]) -> None:
    right = sheet.width - _MARGIN_PX
    mask = _rounded_mask((_SWATCH_PX, _SWATCH_PX), _SWATCH_PX // 2)
    for place, colour in enumerate(reversed(safe_palette(palette)[:_SWATCHES])):
        left = right - place * (_SWATCH_PX + 4) - _SWATCH_PX
        sheet.paste(colour, (left, 56, left + _SWATCH_PX, 56 + _SWATCH_PX), mask)


def _credits(tiles: Sequence[Mapping[str, Any]], room_px: int) -> list[str]:
    """Write credits in as many lines as allowed, and say where the others stand."""
    named = {(str(tile["attribution"]), str(tile["licence"])): None for tile in tiles}
    texts = [legible(f"{name} ({licence})") for name, licence in named if legible(name)]
    face = typeface(13)
    lines: list[str] = []
    written = 0
    for credit in texts:
        longer = f"{lines[-1]}  ·  {credit}" if lines else credit
        if lines and face.getlength(longer) <= room_px:
            lines[-1] = longer
        elif len(lines) < _CREDIT_LINES:
            lines.append(fitted(credit, room_px, face))
        else:
            break
        written += 1
    left = len(named) - written
    return [*lines, f"and {left} more, in board.html"] if left else lines


def _made(release: Mapping[str, Any]) -> str:
    made_on, number = str(release["made_at"])[:10], str(release["release_id"])
    return legible(f"Made by Evoke on {made_on} from release {number}")
