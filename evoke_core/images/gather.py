"""Kept pictures with their vectors and tags, as the later stages read them."""

import polars as pl

from evoke_core.images.handcrafted import HandcraftedImageEncoder, with_affect
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, read_table


def kept_embeddings(store: Store) -> pl.DataFrame:
    """Return every kept picture with its words, attributes and embedding."""
    kept = read_table(store, "curated_images").filter(pl.col("status") == "kept")
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    manifest = read_table(store, "source_manifests").select("image_id", "keywords")
    return (
        kept.select("image_id", "source", "served")
        .join(facts, on="image_id")
        .join(manifest, on="image_id")
        .join(read_table(store, "image_embeddings"), on="sha256")
        .sort("image_id")
    )


def kept_pictures(store: Store) -> pl.DataFrame:
    """Return the same with tags, each embedding at the place that its tags give it.

    Handcrafted vectors see no meaning, so their affect block follows the tags, which
    also know a picture's own words. A pretrained encoder's vectors stay as they are.
    """
    tags = read_table(store, "image_tags")
    pictures = kept_embeddings(store).join(tags, on="image_id").sort("image_id")
    fingerprints = pictures["fingerprint"].unique().to_list()
    if fingerprints != [HandcraftedImageEncoder().fingerprint]:
        return pictures
    affect = pictures.select("valence", "arousal").to_numpy()
    moved = with_affect(as_matrix(pictures["embedding"]), affect)
    return pictures.with_columns(
        pl.Series("embedding", moved.tolist(), pl.List(pl.Float32))
    )
