"""The painted collection: which pictures there are, and the duplicates among them.

Families and their painters are next door.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from evoke_core.corpus.sources.painted.canvas import (
    Easel,
    Picture,
    frame_size,
    grain,
    lerp,
    to_image,
    to_jpeg,
)
from evoke_core.corpus.sources.painted.families import FAMILIES

_QUALITY = 88
_GRAIN = 0.008
_RATIOS = (1.5, 0.75, 1.0, 1.33, 0.67, 0.8, 1.78, 0.6)
_EXACT_EVERY = 90  # of the originals, one in so many has a copy of its bytes
_NEAR_EVERY = 22  # and one in so many a copy that was worked on
_LIGHT_TELLS = 0.35  # how far a brighter variation is more pleasant than its family
_ENERGY_TELLS = 0.4  # how far a more driven one is more exciting


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture that is not painted yet, and all that was planted in it.

    Args:
        key: `family/family_007.jpg`, unique and stable.
        family: Its look.
        title: For people.
        aesthetic: One of the seven.
        seed: Fixes its pixels.
        valence: Planted, -1 to 1.
        arousal: Planted, -1 to 1.
        warmth: Planted within the family, 0 to 1; so are the next two.
        energy: 0 calm to 1 driven.
        complexity: 0 sparse to 1 intricate.
        abstraction: Of the family, 0 to 1.
        duplicate_of: Key of the original, for a planted duplicate.
        relation: "exact" or "near", for a planted duplicate.
        transform: What was done to a near one.
    """

    key: str
    family: str
    title: str
    aesthetic: str
    seed: int
    valence: float
    arousal: float
    warmth: float
    energy: float
    complexity: float
    abstraction: float
    duplicate_of: str | None = None
    relation: str | None = None
    transform: str | None = None


def list_paintings(*, count: int = 360, seed: int = 7) -> tuple[Painting, ...]:
    """List originals, balanced over the families, and the duplicates planted on top.

    A larger count keeps what a smaller one had.

    Args:
        count: Originals.
        seed: Of the whole collection.
    """
    originals = [_original(place, seed) for place in range(count)]
    copies = [
        copy
        for place, original in enumerate(originals)
        for copy in _copies(original, place)
    ]
    return (*originals, *copies)


def paint(painting: Painting) -> bytes:
    """Paint a picture; the same painting gives the same JPEG bytes."""
    original = to_image(_paint_original(painting))
    if painting.transform is None:
        return to_jpeg(original, quality=_QUALITY)
    return _TRANSFORMS[painting.transform](original)


def _original(place: int, seed: int) -> Painting:
    number, which = divmod(place, len(FAMILIES))
    family = FAMILIES[which]
    own = _own_seed(seed, family.name, number)
    rng = np.random.default_rng(own)
    warmth, energy, complexity, light = _dials(rng, number)
    turn, word = divmod(number, len(family.titles))
    title = f"{family.titles[word]}, no. {turn + 1}"
    return Painting(
        key=f"{family.name}/{family.name}_{number + 1:03d}.jpg",
        family=family.name,
        title=title,
        aesthetic=family.aesthetic,
        seed=own,
        valence=_planted(family.valence + _LIGHT_TELLS * (light - 0.5)),
        arousal=_planted(family.arousal + _ENERGY_TELLS * (energy - 0.5)),
        warmth=warmth,
        energy=energy,
        complexity=complexity,
        abstraction=family.abstraction,
    )


def _own_seed(seed: int, name: str, number: int) -> int:
    text = f"{seed}/{name}/{number}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _dials(rng: np.random.Generator, number: int) -> tuple[float, ...]:
    """Spread a family's dials evenly: golden-ratio steps from a random start."""
    steps = np.array([0.6180, 0.7549, 0.5698, 0.8191])  # of 1, 2 and more dimensions
    return tuple(float(d) for d in (rng.random(4) * 0.25 + number * steps) % 1.0)


def _planted(value: float) -> float:
    return round(float(np.clip(value, -1.0, 1.0)), 4)


def _copies(original: Painting, place: int) -> list[Painting]:
    stem = original.key.removesuffix(".jpg")
    copies: list[tuple[str, str, str | None]] = []
    if place % _EXACT_EVERY == _EXACT_EVERY // 2:
        copies.append((f"{stem}_copy.jpg", "exact", None))
    if place % _NEAR_EVERY == _NEAR_EVERY // 3:
        transform = list(_TRANSFORMS)[place // _NEAR_EVERY % len(_TRANSFORMS)]
        copies.append((f"{stem}_{transform}.jpg", "near", transform))
    return [_copy(original, *copy) for copy in copies]


def _copy(
    original: Painting, key: str, relation: str, transform: str | None
) -> Painting:
    fields = {name: getattr(original, name) for name in Painting.__slots__}
    return Painting(
        **fields
        | {
            "key": key,
            "duplicate_of": original.key,
            "relation": relation,
            "transform": transform,
        }
    )


def _paint_original(painting: Painting) -> Picture:
    family = next(f for f in FAMILIES if f.name == painting.family)
    rng = np.random.default_rng(painting.seed)
    width, height = frame_size(float(rng.choice(_RATIOS)))
    light = (painting.valence - family.valence) / _LIGHT_TELLS + 0.5
    easel = Easel(
        width_px=width,
        height_px=height,
        rng=rng,
        warmth=painting.warmth,
        energy=painting.energy,
        complexity=painting.complexity,
        light=lerp(0.0, 1.0, float(np.clip(light, 0.0, 1.0))),
    )
    return family.paint(easel) + grain(easel, _GRAIN)


def _crop(image: Image.Image) -> bytes:
    width, height = image.size
    box = (width // 40, height // 40, width - width // 50, height - height // 60)
    return to_jpeg(image.crop(box), quality=_QUALITY)


def _recompress(image: Image.Image) -> bytes:
    return to_jpeg(image, quality=45)


def _colour_shift(image: Image.Image) -> bytes:
    warmer = ImageEnhance.Color(image).enhance(0.88)
    return to_jpeg(ImageEnhance.Brightness(warmer).enhance(1.05), quality=_QUALITY)


def _resize(image: Image.Image) -> bytes:
    width, height = image.size
    size = (width * 7 // 10, height * 7 // 10)
    return to_jpeg(image.resize(size, Image.Resampling.LANCZOS), quality=_QUALITY)


_TRANSFORMS: dict[str, Callable[[Image.Image], bytes]] = {
    "crop": _crop,
    "recompress": _recompress,
    "colour_shift": _colour_shift,
    "resize": _resize,
}
