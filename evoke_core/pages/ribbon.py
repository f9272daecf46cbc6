"""The waveform ribbon as pixels, for pictures that leave the page.

Its outline and colours are the page's own, from `figures`; only the drawing is here.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from evoke_core.pages import figures

_FINE = 4  # drawn so much larger, for a smooth edge
_NUMBER = re.compile(r"[0-9.]+")


def ribbon_mask(document: Mapping[str, Any], size: tuple[int, int]) -> Image.Image:
    """Draw the outline of a song, mode L: 255 inside, 0 outside."""
    track = document["track"]
    path = figures.ribbon_path(
        track["peaks"], document["arc"], float(track["duration_s"])
    )
    numbers = [float(one) for one in _NUMBER.findall(path)]
    across = size[0] * _FINE / figures.RIBBON_WIDTH
    down = size[1] * _FINE / figures.RIBBON_HEIGHT
    outline = [
        (x * across, y * down) for x, y in zip(numbers[::2], numbers[1::2], strict=True)
    ]
    large = Image.new("L", (size[0] * _FINE, size[1] * _FINE), 0)
    ImageDraw.Draw(large).polygon(outline, fill=255)
    return large.resize(size, Image.Resampling.BOX)


def ribbon_colours(document: Mapping[str, Any], size: tuple[int, int]) -> Image.Image:
    """Paint the course of a song's mood from left to right, mode RGB."""
    stops = figures.ribbon_stops(
        document["arc"], float(document["track"]["duration_s"])
    )
    places = [float(offset.rstrip("%")) / 100 * size[0] for offset, _ in stops]
    colours = np.array([ImageColor.getrgb(colour) for _, colour in stops], np.float64)
    columns = np.arange(size[0]) + 0.5
    row = [np.interp(columns, places, colours[:, channel]) for channel in range(3)]
    strip = np.rint(np.stack(row, axis=1)).astype(np.uint8)[None]
    return Image.fromarray(strip).resize(size, Image.Resampling.NEAREST)
