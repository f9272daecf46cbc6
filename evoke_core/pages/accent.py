"""The accent colour of a board, from its own palette and checked for contrast.

Where colours are measured on pictures is elsewhere; here they are only chosen and bent.

Sources: WCAG 2.2, "relative luminance" and "contrast ratio".
"""

import colorsys
import re
from collections.abc import Sequence

PAPER_LIGHT = "#fbfaf8"
PAPER_DARK = "#121213"
FALLBACK = ("#5b6472", "#8a93a1", "#b7bdc7", "#3d444f", "#d9dce1")
TEXT_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
INK_CONTRAST = 9.0  # beyond it a colour can't be told from the ink of other text

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def safe_palette(palette: Sequence[str]) -> list[str]:
    """Keep what is a plain hex colour; a neutral palette where nothing is.

    Args:
        palette: Strings from a board, any of which may be hostile.

    Returns:
        At least one lower-case "#rrggbb", in the order given.
    """
    colours = [one.lower() for one in palette if _HEX.fullmatch(str(one))]
    return colours or list(FALLBACK)


def rgb(colour: str) -> tuple[int, int, int]:
    """Split "#rrggbb" into red, green and blue in 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast_ratio(left: str, right: str) -> float:
    """Compare two "#rrggbb" colours; 1.0 is no contrast, 21.0 black on white."""
    light, dark = sorted((_luminance(left), _luminance(right)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def accent_colour(palette: Sequence[str], paper: str) -> str:
    """Choose the palette's liveliest colour, moved in lightness until it reads as one.

    Args:
        palette: Hex colours of the board.
        paper: Hex colour that the accent is read on.

    Returns:
        A hex colour with a contrast of at least 4.5:1 on the paper, and hardly above
        9:1 unless it has no hue.
    """
    hue, lightness, saturation = max(
        (_hls(colour) for colour in safe_palette(palette)), key=_liveliness
    )
    away = -0.01 if _luminance(paper) > 0.18 else 0.01
    colour = _hex(hue, lightness, saturation)
    while contrast_ratio(colour, paper) > INK_CONTRAST and 0 <= lightness <= 1:
        lightness -= away
        colour = _hex(hue, lightness, saturation)
    while contrast_ratio(colour, paper) < TEXT_CONTRAST and 0 <= lightness <= 1:
        lightness += away
        colour = _hex(hue, lightness, saturation)
    return colour


def ink_on(colour: str) -> str:
    """Say whether black or white text reads better on a colour."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast_ratio(ink, colour))


def _liveliness(hls: tuple[float, float, float]) -> float:
    # HLS saturation is high at the ends of the lightness scale, where no one sees it
    return hls[2] * (1 - abs(2 * hls[1] - 1))


def _hls(colour: str) -> tuple[float, float, float]:
    red, green, blue = rgb(colour)
    return colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)


def _hex(hue: float, lightness: float, saturation: float) -> str:
    clipped = min(1.0, max(0.0, lightness))
    parts = colorsys.hls_to_rgb(hue, clipped, min(0.72, saturation))
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
