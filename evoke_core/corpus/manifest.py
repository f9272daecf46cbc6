"""What a collection says it has: one row per picture, before anything is fetched.

Reading a collection's own format is the readers' business (`corpus/sources`).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from evoke_core.config.collections import PictureSource, Sources
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.quota import take
from evoke_core.errors import ConfigError
from evoke_core.schemas import TABLES
from evoke_core.storage.store import digest


def picture_id(source: str, source_key: str) -> str:
    """Return the stable id of a picture or a track."""
    return digest([source, source_key])


def build_manifest(
    sources: Sources, served: tuple[str, ...], teachers: tuple[str, ...]
) -> pl.DataFrame:
    """List every picture of the named collections.

    Args:
        sources: All collections that are configured.
        served: Names of those that boards may show.
        teachers: Names of those that only teach the bridge.

    Raises:
        SourceError: A collection can't be read at all.
        ConfigError: A name that is not configured.
    """
    rows = [
        _row(name, source, listed, served=name in served)
        for name in dict.fromkeys((*served, *teachers))
        for source in [_named(name, sources)]
        for listed in _list_pictures(source, sources)
    ]
    return TABLES["source_manifests"].frame(rows).sort("source", "source_key")


def _named(name: str, sources: Sources) -> PictureSource:
    try:
        return sources.pictures[name]
    except KeyError as absent:
        known = ", ".join(sorted(sources.pictures))
        raise ConfigError(
            f"sources.yaml: no collection {name!r}; add it, or choose one of: {known}"
        ) from absent


def _list_pictures(source: PictureSource, sources: Sources) -> Iterable[Listed]:
    if source.kind == "painted":
        from evoke_core.corpus.sources.painted.reader import list_painted

        return list_painted(source)  # a painter makes as many as are asked for
    return take(_read_lists(source, sources), source.quota, source.seed)


def _read_lists(source: PictureSource, sources: Sources) -> Iterator[Listed]:
    """Ask the collection's reader, which is imported when it is asked for."""
    match source.kind:
        case "unsplash":
            from evoke_core.corpus.sources.unsplash import list_unsplash

            return list_unsplash(source)
        case "wikiart":
            from evoke_core.corpus.sources.wikiart import list_wikiart

            return list_wikiart(source, sources.painters)
        case "open_images":
            from evoke_core.corpus.sources.open_images import list_open_images

            return list_open_images(source)
        case _:
            from evoke_core.corpus.sources.folder import list_folder

            return list_folder(source)


def _row(
    name: str, source: PictureSource, listed: Listed, *, served: bool
) -> dict[str, Any]:
    title = listed.title or listed.source_key
    credit = listed.attribution or source.attribution.format(
        title=title, artist=listed.artist or "unknown", source_key=listed.source_key
    )
    own_terms = listed.licence is None
    valence, arousal = listed.rating or (None, None)
    return {
        "image_id": picture_id(name, listed.source_key),
        "source": name,
        "source_key": listed.source_key,
        "title": title,
        "artist": listed.artist,
        "licence": listed.licence or source.licence,
        "licence_url": source.licence_url if own_terms else listed.licence_url,
        "attribution": credit,
        "url": listed.url,
        "keywords": list(listed.keywords),
        "rated_valence": valence,
        "rated_arousal": arousal,
        "stratum": listed.stratum,
        "addresses": list(listed.addresses),
        "md5": listed.md5,
        "version": f"{source.release}:{listed.version}",
        "served": served,
        "family": listed.family,
        "planted_valence": listed.planted_valence,
        "planted_arousal": listed.planted_arousal,
        "duplicate_of": listed.duplicate_of,
    }
