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
from evoke_core.errors import SourceError

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
    """Paint one listed picture; the same key gives the same JPEG bytes.

    Raises:
        SourceError: It is not among those that this configuration lists.
    """
    count = source.quota or DEFAULT_COUNT
    painting = _paintings(count, source.seed).get(source_key)
    if painting is None:
        raise SourceError(
            f"painted: {source_key} is not among its {count} pictures; it was listed "
            "under another configuration: give all runs on a store one, and list again"
        )
    return paint(painting)


@cache
def _paintings(count: int, seed: int) -> dict[str, Painting]:
    return {
        painting.key: painting for painting in list_paintings(count=count, seed=seed)
    }
