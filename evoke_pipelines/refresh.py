"""Compute an asset only if its code, settings or inputs changed, and show what it is.

Each asset is materialised at every run, so that the UI says when it was last looked at;
where nothing changed that costs one small read and shows what stands in the store.
"""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import polars as pl
from pydantic import BaseModel

from evoke_core.schemas import TABLES
from evoke_core.storage.stamps import Stamp, drop_stamp, read_stamp, write_stamp
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import table_key, write_table

_SAMPLE_ROWS = 5
_CELL_CHARACTERS = 48


@dataclass(frozen=True, slots=True)
class Made:
    """What an asset made.

    Args:
        digest: Of its content.
        shown: Plain values; text that starts with "md:" is shown as Markdown.
    """

    digest: str
    shown: Mapping[str, Any] = field(default_factory=dict)


def refresh(
    context: dg.AssetExecutionContext,
    store: Store,
    make: Callable[[], Made],
    *,
    settings: object,
) -> dg.MaterializeResult[None]:
    """Make an asset if its recipe changed.

    Args:
        context: Names the asset, its code version and its inputs.
        store: Holds the stamps.
        make: Does the work and stores the result.
        settings: Whatever configuration the result depends on.
    """
    name = context.asset_key.path[-1]
    recipe = _recipe(context, store, settings)
    known = read_stamp(store, name)
    if known is not None and known.recipe == recipe:
        context.log.info("%s: unchanged, nothing computed", name)
        return _result(known, recomputed=False)
    drop_stamp(store, name)
    started = time.monotonic()
    made = make()
    seconds = round(time.monotonic() - started, 2)
    stamp = Stamp(recipe, made.digest, {**made.shown, "seconds": seconds})
    write_stamp(store, name, stamp)
    return _result(stamp, recomputed=True)


def refresh_table(
    context: dg.AssetExecutionContext,
    store: Store,
    make: Callable[[], pl.DataFrame],
    *,
    settings: object,
    show: Callable[[pl.DataFrame], Mapping[str, Any]] | None = None,
) -> dg.MaterializeResult[None]:
    """Make a table of the data dictionary if its recipe changed; see `refresh`."""
    name = context.asset_key.path[-1]

    def make_table() -> Made:
        frame = make()
        content = write_table(store, name, frame)
        shown = {
            **(show(frame) if show else {}),
            "dagster/row_count": frame.height,
            "bytes": len(store.read(table_key(name))),
            "stored_at": store.locate(table_key(name)),
            "sample": f"md:{as_markdown(frame.head(_SAMPLE_ROWS))}",
        }
        return Made(content, shown)

    return refresh(context, store, make_table, settings=settings)


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


def _recipe(context: dg.AssetExecutionContext, store: Store, settings: object) -> str:
    key = context.asset_key
    inputs = sorted(k.path[-1] for k in context.assets_def.asset_deps[key])
    stamps = {name: read_stamp(store, name) for name in inputs}
    return digest(
        {
            "code": context.assets_def.code_versions_by_key.get(key),
            "settings": _plain(settings),
            "inputs": {name: s.digest if s else None for name, s in stamps.items()},
        }
    )


def _plain(settings: object) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(settings, BaseModel):
        return settings.model_dump(mode="json")
    if isinstance(settings, (list, tuple)):
        return [_plain(each) for each in settings]
    if isinstance(settings, dict):
        return {str(name): _plain(value) for name, value in settings.items()}
    return settings


def _result(stamp: Stamp, *, recomputed: bool) -> dg.MaterializeResult[None]:
    shown = {name: _metadata(value) for name, value in stamp.shown.items()}
    return dg.MaterializeResult(
        metadata={**shown, "recomputed": recomputed},
        data_version=dg.DataVersion(stamp.digest),
    )


def _metadata(value: Any) -> Any:  # noqa: ANN401 (what Dagster takes)
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
