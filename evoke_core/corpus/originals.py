"""Which stored pictures and thumbnails are still what was put there.

They are remembered by their etags, which a listing tells without reading a byte, so
that one that is lost or changed behind our back is made again.
"""

from collections.abc import Iterable

import polars as pl

from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_frame, write_frame

IN_STORE = "store:"

_SCHEMA = {"key": pl.String, "etag": pl.String}


def damaged(keys: pl.Series, store: Store, folder: str) -> list[str]:
    """Name the blobs that are gone, or that changed since they were remembered.

    Args:
        keys: Store keys below the folder; nulls are passed over.
        store: Where they lie.
        folder: Without a slash at its end.
    """
    wanted = pl.DataFrame({"key": keys.drop_nulls().cast(pl.String)})
    if not wanted.height:
        return []
    found = wanted.join(_etags(store, folder), on="key", how="left").join(
        _remembered(store, folder), on="key", how="left", suffix="_then"
    )
    lost = pl.col("etag").is_null() | (pl.col("etag") != pl.col("etag_then"))
    return found.filter(lost.fill_null(value=False))["key"].to_list()


def changed(store: Store, folder: str) -> list[str]:
    """Name all that is remembered below a folder and is gone, or changed since."""
    return damaged(_remembered(store, folder)["key"], store, folder)


def remember(store: Store, folder: str, *, made: Iterable[str] | None = None) -> None:
    """Note what lies below a folder now as what ought to lie there.

    Args:
        store: Where it lies.
        folder: Without a slash at its end.
        made: Keys that were written since the last time. Any other is remembered as it
            was then: one that was damaged meanwhile would pass for whole otherwise,
            where a folder is shared by parts that are looked at in turn. All, if None.
    """
    now = _etags(store, folder)
    if made is not None:
        fresh = pl.col("key").is_in(list(made)) | pl.col("etag_then").is_null()
        then = _remembered(store, folder)
        now = now.join(then, on="key", how="left", suffix="_then").select(
            "key", pl.when(fresh).then("etag").otherwise("etag_then").alias("etag")
        )
    write_frame(store, _memory(folder), now.sort("key"))


def _etags(store: Store, folder: str) -> pl.DataFrame:
    rows = [(each.key, each.etag) for each in store.listing(f"{folder}/")]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _remembered(store: Store, folder: str) -> pl.DataFrame:
    try:
        return read_frame(store, _memory(folder))
    except (KeyError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=_SCHEMA)


def _memory(folder: str) -> str:
    return f"etags/{folder}.parquet"
