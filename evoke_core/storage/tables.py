"""Tables as Parquet and arrays as safetensors in a store; nothing else is kept.

A table lies at `tables/<name>/all.parquet`, or at one `tables/<name>/<part>.parquet`
for each partition. It is checked against its schema before it is written, so what can
be read is valid.
"""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.errors import SchemaError
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.store import Store, digest
from evoke_core.vectors import Array

WHOLE = "all"


def table_key(name: str, part: str = WHOLE) -> str:
    """Return where a table, or one part of it, lies in the store."""
    return f"tables/{name}/{part}.parquet"


def write_table(store: Store, name: str, frame: pl.DataFrame, part: str = WHOLE) -> str:
    """Check a table, or one part of it, and put it in the store.

    Returns:
        The digest of the bytes, equal for equal rows.

    Raises:
        SchemaError: The frame does not fit `schemas.TABLES[name]`.
    """
    return write_frame(store, table_key(name, part), validate(name, frame))


def read_table(store: Store, name: str) -> pl.DataFrame:
    """Read a table with all its parts, in the order of their names.

    Raises:
        KeyError: It has not been written yet.
        SchemaError: It was written under another data dictionary.
    """
    found = [each.key for each in store.listing(f"tables/{name}/")]
    if not found:
        raise KeyError(table_key(name))
    return pl.concat(_up_to_date(name, key, read_frame(store, key)) for key in found)


def stored_parts(store: Store, name: str) -> list[str]:
    """Name the parts of a table that lie in the store, also those of an older cut."""
    folder = f"tables/{name}/"
    found = [each.key.removeprefix(folder) for each in store.listing(folder)]
    return [key.removesuffix(".parquet") for key in found]


def read_table_or_empty(store: Store, name: str, part: str = WHOLE) -> pl.DataFrame:
    """Read one part, or an empty table of the same columns where it is not there yet.

    What is damaged, or was written under an older schema, is nothing to resume from.
    """
    empty = TABLES[name].empty()
    try:
        frame = read_frame(store, table_key(name, part))
    except (KeyError, pl.exceptions.PolarsError):
        return empty
    return frame if frame.schema == empty.schema else empty


def read_frame(store: Store, key: str) -> pl.DataFrame:
    """Read one Parquet blob as it is; KeyError where there is none."""
    return pl.read_parquet(io.BytesIO(store.read(key)))


def write_frame(store: Store, key: str, frame: pl.DataFrame) -> str:
    """Put a frame into one Parquet blob, unchecked.

    Returns:
        The digest of the bytes, equal for equal rows.
    """
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(buffer)  # so that equal rows are equal bytes
    packed = buffer.getvalue()
    store.write(key, packed)
    return digest(packed)


def as_matrix(column: pl.Series) -> Array:
    """Stack a column of vectors of equal length.

    Returns:
        float32[N, D]; [0, 0] for an empty column.
    """
    rows: list[npt.NDArray[np.float32]] = list(column.to_numpy())
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.stack(rows).astype(np.float32)


def frame_digest(frame: pl.DataFrame) -> str:
    """Digest the rows of a frame, however it came by them.

    Arrow's own bytes would not do: a filtered frame may carry what was filtered away.
    """
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(buffer, compression="uncompressed", statistics=False)
    return digest(buffer.getvalue())


def write_arrays(
    store: Store,
    key: str,
    arrays: Mapping[str, npt.NDArray[Any]],
    card: Mapping[str, Any],
) -> str:
    """Put named arrays and their card (any JSON) into one safetensors blob.

    Returns:
        The digest of the bytes.
    """
    from safetensors.numpy import save

    packed: bytes = save(
        {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)},
        metadata={"card": json.dumps(card, sort_keys=True)},
    )
    store.write(key, packed)
    return digest(packed)


def read_arrays(
    store: Store, key: str
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read named arrays and their card; KeyError where there is none."""
    from safetensors.numpy import load

    packed = store.read(key)
    header = json.loads(packed[8 : 8 + int.from_bytes(packed[:8], "little")])
    return load(packed), json.loads(header["__metadata__"]["card"])


def _up_to_date(name: str, key: str, frame: pl.DataFrame) -> pl.DataFrame:
    declared = TABLES[name].empty().schema
    if dict(frame.schema) == dict(declared):
        return frame
    differ = sorted({column for column, _ in frame.schema.items() ^ declared.items()})
    raise SchemaError(
        f"{key} was written under another data dictionary, {', '.join(differ)} differ; "
        "run `make demo`, or the jobs refresh_corpus and fit_bridge in the UI: they "
        "make again what changed and nothing else"
    )
