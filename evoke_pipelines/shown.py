"""How results look in the Dagster UI: schemas, small tables, pictures, progress."""

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.corpus.contact_sheet import contact_sheet
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.schemas import TABLES
from evoke_core.storage.store import Store

_CELL_CHARACTERS = 48


def column_schema(table: str) -> dg.TableSchema:
    """Describe a table of the data dictionary for the UI."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=str(column.dtype),
                description=column.meaning,
                constraints=dg.TableColumnConstraints(nullable=column.optional),
            )
            for name, column in TABLES[table].columns.items()
        ]
    )


def picture(png: bytes) -> str:
    """Show a PNG inline in the UI."""
    return f"md:![](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"


def as_markdown(frame: pl.DataFrame) -> str:
    """Show rows as a Markdown table; long cells are cut."""
    head = "| " + " | ".join(frame.columns) + " |"
    rule = "|" + "---|" * frame.width
    rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in frame.iter_rows()]
    return "\n".join([head, rule, *rows])


def log_progress(context: dg.AssetExecutionContext) -> Callable[[int, int], None]:
    """Return a reporter of (done, total) that logs rate and time left."""
    started = time.monotonic()

    def report(done: int, total: int) -> None:
        rate = done / max(time.monotonic() - started, 1e-9)
        context.log.info(
            "%d of %d, %.1f a second, %.0f s left", done, total, rate,
            (total - done) / max(rate, 1e-9),
        )  # fmt: skip

    return report


def as_metadata(value: Any) -> Any:  # noqa: ANN401 (what Dagster takes)
    """Show plain values as they are, text that starts with "md:" as Markdown."""
    if isinstance(value, str) and value.startswith("md:"):
        return dg.MetadataValue.md(value.removeprefix("md:"))
    return value


def _cell(value: object) -> str:
    if isinstance(value, pl.Series):
        value = value.to_list()
    if isinstance(value, list) and len(value) > 6:
        value = f"{len(value)} values"
    text = str(value).replace("|", "/").replace("\n", " ")
    for sign, escaped in (("&", "&amp;"), ("<", "&lt;")):
        text = text.replace(sign, escaped)
    return text if len(text) <= _CELL_CHARACTERS else text[:_CELL_CHARACTERS] + "…"


def counts(frame: pl.DataFrame, *columns: str) -> Mapping[str, Any]:
    """Count rows by each column, as small tables."""
    return {
        f"by_{column}": "md:"
        + as_markdown(
            frame.drop_nulls(column).group_by(column).len("rows").sort(column)
        )
        for column in columns
    }


def thumbnails(store: Store, hashes: pl.Series, *, spread: bool = True) -> str:
    """Show up to 40 thumbnails, spread over the table or from its start."""
    known = hashes.drop_nulls().to_list()
    step = max(1, len(known) // 40) if spread else 1
    small = [store.read(thumbnail_key(name)) for name in known[::step][:40]]
    return picture(contact_sheet(small))
