"""What every painter starts from and ends with: an easel, blending, line layers, JPEG.

Noise is in `noise`, colour in `colour`; no subject is painted here. Fields are
float32[H, W] (or a row [1, W] or column [H, 1] that broadcasts), pictures are
float32[H, W, 3] in sRGB, both in [0, 1] unless said otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Field = npt.NDArray[np.float32]
Picture = npt.NDArray[np.float32]
Choice = TypeVar("Choice")

PICTURE_AREA_PX = 400_000
LONGEST_SIDE_PX = 800
LINE_SCALE = 2  # lines are drawn this much larger, then averaged down
GRAIN_TILE_PX = 256


@dataclass(frozen=True, slots=True)
class Easel:
    """What one painter is given: a size, seeded randomness and four dials.

    Args:
        width_px: Width of the picture.
        height_px: Height of the picture.
        rng: The only source of randomness.
        warmth: 0 cool to 1 warm, within what the family can be.
        energy: 0 calm to 1 driven, within the family.
        complexity: 0 sparse to 1 intricate, within the family.
        light: 0 sombre to 1 bright, within the family.
    """

    width_px: int
    height_px: int
    rng: np.random.Generator
    warmth: float
    energy: float
    complexity: float
    light: float

    @property
    def across(self) -> Field:
        """Horizontal place, float32[1, W], in units of the longest side."""
        steps = np.arange(self.width_px, dtype=np.float32) + 0.5
        return cast("Field", steps[None, :] / np.float32(self.longest_px))

    @property
    def down(self) -> Field:
        """Vertical place, float32[H, 1], in units of the longest side."""
        steps = np.arange(self.height_px, dtype=np.float32) + 0.5
        return cast("Field", steps[:, None] / np.float32(self.longest_px))

    @property
    def longest_px(self) -> int:
        """Longest side in pixels; the unit of `across` and `down`."""
        return max(self.width_px, self.height_px)

    @property
    def wide(self) -> float:
        """Largest value of `across`."""
        return self.width_px / self.longest_px

    @property
    def tall(self) -> float:
        """Largest value of `down`."""
        return self.height_px / self.longest_px

    def between(self, low: float, high: float) -> float:
        """Draw a number evenly from [low, high)."""
        return float(self.rng.uniform(low, high))

    def pick(self, options: Sequence[Choice]) -> Choice:
        """Draw one of the options evenly."""
        return options[int(self.rng.integers(len(options)))]

    def by_warmth(self, options: Sequence[Choice]) -> Choice:
        """Take the option that the warmth dial points to; options go cool to warm."""
        return options[min(int(self.warmth * len(options)), len(options) - 1)]


def lerp(low: float, high: float, place: float) -> float:
    """Walk from low to high."""
    return low + (high - low) * place


def smoothstep(low: float, high: float, field: Field) -> Field:
    """Rise smoothly from 0 at low to 1 at high; falls where low > high."""
    t = np.clip((field - low) / (high - low), 0.0, 1.0)
    return cast("Field", (t * t * (3.0 - 2.0 * t)).astype(np.float32, copy=False))


def mix(under: Picture, over: Picture | Sequence[float], alpha: Field) -> Picture:
    """Lay a picture or one colour over another where alpha says so."""
    cover = np.asarray(over, dtype=np.float32)
    return cast("Picture", under + (cover - under) * alpha[..., None])


def screen(under: Picture, over: Picture) -> Picture:
    """Add light as a projector does; never leaves [0, 1]."""
    return cast("Picture", 1.0 - (1.0 - under) * (1.0 - np.clip(over, 0.0, 1.0)))


def glow(easel: Easel, x: float, y: float, radius: float) -> Field:
    """A round soft light with its peak of 1 at (x, y), float32[H, W]."""
    column = np.exp(-(((easel.down - y) / radius) ** 2))
    row = np.exp(-(((easel.across - x) / radius) ** 2))
    return cast("Field", (column * row).astype(np.float32))


def distance(easel: Easel, x: float, y: float) -> Field:
    """Distance from (x, y) in units of the longest side, float32[H, W]."""
    return cast("Field", np.hypot(easel.across - x, easel.down - y))


def lines(easel: Easel, draw: Callable[[ImageDraw.ImageDraw, float], None]) -> Field:
    """Draw antialiased white marks on black, float32[H, W].

    Args:
        easel: Gives the size.
        draw: Gets a Pillow brush and the number of its pixels per longest side.
    """
    size = (easel.width_px * LINE_SCALE, easel.height_px * LINE_SCALE)
    layer = Image.new("L", size)
    draw(ImageDraw.Draw(layer), float(easel.longest_px * LINE_SCALE))
    return cast("Field", np.asarray(layer.reduce(LINE_SCALE), np.float32) / 255.0)


def vignette(easel: Easel, strength: float) -> Field:
    """Falls from 1 in the middle to 1 - strength in the corners, float32[H, W]."""
    x = easel.across / easel.wide - 0.5
    y = easel.down / easel.tall - 0.5
    return cast("Field", (1.0 - strength * 2.0 * (x * x + y * y)).astype(np.float32))


def grain(easel: Easel, strength: float) -> Field:
    """Fine film grain around 0, float32[H, W, 1]; also hides banding."""
    tile = easel.rng.standard_normal((GRAIN_TILE_PX, GRAIN_TILE_PX), np.float32)
    rows = -(-easel.height_px // GRAIN_TILE_PX)
    columns = -(-easel.width_px // GRAIN_TILE_PX)
    sheet = np.tile(tile * np.float32(strength), (rows, columns))
    return cast("Field", sheet[: easel.height_px, : easel.width_px, None])


def frame_size(ratio: float) -> tuple[int, int]:
    """Width and height in even pixels for a width-to-height ratio."""
    longest = min(
        float(LONGEST_SIDE_PX), (PICTURE_AREA_PX * max(ratio, 1 / ratio)) ** 0.5
    )
    shortest = longest / max(ratio, 1 / ratio)
    width, height = (longest, shortest) if ratio >= 1 else (shortest, longest)
    return 2 * round(width / 2), 2 * round(height / 2)


def to_image(picture: Picture) -> Image.Image:
    """Quantise to an 8-bit RGB image; values beyond [0, 1] are clipped."""
    clipped = np.clip(picture, 0.0, 1.0, dtype=np.float32)
    return Image.fromarray((clipped * 255.0 + 0.5).astype(np.uint8))


def to_jpeg(image: Image.Image, *, quality: int) -> bytes:
    """Encode as JPEG; the same image and quality give the same bytes."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
