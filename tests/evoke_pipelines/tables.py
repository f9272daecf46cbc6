"""Tables for tests: rows of which only what matters is given, written by nobody."""

import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import table_key


def rows(table: str, *given: Mapping[str, Any]) -> pl.DataFrame:
    """Fill what is not given with something that the data dictionary allows."""
    return TABLES[table].frame([_blank(table) | dict(each) for each in given])


def _blank(table: str) -> dict[str, Any]:
    filler = {pl.String: "", pl.Boolean: False}
    return {
        name: column.choices[0]
        if column.choices
        else None
        if column.optional
        else [1.0]
        if column.unit_length
        else []
        if isinstance(column.dtype, pl.List)
        else filler.get(column.dtype, 0)
        for name, column in TABLES[table].columns.items()
    }


def put(store: LocalStore, table: str, frame: pl.DataFrame) -> None:
    """Write a table as nobody checked it."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    store.write(table_key(table), buffer.getvalue())
