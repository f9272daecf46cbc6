"""How results look in the Dagster UI: schemas, small tables, pictures, progress.

What goes into a stamp is plain JSON; text that starts with "md:" is Markdown.
"""

import base64
import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import dagster as dg
import polars as pl
from PIL import Image

from evoke_core.corpus.contact_sheet import COLUMNS, contact_sheet, labelled_sheet
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.schemas import TABLES
from evoke_core.storage.store import Store

_CELL_CHARACTERS = 48
_LIST_VALUES = 6  # of a longer list only the length is shown
_SAMPLE_ROWS, _SAMPLE_CHARACTERS = 3, 26  # so that three rows stand side by side
_QUALITY = 82  # of WebP
_QUIET_S = 10.0  # between two lines of progress
_LINK_S = 86_400  # of a presigned link: whoever has it reads the blob for a day


class Encoder(Protocol):
    """What is said of an encoder, of pictures or of music."""

    @property
    def name(self) -> str:
        """A short word."""

    @property
    def dimension(self) -> int:
        """D, the length of an embedding."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever embeddings may."""

    @property
    def licence(self) -> str:
        """Of the weights."""


def column_schema(table: str) -> dg.TableSchema:
    """Describe a table of the data dictionary for the UI."""
    declared = TABLES[table]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=str(column.dtype),
                description=column.meaning,
                constraints=dg.TableColumnConstraints(
                    nullable=column.optional,
                    unique=(name,) == declared.key,
                    other=[
                        *(["unit length"] if column.unit_length else []),
                        *(["key"] if name in declared.key else []),
                        *(
                            [f"one of {', '.join(column.choices)}"]
                            * bool(column.choices)
                        ),
                    ],
                ),
            )
            for name, column in declared.columns.items()
        ]
    )


def encoder_shown(encoder: Encoder) -> dict[str, Any]:
    """Say which encoder made a result, under which licence."""
    return {
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "licence": encoder.licence,
    }


def picture(drawn: bytes) -> str:
    """Show a PNG or WebP inline in the UI, a PNG as WebP where that is smaller.

    Every event keeps its pictures, so their bytes are what fills Dagster's database.
    """
    kind, data = "webp", drawn
    with Image.open(io.BytesIO(drawn)) as opened:
        if opened.format == "PNG":
            buffer = io.BytesIO()
            opened.convert("RGB").save(buffer, "WEBP", quality=_QUALITY)
            both = (("webp", buffer.getvalue()), ("png", drawn))
            kind, data = min(both, key=lambda each: len(each[1]))
    return f"md:![](data:image/{kind};base64,{base64.b64encode(data).decode('ascii')})"


def as_markdown(frame: pl.DataFrame) -> str:
    """Show rows as a Markdown table; long cells are cut."""
    head = "| " + " | ".join(frame.columns) + " |"
    rule = "|" + "---|" * frame.width
    rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in frame.iter_rows()]
    return "\n".join([head, rule, *rows])


def sample(frame: pl.DataFrame) -> str:
    """Show the first rows as a Markdown table, each row a column: tables are wide."""
    first = frame.head(_SAMPLE_ROWS)
    if not first.height:
        return f"md:No rows yet; the columns are {', '.join(frame.columns)}."
    turned: dict[str, list[str]] = {"column": frame.columns}
    for number, row in enumerate(first.iter_rows(), start=1):
        turned[f"row {number}"] = [
            _cut(_plain(value), _SAMPLE_CHARACTERS) for value in row
        ]
    return "md:" + as_markdown(pl.DataFrame(turned))


def log_progress(context: dg.AssetExecutionContext) -> Callable[[int, int], None]:
    """Return a reporter of (done, total) that logs rate and time left, not too often.

    Lines are ten seconds apart, and what takes less says nothing; whoever was told that
    it goes on is told that it ended. Each reporter counts from when it was made.
    """
    started = told = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        ended = done == total and told > started
        if not ended and now - told < _QUIET_S:
            return
        told = now
        each_s = (now - started) / max(done, 1)
        context.log.info(
            "%s: %d of %d (%.0f %%), %s, %s left",
            context.asset_key.path[-1], done, total, 100 * done / max(total, 1),
            _rate(each_s), duration((total - done) * each_s),
        )  # fmt: skip

    return report


def duration(seconds: float) -> str:
    """Say a time as people do: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def as_metadata(value: Any) -> Any:  # noqa: ANN401 (what Dagster takes)
    """Show plain values as they are, text that starts with "md:" as Markdown."""
    if isinstance(value, str) and value.startswith("md:"):
        return dg.MetadataValue.md(value.removeprefix("md:"))
    return value


def link(store: Store, key: str) -> dg.MetadataValue[Any]:
    """Link a blob so that the UI's reader can open it: for a day, or as a path."""
    address = store.link(key, _LINK_S)
    if address.startswith("file:"):
        return dg.MetadataValue.path(store.locate(key))
    return dg.MetadataValue.url(address)


def place(store: Store, key: str) -> dict[str, Any]:
    """Say where a blob lies, and link it where the UI's reader can't walk there."""
    where, way = dg.MetadataValue.path(store.locate(key)), link(store, key)
    return {"stored_at": where} | ({} if way == where else {"open": way})


def counts(frame: pl.DataFrame, *columns: str) -> Mapping[str, Any]:
    """Count rows by each column, the most first, as small tables.

    A column that is empty throughout gives none.
    """
    return {
        f"by_{column}": "md:"
        + as_markdown(
            known.group_by(column)
            .len("rows")
            .sort("rows", column, descending=[True, False])
        )
        for column in columns
        if (known := frame.drop_nulls(column)).height
    }


def thumbnails(store: Store, hashes: pl.Series, *, spread: bool = True) -> str:
    """Show up to 40 thumbnails, spread over the table or from its start."""
    known = hashes.drop_nulls().to_list()
    if not known:
        return "no pictures yet"
    step = max(1, len(known) // 40) if spread else 1
    small = [store.read(thumbnail_key(name)) for name in known[::step][:40]]
    return picture(contact_sheet(small))


def rows_of_thumbnails(store: Store, groups: Mapping[str, Sequence[str]]) -> str:
    """Show one row of thumbnails for each label.

    Args:
        store: Holds the thumbnails.
        groups: SHA-256 of up to ten pictures by label; more are left out.
    """
    rows = {
        label: [store.read(thumbnail_key(name)) for name in hashes[:COLUMNS]]
        for label, hashes in groups.items()
    }
    return picture(labelled_sheet(rows))


def _rate(each_s: float) -> str:
    return f"{each_s:.1f} s each" if each_s > 1 else f"{1 / each_s:.1f} a second"


def _plain(value: object) -> str:
    if isinstance(value, pl.Series):
        value = value.to_list()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list):
        many = len(value) > _LIST_VALUES
        return f"{len(value)} values" if many else ", ".join(map(_plain, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _cell(value: object) -> str:
    text = _plain(value).replace("|", "/").replace("\n", " ")
    text = _cut(text, _CELL_CHARACTERS)
    for sign, escaped in (("&", "&amp;"), ("<", "&lt;")):
        text = text.replace(sign, escaped)
    return text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def check_result(
    wrong: Mapping[str, str],
    shown: Mapping[str, Any] | None = None,
    *,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    """Pass if nothing is wrong; else say in words what is."""
    said = [f"{what}: {which}" for what, which in wrong.items() if which]
    return dg.AssetCheckResult(
        passed=not said,
        severity=severity,
        description="; ".join(said) or None,
        metadata=shown,
    )
