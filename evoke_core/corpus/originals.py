"""Which stored pictures and thumbnails are still what was put there.

They are remembered by their etags, which a listing tells without reading a byte, so
that one that is lost or changed behind our back is made again.
"""

import io

import polars as pl

from evoke_core.storage.store import Store

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


def remember(store: Store, folder: str) -> None:
    """Note what lies below a folder now as what ought to lie there."""
    buffer = io.BytesIO()
    _etags(store, folder).write_parquet(buffer)
    store.write(_memory(folder), buffer.getvalue())


def _etags(store: Store, folder: str) -> pl.DataFrame:
    rows = [(each.key, each.etag) for each in store.listing(f"{folder}/")]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _remembered(store: Store, folder: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(store.read(_memory(folder))))
    except (KeyError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=_SCHEMA)


def _memory(folder: str) -> str:
    return f"etags/{folder}.parquet"
