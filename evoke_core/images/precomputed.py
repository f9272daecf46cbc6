"""Pictures whose vectors someone else computed: looked up by name, never encoded.

A picture is found by its SHA-256, by its source key (for a folder the path below it),
or by any end of that at a "/". A picture that the file does not hold is left out with a
reason; it never gets a vector of zeros.

Not here: the file and how names are compared (evoke_core.precomputed).
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.errors import PictureRefused
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.engine import embedding_rows
from evoke_core.precomputed import VERSION, VectorFile, read_vector_file
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array

NO_VECTOR = "no_vector"
BATCH = 32


class PrecomputedImages:
    """Finds pictures' vectors in a file; an ImageEncoder that can't see pixels.

    Args:
        path: Parquet or npz, see `read_vector_file`; it is read when first needed.
    """

    name = "precomputed"
    licence = "the user's own"

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def dimension(self) -> int:
        """D, as the file has it."""
        return self.vectors.dimension

    @property
    def fingerprint(self) -> str:
        """Digest of the file and version of what is done to it."""
        return f"precomputed-{VERSION}-{self.vectors.digest[:16]}"

    @cached_property
    def vectors(self) -> VectorFile:
        """The file's content.

        Raises:
            ConfigError: The file is missing or not of the right form.
        """
        return read_vector_file(self.path)

    def encode_images(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Refuse: pixels don't say what a picture is called.

        Raises:
            PictureRefused: Always, unless there are no pictures.
        """
        if not pictures:
            return np.zeros((0, self.dimension), np.float32)
        raise PictureRefused(
            NO_VECTOR,
            f"{self.path.name} holds vectors of listed pictures only; a picture that "
            "is pasted in needs image_encoder: handcrafted or open_clip",
        )

    def look_up(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Find the vectors of measured pictures.

        Args:
            facts: The table `image_facts`.

        Returns:
            Columns sha256, embedding; one row per distinct picture that was found by
            any of its names, sorted by sha256.
        """
        measured = (
            facts.filter(pl.col("status") == "measured")
            .group_by("sha256")
            .agg(pl.col("source_key").unique().sort())
            .sort("sha256")
        )
        names = [
            [sha256, *keys]
            for sha256, keys in measured.select("sha256", "source_key").iter_rows()
        ]
        rows = self.vectors.rows_of(names)
        found = [row is not None for row in rows]
        embedding = self.vectors.embedding[[row for row in rows if row is not None]]
        return measured.filter(pl.Series(found, dtype=pl.Boolean)).select(
            "sha256", pl.Series("embedding", embedding.tolist(), pl.List(pl.Float32))
        )

    def mark_missing(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Turn pictures without a vector into failed rows, so that all are accounted.

        Args:
            facts: The table `image_facts`.

        Returns:
            The same table; rows that were measured but have no vector are `failed`,
            with the reason `no_vector`.
        """
        known = self.look_up(facts)["sha256"].to_list()
        lacks = (pl.col("status") == "measured") & ~pl.col("sha256").is_in(known)
        remedy = f"{self.path.name} has no vector of it; add one, or another encoder"
        return facts.with_columns(
            pl.when(lacks).then(pl.lit("failed")).otherwise("status").alias("status"),
            pl.when(lacks).then(pl.lit(NO_VECTOR)).otherwise("reason").alias("reason"),
            pl.when(lacks).then(pl.lit(remedy)).otherwise("detail").alias("detail"),
        )


def without_unfindable(facts: pl.DataFrame, encoder: ImageEncoder) -> pl.DataFrame:
    """Return `image_facts` as every later stage should read it under this encoder.

    Only brought vectors can be missing; see `mark_missing`. Other encoders see pixels,
    and the table stays as it is.
    """
    if isinstance(encoder, PrecomputedImages):
        return encoder.mark_missing(facts)
    return facts


def embed_by_name(
    names: Sequence[str], facts: pl.DataFrame, encoder: PrecomputedImages
) -> Iterator[pl.DataFrame]:
    """Lay out pictures' vectors as any encoder's.

    Args:
        names: SHA-256 of each; those without a vector are left out.
        facts: The table `image_facts`, which says what they are called.
        encoder: Holds the vectors.

    Yields:
        Rows of `image_embeddings`, a batch at a time, in the names' order.
    """
    asked = pl.DataFrame({"sha256": names}, schema={"sha256": pl.String})
    found = asked.join(encoder.look_up(facts), on="sha256", maintain_order="left")
    for batch in found.iter_slices(BATCH):
        yield embedding_rows(
            batch["sha256"].to_list(),
            encoder.fingerprint,
            as_matrix(batch["embedding"]),
        )
