"""A short looping clip of a board: its pictures change with the song's sections.

It is made when it is asked for and kept as `clip.webp` beside the board. It carries no
sound. The whole board as one still picture is `board_picture`.
"""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from evoke_core.errors import BoardError
from evoke_core.pages.accent import PAPER_DARK
from evoke_core.pages.board_picture import title_of
from evoke_core.pages.lettering import fitted, typeface
from evoke_core.pages.masonry import masonry, paste_tile
from evoke_core.pages.ribbon import ribbon_colours, ribbon_mask

SIDE_PX = 540
DURATION_S = 6.0
MOST_BYTES = 3_000_000
_FRAME_MS = 80
_FRAMES = round(DURATION_S * 1000 / _FRAME_MS)
_FADE_FRAMES = 7
_SCENES = 6  # more would change faster than one can look
_TILES = 12  # of a scene; those that hang over the lower edge are cut
_COLUMNS = 3
_GAP_PX = 8
_RADIUS_PX = 12
_BAR_PX = 76  # at the foot, for title and ribbon
_RIBBON_PX = (SIDE_PX - 32, 32)
_INK, _QUIET = "#f1efec", 0.32  # as the page at night; the ribbon not yet played
_QUALITIES = (72, 60, 48, 36)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown during one part of the song.

    Args:
        start: Share of the song at which it begins, 0..1.
        tiles: In the order of the board.
    """

    start: float
    tiles: Sequence[Mapping[str, Any]]


def render_clip(
    document: Mapping[str, Any], *, tile_images: Mapping[str, bytes]
) -> bytes:
    """Draw the temporal board as a loop.

    Args:
        document: Schema evoke.board/1. It decides what is shown: for a clip that
            leaves the house, give the document that `share` has cleared.
        tile_images: JPEG by image_id; a tile without one shows its own colours.

    Returns:
        Animated WebP of 540 x 540, at most 6 s and 3 MB, with the credits as XMP; the
        same bytes for the same board.

    Raises:
        BoardError: The board has no tile.
    """
    scenes = choose_scenes(document)
    if not scenes:
        raise BoardError(
            f"board {document['board_id']}: no tile to make a clip of; compose it "
            "again over a larger collection"
        )
    frames = _frames(document, scenes, tile_images)
    metadata = _credits([tile for scene in scenes for tile in scene.tiles])
    for quality in _QUALITIES:
        made = _encode(frames, quality, metadata)
        if len(made) <= MOST_BYTES:
            break
    return made


def choose_scenes(document: Mapping[str, Any]) -> list[Scene]:
    """Give each section, the longest where there are many, the tiles nearest to it.

    A song of one section is shown as three parts of its board. A section to which few
    tiles are nearest is filled up with the board's best.
    """
    tiles = document["tiles"]
    duration_s = float(document["track"]["duration_s"])
    by_section: dict[int, list[Any]] = {}
    for tile in tiles:
        if tile["section"] is not None:
            by_section.setdefault(int(tile["section"]), []).append(tile)
    sections = [one for one in document["sections"] if one["index"] in by_section]
    if len(sections) < 2 or duration_s <= 0:
        return _thirds(tiles)
    longest = sorted(sections, key=lambda one: one["start_s"] - one["end_s"])[:_SCENES]
    shown = sorted(longest, key=lambda one: float(one["start_s"]))
    starts = [0.0, *(float(one["start_s"]) / duration_s for one in shown[1:])]
    filled = _filled_up([by_section[one["index"]] for one in shown], tiles)
    return [
        Scene(min(1.0, start), own) for start, own in zip(starts, filled, strict=True)
    ]


def _thirds(tiles: Sequence[Mapping[str, Any]]) -> list[Scene]:
    parts = min(3, len(tiles))
    size = -(-len(tiles) // parts) if parts else 0
    cut = [tiles[part * size : (part + 1) * size] for part in range(parts)]
    filled = _filled_up([part for part in cut if part], tiles)
    return [Scene(part / len(filled), own) for part, own in enumerate(filled)]


def _filled_up(
    scenes: Sequence[Sequence[Mapping[str, Any]]], tiles: Sequence[Mapping[str, Any]]
) -> list[list[Mapping[str, Any]]]:
    """Give every scene enough tiles, of those that were shown least."""
    uses = Counter(tile["image_id"] for own in scenes for tile in own[:_TILES])
    filled = []
    for own in scenes:
        ids = {tile["image_id"] for tile in own}
        others = [tile for tile in tiles if tile["image_id"] not in ids]
        others.sort(key=lambda tile: uses[tile["image_id"]])  # stable: best first
        more = others[: max(0, _TILES - len(own))]
        uses.update(tile["image_id"] for tile in more)
        filled.append([*own[:_TILES], *more])
    return filled


def _frames(
    document: Mapping[str, Any],
    scenes: Sequence[Scene],
    tile_images: Mapping[str, bytes],
) -> list[Image.Image]:
    """Draw every frame; a wave from the left brings in the next scene.

    The first comes back at the end, so that the loop closes and a clip that stands
    still shows how the song begins.
    """
    stills = [_still(scene, tile_images) for scene in scenes]
    bar = _bar(document)
    played, waiting = _ribbons(document)
    begins = _begin_frames([scene.start for scene in scenes])
    frames = []
    for number in range(_FRAMES):
        frame = _scene_at(number, stills, begins)
        frame.paste(bar, (0, SIDE_PX - _BAR_PX))
        at = (16, SIDE_PX - _RIBBON_PX[1] - 8)
        frame.paste(waiting, at)
        done = round(_RIBBON_PX[0] * (number + 1) / _FRAMES)
        frame.paste(played.crop((0, 0, done, _RIBBON_PX[1])), at)
        frames.append(frame)
    return frames


def _scene_at(
    number: int, stills: Sequence[Image.Image], begins: Sequence[int]
) -> Image.Image:
    comings = [*begins[1:], _FRAMES - _FADE_FRAMES]
    scene = sum(coming <= number for coming in comings)
    into = number - comings[scene - 1] + 1
    if len(stills) == 1 or not scene or into > _FADE_FRAMES:
        return stills[scene % len(stills)].copy()
    coming = stills[scene % len(stills)]
    wave = _wave(into / (_FADE_FRAMES + 1))
    return Image.composite(coming, stills[scene - 1], wave)


def _begin_frames(starts: Sequence[float]) -> list[int]:
    """Say at which frame each scene begins, none shorter than its cross-fade."""
    least = _FADE_FRAMES + 2
    begins: list[int] = []
    for number, start in enumerate(starts):
        earliest = begins[-1] + least if begins else 0
        latest = _FRAMES - _FADE_FRAMES - least * (len(starts) - number)
        begins.append(min(max(round(start * _FRAMES), earliest), latest))
    return begins


def _still(scene: Scene, tile_images: Mapping[str, bytes]) -> Image.Image:
    still = Image.new("RGB", (SIDE_PX, SIDE_PX), PAPER_DARK)
    room = SIDE_PX - 2 * _GAP_PX
    places = masonry(scene.tiles, room, columns=_COLUMNS, gap_px=_GAP_PX)
    for place in places:
        if place.top < SIDE_PX - _BAR_PX:
            data = tile_images.get(place.tile["image_id"])
            corner = (_GAP_PX, _GAP_PX)
            paste_tile(still, place, data, corner=corner, radius_px=_RADIUS_PX)
    return still


def _bar(document: Mapping[str, Any]) -> Image.Image:
    bar = Image.new("RGB", (SIDE_PX, _BAR_PX), PAPER_DARK)
    face = typeface(17, bold=True)
    title = fitted(title_of(document["track"]), SIDE_PX - 32, face)
    ImageDraw.Draw(bar).text((16, 8), title, _INK, face)
    return bar


def _ribbons(document: Mapping[str, Any]) -> tuple[Image.Image, Image.Image]:
    """Draw the ribbon as it is where it was played, and where it wasn't yet."""
    mask = ribbon_mask(document, _RIBBON_PX)
    colours = ribbon_colours(document, _RIBBON_PX)
    paper = Image.new("RGB", _RIBBON_PX, PAPER_DARK)
    faint = ImageChops.constant(mask, round(255 * _QUIET))
    waiting = Image.composite(colours, paper, ImageChops.multiply(mask, faint))
    return Image.composite(colours, paper, mask), waiting


def _wave(progress: float) -> Image.Image:
    """Blend from left to right, soft over half of the width; 0 < progress < 1."""
    across = np.arange(SIDE_PX) / SIDE_PX
    share = np.clip((progress * 1.5 - across) / 0.5, 0.0, 1.0)
    row = np.rint(255 * share).astype(np.uint8)[None]
    return Image.fromarray(row).resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST)


def _encode(frames: Sequence[Image.Image], quality: int, metadata: bytes) -> bytes:
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=_FRAME_MS,
        loop=0,
        quality=quality,
        method=2,  # 4 takes thrice as long for a tenth less
        xmp=metadata,
    )
    return buffer.getvalue()


def _credits(tiles: Sequence[Mapping[str, Any]]) -> bytes:
    """Write who made what under which licence as XMP, so that it stays with the file.

    Source: ISO 16684-1, dc:rights.
    """
    named = dict.fromkeys(
        f"{tile['attribution']} ({tile['licence']})" for tile in tiles
    )
    rights = escape(" · ".join(named))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>'
        f'<rdf:Alt><rdf:li xml:lang="x-default">{rights}</rdf:li></rdf:Alt>'
        "</dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
