"""How the corpus is cut for work: a shard for each collection, more for a large one.

A picture's shard follows from its id, so that it stays where it is while others come
and go.
"""

from collections.abc import Mapping

import polars as pl

from evoke_core.config.collections import PictureSource

_ID_DIGITS = 8  # of the hexadecimal id; 32 bits spread evenly over any count


def shard_names(collections: Mapping[str, PictureSource]) -> list[str]:
    """Name all shards: `wikiart`, or `wikiart.1` to `wikiart.4` where there are 4."""
    return [
        name if source.shards == 1 else f"{name}.{number}"
        for name, source in collections.items()
        for number in range(1, source.shards + 1)
    ]


def shard_rows(
    manifest: pl.DataFrame, collections: Mapping[str, PictureSource], shard: str
) -> pl.DataFrame:
    """Return the rows of a manifest that belong to a shard; none if it lists none."""
    name, _, number = shard.partition(".")
    rows = manifest.filter(pl.col("source") == name)
    if not number:
        return rows
    place = pl.col("image_id").str.slice(0, _ID_DIGITS).str.to_integer(base=16)
    return rows.filter(place % collections[name].shards == int(number) - 1)
