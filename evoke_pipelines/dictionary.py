"""Does a stored table fit the data dictionary? Asked in the step that makes it.

A check of its own would be a step of its own, which costs Dagster more time than the
answer; what does not fit blocks the stages after it all the same.
"""

from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from evoke_core.columns import Column
from evoke_core.errors import SchemaError
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table
from evoke_pipelines.shown import as_markdown, check_result

# Of an asset with a check of its own Dagster understands the bare class only.
if TYPE_CHECKING:
    CheckedTable = dg.MaterializeResult[None]
else:
    CheckedTable = dg.MaterializeResult

_NAME = "fits_the_data_dictionary"


def fits_dictionary(table: str) -> dg.AssetCheckSpec:
    """Declare the check that every asset of the data dictionary has."""
    return dg.AssetCheckSpec(
        _NAME,
        asset=table,
        description=(
            "Columns, types, choices, unique keys and unit lengths are as declared."
        ),
        blocking=True,
    )


def check_dictionary(store: Store, table: str) -> dg.AssetCheckResult:
    """Hold what is stored, however it was made, against what is declared."""
    try:
        frame = read_table(store, table)
    except KeyError:
        return _result(table, {table: "nothing is stored under this name"})
    except (SchemaError, pl.exceptions.PolarsError) as damage:
        return _result(table, {table: f"can't be read: {damage}"})
    wrong = {}
    try:
        validate(table, frame)
    except SchemaError as broken:
        wrong["data dictionary"] = str(broken)
    return _result(table, wrong, frame)


def _result(
    table: str, wrong: dict[str, str], frame: pl.DataFrame | None = None
) -> dg.AssetCheckResult:
    shown = {}
    if frame is not None:
        shown = {"rows": frame.height, "columns": _rules(table, frame)}
    found = check_result(wrong, shown)
    return found._replace(check_name=_NAME, asset_key=dg.AssetKey(table))


def _rules(table: str, frame: pl.DataFrame) -> dg.MetadataValue[str]:
    """Show each declared column beside what was found in it."""
    declared = TABLES[table]
    rows = [
        {
            "column": name,
            "type": str(frame.schema.get(name, "absent")),
            "declared": _declared(column, is_key=name in declared.key),
            "empty": str(frame[name].null_count()) if name in frame.columns else "",
        }
        for name, column in declared.columns.items()
    ]
    return dg.MetadataValue.md(as_markdown(pl.DataFrame(rows)))


def _declared(column: Column, *, is_key: bool) -> str:
    parts = [
        str(column.dtype),
        "key" * is_key,
        "may be empty" * column.optional,
        "unit length" * column.unit_length,
        " / ".join(column.choices),
    ]
    return ", ".join(part for part in parts if part)
