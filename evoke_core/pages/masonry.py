"""Masonry in pixels: where tiles stand on a drawn sheet, and how they get there.

The page lays out its own in `templates/masonry.js`, by the same rule. What else stands
on a sheet is `board_picture`, `preview` and `clip`.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from evoke_core.pages.accent import safe_palette
from evoke_core.pages.rules import shape

_STRETCH = 0.18  # of a tile's height, to end the columns on one line


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tile stands, pixels from the top left of the grid."""

    tile: Mapping[str, Any]
    column: int
    left: int
    top: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        """The first row of pixels below the tile."""
        return self.top + self.height


def masonry(
    tiles: Sequence[Mapping[str, Any]], room_px: int, *, columns: int, gap_px: int
) -> list[Place]:
    """Put each tile under the shortest column, ties to the left, as the page does."""
    step_px = (room_px + gap_px) / columns
    lefts = [round(column * step_px) for column in range(columns + 1)]
    bottoms = [0] * columns
    places = []
    for tile in tiles:
        column = bottoms.index(min(bottoms))
        width = lefts[column + 1] - lefts[column] - gap_px
        height = round(width / shape(tile))
        top = bottoms[column]
        places.append(Place(tile, column, lefts[column], top, width, height))
        bottoms[column] += height + gap_px
    return places


def levelled(places: Sequence[Place], *, gap_px: int) -> list[Place]:
    """End the columns on one line, where that crops or stretches no tile visibly."""
    columns = {
        number: [place for place in places if place.column == number]
        for number in {place.column for place in places}
    }
    if not columns:
        return []
    wanted = round(sum(one[-1].bottom for one in columns.values()) / len(columns))
    ended = {number: _ended(one, wanted, gap_px) for number, one in columns.items()}
    # the board's order stays, so that the same picture comes from the same tiles
    turns = {number: iter(one) for number, one in ended.items()}
    return [next(turns[place.column]) for place in places]


def paste_tile(
    sheet: Image.Image,
    place: Place,
    data: bytes | None,
    *,
    corner: tuple[int, int],
    radius_px: int,
) -> None:
    """Draw a tile with round corners; one without a JPEG shows its own colour.

    Args:
        sheet: What is drawn on.
        place: Where, from the corner of the grid.
        data: JPEG, or None.
        corner: Left and top of the grid on the sheet; tiles may hang over its edges.
        radius_px: Of the corners.
    """
    size = (place.width, place.height)
    if data is None:
        tile = Image.new("RGB", size, safe_palette(place.tile["palette"])[0])
    else:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", size)
            tile = ImageOps.fit(opened.convert("RGB"), size, Image.Resampling.BICUBIC)
    at = (corner[0] + place.left, corner[1] + place.top)
    sheet.paste(tile, at, rounded_mask(size, radius_px))


def rounded_mask(size: tuple[int, int], radius_px: int) -> Image.Image:
    """Draw a filled rectangle with smooth round corners, mode L."""
    mask = Image.new("L", size, 255)
    if radius_px < 1:
        return mask
    disc = _disc(radius_px)
    right, low = size[0] - radius_px, size[1] - radius_px
    corners = ((0, 0), (right, 0), (0, low), (right, low))
    for corner in corners:
        part = (radius_px if corner[0] else 0, radius_px if corner[1] else 0)
        quarter = disc.crop((*part, part[0] + radius_px, part[1] + radius_px))
        mask.paste(quarter, corner)
    return mask


def _ended(column: Sequence[Place], bottom_px: int, gap_px: int) -> list[Place]:
    heights = sum(place.height for place in column)
    scale = 1 + (bottom_px - column[-1].bottom) / heights
    if abs(scale - 1) > _STRETCH:
        return list(column)
    ended: list[Place] = []
    for place in column:
        top = ended[-1].bottom + gap_px if ended else 0
        last = len(ended) + 1 == len(column)
        height = bottom_px - top if last else round(place.height * scale)
        ended.append(replace(place, top=top, height=height))
    return ended


@cache
def _disc(radius_px: int) -> Image.Image:
    """Draw a disc at four times its size, for a smooth edge."""
    side_px = 8 * radius_px
    large = Image.new("L", (side_px, side_px), 0)
    ImageDraw.Draw(large).ellipse((0, 0, side_px - 1, side_px - 1), 255)
    return large.resize((2 * radius_px, 2 * radius_px), Image.Resampling.BOX)
