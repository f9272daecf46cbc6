"""Small pictures for the page, each with its credit; read once however often shown.

Thumbnails are made by `corpus.survey`.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl
from PIL import Image, ImageOps, UnidentifiedImageError

from evoke_core.corpus.survey import thumbnail_key
from evoke_core.status.stored import read_known
from evoke_core.storage.store import Store

_QUALITY = 74
_CREDITED = ["image_id", "title", "attribution", "licence", "licence_url", "url"]


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture made small.

    Args:
        image_id: Of the picture.
        jpeg: Its bytes.
        width_px: Of the JPEG.
        height_px: Of the JPEG.
    """

    image_id: str
    jpeg: bytes = field(repr=False)
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Credit:
    """Whose a shown picture is."""

    image_id: str
    title: str
    attribution: str
    licence: str
    licence_url: str | None
    url: str | None


def shrink(
    store: Store, image_id: str, sha256: str, *, width_px: int, is_square: bool
) -> Sight | None:
    """Make a thumbnail smaller.

    Args:
        store: Where thumbnails lie.
        image_id: Of the picture.
        sha256: Of its bytes.
        width_px: Of the result; what is smaller stays so, unless it is cut square.
        is_square: Cut to the square in its middle.

    Returns:
        None where the thumbnail is lost or damaged.
    """
    try:
        with Image.open(io.BytesIO(store.read(thumbnail_key(sha256)))) as opened:
            opened.draft("RGB", (width_px, width_px))  # no smaller than that
            rgb = opened.convert("RGB")
    except (KeyError, OSError, UnidentifiedImageError, ValueError):
        return None
    if is_square:
        small = ImageOps.fit(rgb, (width_px, width_px), Image.Resampling.LANCZOS)
    else:
        width = min(width_px, rgb.width)
        height = max(1, round(rgb.height * width / rgb.width))
        small = rgb.resize((width, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return Sight(image_id, buffer.getvalue(), small.width, small.height)


def read_credits(store: Store, image_ids: Iterable[str]) -> tuple[Credit, ...]:
    """Read the credits of pictures, in order of their words."""
    wanted = sorted(set(image_ids))
    rows = (
        read_known(store, "source_manifests", _CREDITED)
        .filter(pl.col("image_id").is_in(wanted))
        .with_columns(pl.col("title").fill_null("Untitled"))
        .sort("title", "attribution", "image_id")
    )
    return tuple(Credit(*row) for row in rows.iter_rows())
