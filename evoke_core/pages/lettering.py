"""Letters for the board picture: one family, two weights, only glyphs that exist.

Placing lines on the sheet is `board_picture`. The family is DejaVu Sans, which comes
with matplotlib (Bitstream Vera licence) and writes Latin, Greek, Cyrillic, Hebrew and
Arabic; Pillow's own face lacks half of the accents that artists have in their names.
"""

import importlib.util
import re
import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

from evoke_core.errors import BoardError

_ABSENT = "\U0010fffe"  # never a character, so it is drawn as the missing glyph
# joiners decide the shape of Arabic letters; other format signs may turn a line around
_JOINERS = "\u200c\u200d"
_LOST = "\0"  # in place of a letter without a glyph; no text keeps one of its own
_LOSSES = re.compile(f"{_LOST}([{_LOST} ]*{_LOST})?")


@cache
def typeface(size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Open the family at a size."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(_folder() / name), size_px)


def legible(text: str, *, gap: str = "") -> str:
    """Keep what the family can draw, on one line.

    Args:
        text: Any text.
        gap: Stands for letters that have no glyph, once for each run of them.

    Returns:
        The text without control signs and unknown glyphs; "" where nothing is left.
    """
    composed = unicodedata.normalize("NFC", text)
    known = "".join(_drawn(sign) for sign in composed)
    line = " ".join(_LOSSES.sub(gap, known).split())
    # what joined or coloured an emoji stays behind it and can't be seen
    return line if any(_is_seen(sign) for sign in line.replace(gap, "")) else ""


def fitted(text: str, room_px: float, face: ImageFont.FreeTypeFont) -> str:
    """Cut a line to the room there is, with an ellipsis in place of the rest."""
    if face.getlength(text) <= room_px:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(_cut(text, middle)) <= room_px:
            low = middle
        else:
            high = middle - 1
    return _cut(text, low)


def wrapped(
    text: str, room_px: float, face: ImageFont.FreeTypeFont, *, most: int
) -> list[str]:
    """Break a line at its blanks into as few as fit.

    Returns:
        1 to `most` lines; [""] for no text. What has no room is cut: a word that is
        wider than the room in any line, the rest in the last one.
    """
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most - 1:
        count = len(words)
        while count > 1 and face.getlength(" ".join(words[:count])) > room_px:
            count -= 1
        lines.append(fitted(" ".join(words[:count]), room_px, face))
        words = words[count:]
    if words or not lines:
        lines.append(fitted(" ".join(words), room_px, face))
    return lines


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip() + "…"


@cache
def _is_drawn(sign: str) -> bool:
    if sign.isspace() or sign in _JOINERS:
        return True
    if unicodedata.category(sign).startswith("C"):
        return False
    return _mask(sign) != _mask(_ABSENT)


def _drawn(sign: str) -> str:
    if sign.isspace():
        return " "
    if _is_drawn(sign):
        return sign
    return _LOST if unicodedata.category(sign).startswith("L") else ""


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cf", "Mn", "Zs")


@cache
def _mask(sign: str) -> bytes:
    return bytes(typeface(24).getmask(sign))


def _folder() -> Path:
    # found, not imported: matplotlib takes longer to load than the picture to draw
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise BoardError("no letters for board.png: install matplotlib, which has them")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
