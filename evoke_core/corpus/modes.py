"""A picture of any mode becomes RGB; a very large one strip by strip.

What Pillow holds of a decoded picture is at most 4 bytes a pixel. Converting the whole
of it would take several times that, and float64 for 16-bit samples; strips take
nothing that counts. Not here: decoding, size limits, orientation (decode).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

_STRIP_PIXELS = 1 << 22
_GAP = 3  # times the asked-for size that is left for LANCZOS to reduce

_Wide = npt.NDArray[np.float64]


def to_rgb(image: Image.Image, *, longest_px: int) -> tuple[Image.Image, list[str]]:
    """Bring any mode to RGB; says what it did where the look may have changed.

    Args:
        image: Loaded, of any mode.
        longest_px: Longest side that will be asked for. A picture of another mode than
            RGB is box-reduced on the way, to no less than three times that.
    """
    if image.mode == "RGB" and not image.has_transparency_data:
        return image, []
    full = _full_scale(image) if _is_wide(image) else None
    factor = max(1, max(image.size) // (longest_px * _GAP))
    if factor == 1:
        return _flat(image, full), _notes(image)
    width, height = image.size
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top, strip in _strips(image, factor):
        small.paste(_flat(strip, full).reduce(factor), (0, top // factor))
    return small, _notes(image)


def _notes(image: Image.Image) -> list[str]:
    if _is_wide(image):
        return ["16 bit reduced to 8"]
    if image.has_transparency_data:
        return ["alpha flattened on white"]
    return ["CMYK converted"] if image.mode == "CMYK" else []


def _is_wide(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _strips(image: Image.Image, multiple: int) -> Iterator[tuple[int, Image.Image]]:
    """Cut a picture across; each strip's height but the last's is such a multiple."""
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // (width * multiple)) * multiple
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(height, top + rows)))


def _flat(image: Image.Image, full: float | None) -> Image.Image:
    if full is not None:
        grey = np.clip(_samples(image) / full * 255 + 0.5, 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        white.alpha_composite(rgba)
        return white.convert("RGB")
    return image.convert("RGB")


def _full_scale(image: Image.Image) -> float:
    """Find what is white in 16-bit, 32-bit and float grey: the range that they use."""
    if image.mode.startswith("I;16"):
        return 65535.0
    top = max(float(_samples(strip).max()) for _, strip in _strips(image, 1))
    if 255 < top <= 65535:
        return 65535.0
    return max(top, 1.0) if top > 255 or top <= 1 else 255.0


def _samples(image: Image.Image) -> _Wide:
    wide = np.asarray(image, dtype=np.float64)
    return np.nan_to_num(wide, posinf=0.0, neginf=0.0)
