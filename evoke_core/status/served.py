"""Pictures that boards may show, with their places in the shared space, read at once.

The columns that boards need of each are `boards.desk`; here it is the vectors of all,
as quickly as a large corpus can be read.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from evoke_core.corpus.curation import SHOWN
from evoke_core.shared_space import with_feeling
from evoke_core.status.stored import read_known
from evoke_core.storage.store import Store
from evoke_core.vectors import Array


@dataclass(frozen=True, slots=True)
class Served:
    """What may be shown.

    Args:
        image_ids: [N], in order.
        sha256: [N], of the bytes; thumbnails lie under it.
        affect: float32[N, 2], valence and arousal.
        vectors: float32[N, D], unit length, of the shared space.
    """

    image_ids: tuple[str, ...]
    sha256: tuple[str, ...]
    affect: Array
    vectors: Array

    def __len__(self) -> int:
        """Return N."""
        return len(self.image_ids)


def read_served(store: Store) -> Served:
    """Read the pictures that boards may show; none where a stage has not been run."""
    curated = read_known(store, "curated_images", ["image_id", "status", "served"])
    tags = ["image_id", "valence", "arousal", "strength"]
    looks = read_known(store, "image_embeddings", ["sha256", "embedding"])
    rows = (
        curated.filter(SHOWN)
        .select("image_id")
        .join(read_known(store, "image_facts", ["image_id", "sha256"]), on="image_id")
        .join(read_known(store, "image_tags", tags), on="image_id")
        .join(looks, on="sha256")
        .sort("image_id")
    )
    affect = rows.select("valence", "arousal").to_numpy().astype(np.float32)
    vectors = _stacked(rows["embedding"])
    if rows.height:
        vectors = with_feeling(vectors, affect, rows["strength"].to_numpy())
    ids, hashes = rows["image_id"].to_list(), rows["sha256"].to_list()
    return Served(tuple(ids), tuple(hashes), affect, vectors)


def _stacked(column: pl.Series) -> Array:
    """Stack vectors of one length at once: rows are many."""
    if not len(column):
        return np.empty((0, 0), np.float32)
    flat = column.explode().to_numpy().astype(np.float32, copy=False)
    return flat.reshape(len(column), -1)
