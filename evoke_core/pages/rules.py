"""CSS that is one document's own: its accent, and what stands in for its pictures.

Style attributes are not allowed by the policy of our documents, so this becomes rules.
Only checked hex colours and numbers get in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evoke_core.pages.accent import (
    PAPER_DARK,
    PAPER_LIGHT,
    accent_colour,
    ink_on,
    safe_palette,
)


def accent_rules(palette: Sequence[str]) -> str:
    """Set the accent of a palette, and the ink on it, by day and by night."""
    light, dark = (_root(accent_colour(palette, p)) for p in (PAPER_LIGHT, PAPER_DARK))
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}"


def place_rules(pictures: Iterable[Mapping[str, Any]], selector: str) -> str:
    """Give each picture its shape and its own colours while it is not there.

    Args:
        pictures: With width_px, height_px and palette.
        selector: Of a picture's element, "{}" standing for its number from 0.
    """
    return "".join(
        f"{selector.format(number)}{{aspect-ratio:{shape(picture):.4f};"
        f"background:{_stand_in(safe_palette(picture['palette']))}}}"
        for number, picture in enumerate(pictures)
    )


def stripes(palette: Sequence[str]) -> str:
    """Put a palette's colours side by side, as a CSS background."""
    colours = safe_palette(palette)
    width = 100 / len(colours)
    stops = ",".join(
        f"{colour} {number * width:.4g}% {(number + 1) * width:.4g}%"
        for number, colour in enumerate(colours)
    )
    return f"linear-gradient(90deg,{stops})"


def shape(picture: Mapping[str, Any]) -> float:
    """Give width / height, held between 1:3 and 3:1 so that no tile is a thread."""
    ratio = int(picture["width_px"]) / max(1, int(picture["height_px"]))
    return min(3.0, max(1 / 3, ratio))


def _root(accent: str) -> str:
    return f":root{{--accent:{accent};--on-accent:{ink_on(accent)}}}"


def _stand_in(palette: Sequence[str]) -> str:
    """Blend a picture's first colours into a background."""
    first, last = palette[0], palette[min(2, len(palette) - 1)]
    return f"linear-gradient(160deg,{first},{last})"
