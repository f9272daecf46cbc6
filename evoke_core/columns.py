"""What a stored table is made of: columns, their types and rules.

Which tables there are is `schemas`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from evoke_core.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, what it means, and whether it may be empty."""

    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    optional: bool = False
    unit_length: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order and the columns that make a row unique."""

    columns: Mapping[str, Column]
    key: tuple[str, ...]

    def names(self) -> list[str]:
        """Return the column names in order."""
        return list(self.columns)

    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """Return the type of each column."""
        return {name: column.dtype for name, column in self.columns.items()}

    def frame(self, data: Any) -> pl.DataFrame:  # noqa: ANN401 (rows or columns)
        """Make a frame of these columns from rows as mappings, or from columns."""
        return pl.DataFrame(data, schema=self.schema())

    def empty(self) -> pl.DataFrame:
        """Return a frame of these columns without rows."""
        return self.frame(None)


def check_frame(name: str, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Bring a frame into its declared column order and check every rule.

    Args:
        name: Of the table, for people.
        table: What the frame is held to.
        frame: Its columns in any order.

    Raises:
        SchemaError: Names the table, the column, what was got and what was declared.
    """
    if set(frame.columns) != set(table.columns):
        raise SchemaError(
            f"{name}: columns differ from the data dictionary: "
            f"{sorted(set(frame.columns) ^ set(table.columns))}"
        )
    ordered = frame.select(table.names())
    for column_name, column in table.columns.items():
        _check_column(name, column_name, column, ordered[column_name])
    duplicated = ordered.height - ordered.select(table.key).n_unique()
    if duplicated:
        raise SchemaError(f"{name}: {duplicated} rows repeat a key {table.key}")
    return ordered


def _check_column(table: str, name: str, column: Column, values: pl.Series) -> None:
    place = f"{table}.{name}"
    if values.dtype != column.dtype:
        raise SchemaError(f"{place}: got {values.dtype}, declared {column.dtype}")
    if not column.optional and values.null_count():
        raise SchemaError(f"{place}: {values.null_count()} values are missing")
    if column.choices and not values.drop_nulls().is_in(column.choices).all():
        raise SchemaError(f"{place}: a value is none of {column.choices}")
    if column.unit_length and len(values):
        # A sum passes over what is missing; a NaN it can't.
        squares = values.list.eval(pl.element().fill_null(float("nan")) ** 2)
        norms = squares.list.sum().sqrt()
        if not bool(((norms - 1.0).abs() < 1e-3).all()):
            raise SchemaError(f"{place}: a vector is not of unit length")
