"""Which of the seven aesthetics a picture belongs to, by its collection's words.

The words are `aesthetics.yaml`. Nothing here looks at pixels: a picture without words,
from a collection without a default, stays unnamed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field, model_validator

from evoke_core.config.fields import Frozen
from evoke_core.config.loading import read_mapping, validate

AESTHETICS = (
    "fine_art", "photography", "architecture", "nature", "abstract", "urban",
    "textural",
)  # fmt: skip

Words = Annotated[tuple[str, ...], Field(min_length=1)]


class Aesthetics(Frozen):
    """Words of each aesthetic, and what a collection is where its words are silent."""

    aesthetics: Mapping[str, Words]
    collections: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _names_the_seven(self) -> "Aesthetics":
        named = {*self.aesthetics, *self.collections.values()}
        if set(self.aesthetics) != set(AESTHETICS) or named - set(AESTHETICS):
            raise ValueError(f"needs exactly the aesthetics {', '.join(AESTHETICS)}")
        return self

    def name_each(self, manifest: pl.DataFrame) -> pl.DataFrame:
        """Add the column `aesthetic` to rows of `source_manifests`.

        Args:
            manifest: Columns image_id, source, keywords and stratum at least.

        Returns:
            The same rows in the same order; null where nothing is known.
        """
        said = pl.concat(
            [
                manifest.select("image_id", pl.col("keywords").alias("word")).explode(
                    "word", empty_as_null=True, keep_nulls=True
                ),
                manifest.select("image_id", pl.col("stratum").alias("word")),
            ]
        ).drop_nulls("word")
        named = (
            said.with_columns(_plain(pl.col("word")))
            .unique()
            .join(self._vocabulary(), on="word")
            .group_by("image_id", "aesthetic", "order")
            .len()
            .sort(["len", "order"], descending=[True, False])
            .unique("image_id", keep="first", maintain_order=True)
            .select("image_id", "aesthetic")
        )
        default = pl.col("source").replace_strict(
            dict(self.collections), default=None, return_dtype=pl.String
        )
        return manifest.join(
            named, on="image_id", how="left", maintain_order="left"
        ).with_columns(pl.col("aesthetic").fill_null(default))

    def _vocabulary(self) -> pl.DataFrame:
        rows = [
            (word, aesthetic, order)
            for order, (aesthetic, words) in enumerate(self.aesthetics.items())
            for word in (aesthetic, *words)
        ]
        schema = {"word": pl.String, "aesthetic": pl.String, "order": pl.Int64}
        return (
            pl.DataFrame(rows, schema=schema, orient="row")
            .with_columns(_plain(pl.col("word")))
            .unique("word", keep="first", maintain_order=True)
        )


def load_aesthetics(path: Path) -> Aesthetics:
    """Read `aesthetics.yaml`.

    Raises:
        ConfigError: No such file, or one that does not fit.
    """
    return validate(path, read_mapping(path), Aesthetics)


def _plain(word: pl.Expr) -> pl.Expr:
    """Lower case, blanks between words, no plural s."""
    return (
        word.str.to_lowercase()
        .str.replace_all(r"[\s_-]+", " ")
        .str.strip_chars()
        .str.replace(r"([^s])s$", "$1")
    )
