"""Every picture belongs to one shard, and stays in it."""

import polars as pl

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.manifest import picture_id
from evoke_core.corpus.shards import shard_names, shard_rows

TERMS = {"kind": "folder", "release": "1", "licence": "x", "attribution": "y"}
SOURCES = {
    "small": PictureSource(**TERMS),
    "large": PictureSource(**TERMS, shards=3),
}


def manifest(count: int) -> pl.DataFrame:
    rows = [
        (picture_id(source, str(number)), source)
        for source in SOURCES
        for number in range(count)
    ]
    return pl.DataFrame(rows, schema=["image_id", "source"], orient="row")


def test_a_large_collection_has_several():
    assert shard_names(SOURCES) == ["small", "large.1", "large.2", "large.3"]


def test_shards_share_out_the_manifest_evenly():
    listed = manifest(600)
    parts = [shard_rows(listed, SOURCES, name) for name in shard_names(SOURCES)]

    assert pl.concat(parts).sort("image_id").equals(listed.sort("image_id"))
    assert parts[0].height == 600
    assert all(150 < part.height < 250 for part in parts[1:])


def test_a_picture_stays_where_it_is_while_others_come():
    few, many = manifest(50), manifest(400)
    for name in shard_names(SOURCES):
        before = shard_rows(few, SOURCES, name)
        after = shard_rows(many, SOURCES, name)
        assert before.join(after, on="image_id", how="anti").height == 0


def test_a_collection_that_lists_nothing_is_an_empty_part():
    only_small = manifest(5).filter(pl.col("source") == "small")

    assert shard_rows(only_small, SOURCES, "large.2").height == 0
