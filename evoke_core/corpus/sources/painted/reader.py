"""The painted collection as a picture source, with its planted truth."""

from collections.abc import Iterator
from functools import cache

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.sources.painted.catalogue import (
    Painting,
    list_paintings,
    paint,
)

DEFAULT_COUNT = 360


def list_painted(source: PictureSource) -> Iterator[Listed]:
    """List the paintings of a release; nothing is painted yet."""
    for painting in _paintings(source.quota or DEFAULT_COUNT, source.seed).values():
        yield Listed(
            source_key=painting.key,
            version=f"seed-{source.seed}",
            title=painting.title,
            keywords=(painting.aesthetic,),
            family=painting.family,
            planted_valence=painting.valence,
            planted_arousal=painting.arousal,
            duplicate_of=painting.duplicate_of,
        )


def paint_key(source: PictureSource, source_key: str) -> bytes:
    """Paint one listed picture; the same key gives the same JPEG bytes."""
    return paint(_paintings(source.quota or DEFAULT_COUNT, source.seed)[source_key])


@cache
def _paintings(count: int, seed: int) -> dict[str, Painting]:
    return {
        painting.key: painting for painting in list_paintings(count=count, seed=seed)
    }
