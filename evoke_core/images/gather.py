"""Kept pictures with their vectors and tags, as the later stages read them."""

import polars as pl

from evoke_core.corpus.curation import KEPT
from evoke_core.labels import RATED
from evoke_core.shared_space import with_feeling
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, read_table


def kept_embeddings(store: Store) -> pl.DataFrame:
    """Return every kept picture with its words, attributes and embedding."""
    kept = read_table(store, "curated_images").filter(KEPT)
    facts = read_table(store, "image_facts").select("image_id", "sha256", "attributes")
    manifest = read_table(store, "source_manifests").select(
        "image_id", "keywords", *RATED
    )
    return (
        kept.select("image_id", "source", "served")
        .join(facts, on="image_id")
        .join(manifest, on="image_id")
        .join(read_table(store, "image_embeddings"), on="sha256")
        .sort("image_id")
    )


def kept_pictures(store: Store) -> pl.DataFrame:
    """Return the same with tags, each embedding in the space that songs ask in.

    See `evoke_core.shared_space`: looks as the encoder saw them, feeling as the tags
    have it, which also know a picture's own words.
    """
    tags = read_table(store, "image_tags")
    pictures = kept_embeddings(store).join(tags, on="image_id").sort("image_id")
    affect = pictures.select("valence", "arousal").to_numpy()
    strength = pictures["strength"].to_numpy()
    shared = with_feeling(as_matrix(pictures["embedding"]), affect, strength)
    return pictures.with_columns(
        pl.Series("embedding", shared.tolist(), pl.List(pl.Float32))
    )
