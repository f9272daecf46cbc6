"""The board as one picture: masonry, title, moods, ribbon and credits, by Pillow.

For sharing and printing; what moves and explains itself is the page's business, where
tiles stand is `masonry`, and letters are `lettering`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from evoke_core.pages.accent import PAPER_LIGHT, accent_colour, safe_palette
from evoke_core.pages.document import clock
from evoke_core.pages.lettering import fitted, legible, typeface
from evoke_core.pages.masonry import levelled, masonry, paste_tile, rounded_mask
from evoke_core.pages.ribbon import ribbon_colours, ribbon_mask

INK, QUIET = "#1b1a19", "#68645f"  # as the page in daylight
_EDGE = "#d9d5cf"
# all lengths below are for a sheet drawn at scale 1
_MARGIN = 48
_GAP = 16
_RADIUS = 16
_COLUMN = 220  # wanted; the count of columns follows from the width
_RIBBON_TOP, _RIBBON = 200, 44
_HEAD = 268
_SWATCH = 44
_SWATCHES = 5
_LINE = 21
_CREDIT_LINES = 60  # a board of 40 takes about 15
_MOODS = 4
_SEPARATOR = "  ·  "


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that is drawn larger than its lengths say.

    Args:
        width: At scale 1.
        scale: Pixels for each unit of length.
    """

    width: int
    scale: float

    @property
    def room(self) -> int:
        return self.px(self.width - 2 * _MARGIN)

    def px(self, length: float) -> int:
        return round(length * self.scale)

    def face(self, size: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        return typeface(self.px(size), bold=bold)


def render_picture(
    board: Mapping[str, Any],
    *,
    tile_images: Mapping[str, bytes],
    width: int = 1440,
    scale: float = 1.25,
) -> bytes:
    """Draw a board.

    Args:
        board: The document, schema evoke.board/1.
        tile_images: JPEG by image_id; a tile without one shows its own colours.
        width: Of the sheet at scale 1, at least 480.
        scale: Pixels for each unit of width. At 1.25 a dense screen shows the sheet
            900 wide without blur; encoding costs as the square of it.

    Returns:
        PNG bytes, the same for the same board.
    """
    sheet = _Sheet(width, scale)
    places = _placed(board["tiles"], sheet)
    grid_px = max((place.bottom for place in places), default=0)
    lines = [*_credits(board["tiles"], sheet), _made(board["release"])]
    top = sheet.px(_HEAD) + grid_px + sheet.px(40)
    height_px = top + sheet.px(_LINE) * len(lines) + sheet.px(_MARGIN)
    drawn = Image.new("RGB", (sheet.px(width), height_px), PAPER_LIGHT)
    _write_head(drawn, board, sheet)
    corner = (sheet.px(_MARGIN), sheet.px(_HEAD))
    for place in places:
        data = tile_images.get(place.tile["image_id"])
        paste_tile(drawn, place, data, corner=corner, radius_px=sheet.px(_RADIUS))
    pen = ImageDraw.Draw(drawn)
    for row, line in enumerate(lines):
        at = (corner[0], top + sheet.px(_LINE) * row)
        pen.text(at, line, QUIET, sheet.face(13))
    return _as_png(drawn)


def _as_png(drawn: Image.Image) -> bytes:
    """Encode by FFmpeg with one predictor for all rows, at little compression.

    Pillow tries five predictors on every row: twice the time, and half of what a board
    then cost, for 7 % fewer bytes of photographs that hardly shrink.
    """
    import av

    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height = drawn.size
    encoder.pix_fmt, encoder.time_base = "rgb24", Fraction(1)
    encoder.thread_count = 1
    encoder.options = {"pred": "paeth", "compression_level": "1"}
    frame = av.VideoFrame.from_ndarray(np.asarray(drawn), format="rgb24")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def _placed(tiles: Sequence[Mapping[str, Any]], sheet: _Sheet) -> list[Any]:
    gap_px = sheet.px(_GAP)
    wanted = sheet.px(_COLUMN) + gap_px
    columns = max(2, round((sheet.room + gap_px) / wanted))
    places = masonry(tiles, sheet.room, columns=columns, gap_px=gap_px)
    return levelled(places, gap_px=gap_px)


def _write_head(drawn: Image.Image, board: Mapping[str, Any], sheet: _Sheet) -> None:
    pen = ImageDraw.Draw(drawn)
    left = sheet.px(_MARGIN)
    track = board["track"]
    beside = sheet.room - sheet.px(_SWATCHES * (_SWATCH + 4) + 40)
    title, face = _title(title_of(track), beside, sheet)
    pen.text((left, sheet.px(96)), title, INK, face, anchor="ls")
    accent = accent_colour(board["palette"], PAPER_LIGHT)
    for text, size, colour, base in (
        (moods_of(board), 26, accent, 142),
        (facts_of(track), 17, QUIET, 176),
    ):
        line = fitted(text, sheet.room, sheet.face(size))
        pen.text((left, sheet.px(base)), line, colour, sheet.face(size), anchor="ls")
    ribbon = (sheet.room, sheet.px(_RIBBON))
    at = (left, sheet.px(_RIBBON_TOP))
    drawn.paste(ribbon_colours(board, ribbon), at, ribbon_mask(board, ribbon))
    _dot_palette(drawn, board["palette"], sheet)


def title_of(track: Mapping[str, Any]) -> str:
    """Name a track by what can be drawn of its title, else of its artist, else ♪."""
    names = (track["title"], track["artist"] or "")
    return next(filter(None, (legible(name, gap="…") for name in names)), "♪")


def moods_of(board: Mapping[str, Any]) -> str:
    """Say the song's first moods in one line."""
    return legible(", ".join(str(mood["mood"]) for mood in board["moods"][:_MOODS]))


def facts_of(track: Mapping[str, Any]) -> str:
    """Say who plays and how long, in one line."""
    parts = [legible(track["artist"] or ""), clock(float(track["duration_s"]))]
    return " · ".join(filter(None, parts))


def _title(title: str, room_px: int, sheet: _Sheet) -> tuple[str, Any]:
    """Set a title as large as its length lets it stand whole, or cut it."""
    for size in (58, 48, 40, 34):
        if sheet.face(size, bold=True).getlength(title) <= room_px:
            break
    face = sheet.face(size, bold=True)
    return fitted(title, room_px, face), face


def _dot_palette(drawn: Image.Image, palette: Sequence[str], sheet: _Sheet) -> None:
    side = sheet.px(_SWATCH)
    mask = rounded_mask((side, side), side // 2)
    top = sheet.px(56)
    for place, colour in enumerate(reversed(safe_palette(palette)[:_SWATCHES])):
        left = drawn.width - sheet.px(_MARGIN + place * (_SWATCH + 4)) - side
        box = (left, top, left + side, top + side)
        drawn.paste(colour, box, mask)
        # a colour like the paper's is seen by its edge
        ImageDraw.Draw(drawn).ellipse(box, outline=_EDGE, width=sheet.px(1))


def _credits(tiles: Sequence[Mapping[str, Any]], sheet: _Sheet) -> list[str]:
    """Write credits under their licences, and say where those without room stand."""
    face = sheet.face(13)
    lines: list[str] = []
    written = 0
    named = _by_licence(tiles)
    for licence, names in named.items():
        start = len(lines)
        for name in filter(None, map(legible, names)):
            fresh = len(lines) == start
            said = f"{legible(licence)}: {name}" if fresh else name
            longer = said if fresh else f"{lines[-1]}{_SEPARATOR}{said}"
            if not fresh and face.getlength(longer) <= sheet.room:
                lines[-1] = longer
            elif len(lines) < _CREDIT_LINES:
                lines.append(fitted(said, sheet.room, face))
            else:
                break
            written += 1
    left = sum(len(names) for names in named.values()) - written
    return [*lines, f"and {left} more, in board.html"] if left else lines


def _by_licence(tiles: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Group credits by licence, each once, in the board's order."""
    named: dict[str, dict[str, None]] = {}
    for tile in tiles:
        credit = named.setdefault(str(tile["licence"]), {})
        credit[str(tile["attribution"])] = None
    return {licence: list(credit) for licence, credit in named.items()}


def _made(release: Mapping[str, Any]) -> str:
    made_on, number = str(release["made_at"])[:10], str(release["release_id"])
    return legible(f"Made by Evoke on {made_on} from release {number}")
