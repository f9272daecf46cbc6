"""Which stored pictures and thumbnails are still what was put there.

They are remembered by their etags, which a listing tells without reading a byte, so
that one that is lost or changed behind our back is made again. Parts that share a
folder and may be made side by side have a memory each: a blob is whole if it is what
any of them remembers.
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
    now, then = _etags(store, folder), _remembered(store, folder)
    unknown = now.join(then, on="key", how="anti")
    whole = pl.concat([unknown, now.join(then, on=["key", "etag"], how="semi")])
    return wanted.join(whole, on="key", how="anti", maintain_order="left")[
        "key"
    ].to_list()


def changed(store: Store, folder: str) -> list[str]:
    """Name all that is remembered below a folder and is gone, or changed since."""
    known = _remembered(store, folder)["key"].unique().sort()
    return damaged(known, store, folder)


def remember(
    store: Store,
    folder: str,
    *,
    part: str | None = None,
    made: Iterable[str] | None = None,
) -> None:
    """Note what lies below a folder now as what ought to lie there.

    Args:
        store: Where it lies.
        folder: Without a slash at its end.
        part: Whose memory it is, where parts share the folder.
        made: Keys that were written since the last time. Any other is remembered as it
            was then: one that was damaged meanwhile would pass for whole otherwise,
            where a folder is shared by parts that are looked at in turn. All, if None.
    """
    now = _etags(store, folder)
    if made is not None:
        known = _remembered(store, folder)["key"].unique()
        own = _read(store, _memory(folder, part)).join(now, on="key", how="semi")
        fresh = pl.col("key").is_in(list(made)) | ~pl.col("key").is_in(known.implode())
        now = now.filter(fresh)
        now = pl.concat([now, own.join(now, on="key", how="anti")])
    write_frame(store, _memory(folder, part), now.sort("key"))


def _etags(store: Store, folder: str) -> pl.DataFrame:
    rows = [(each.key, each.etag) for each in store.listing(f"{folder}/")]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _remembered(store: Store, folder: str) -> pl.DataFrame:
    """Return what all parts remember; a key may be there with several etags."""
    parts = [each.key for each in store.listing(f"etags/{folder}/")]
    return pl.concat(_read(store, key) for key in (_memory(folder, None), *parts))


def _read(store: Store, key: str) -> pl.DataFrame:
    try:
        return read_frame(store, key)
    except (KeyError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=_SCHEMA)


def _memory(folder: str, part: str | None) -> str:
    return (
        f"etags/{folder}.parquet" if part is None else f"etags/{folder}/{part}.parquet"
    )
