"""Pictures as a release has them: vectors and tags of when its collection was built.

A refresh replaces the tables long before a release names what came of them, or the gate
refuses it. What is composed meanwhile is wholly of the release that serves; only what a
refresh says of a picture itself (that it left, its credit, its address) counts at once.
"""

from collections.abc import Collection

import polars as pl

from evoke_core.corpus.curation import SHOWN
from evoke_core.images.gather import kept_pictures
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_frame, read_table, write_frame

FITTED = (
    "embedding", "fingerprint", "attributes", "valence", "arousal", "moods", "scores",
    "labelled", "strength",
)  # fmt: skip
_FOLDER = "collections/"


def served_pictures(store: Store) -> pl.DataFrame:
    """Join all that is known of the pictures boards may show, in order of image_id."""
    return _with(kept_pictures(store), _shown(store))


def collected_pictures(store: Store, collection: str) -> pl.DataFrame:
    """Return the same with vectors and tags as a collection has them.

    Pictures that came since are not among them. Where nothing was kept, as by an older
    version, or what was kept is damaged, its pictures are those of the tables.
    """
    try:
        fitted = read_frame(store, _key(collection))
    except (KeyError, pl.exceptions.PolarsError):
        return served_pictures(store)
    return _with(fitted, _shown(store))


def keep_collected(
    store: Store, collection: str, pictures: pl.DataFrame
) -> dict[str, str]:
    """Keep vectors and tags of what goes into a collection.

    Returns:
        The digest of what was written, by its key.
    """
    key = _key(collection)
    return {key: write_frame(store, key, pictures.select("image_id", *FITTED))}


def drop_collected(store: Store, *, keep: Collection[str]) -> None:
    """Drop what was kept of every collection but these."""
    kept = set(map(_key, keep))
    for found in list(store.listing(_FOLDER)):
        if found.key not in kept:
            store.delete(found.key)


def _shown(store: Store) -> pl.DataFrame:
    kept = read_table(store, "curated_images").filter(SHOWN)
    described = read_table(store, "source_manifests").drop(
        "source", "keywords", "version", "served"
    )
    facts = read_table(store, "image_facts")
    files = read_table(store, "image_files")
    return (
        kept.select("image_id", "source", "served")
        .join(described, on="image_id")
        .join(
            facts.select("image_id", "sha256", "width_px", "height_px", "palette"),
            on="image_id",
        )
        .join(files.select("image_id", "location"), on="image_id")
        .with_columns(pl.col("image_id").alias("cluster_id"))
    )


def _with(fitted: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    joined = shown.join(fitted.select("image_id", *FITTED), on="image_id")
    return joined.sort("image_id")


def _key(collection: str) -> str:
    return f"{_FOLDER}{collection}.parquet"
