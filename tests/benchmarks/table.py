"""The benchmark table: kept as `bench.json`, written as Markdown, shown in README.

Every row of the file names when and on what machine it was measured, since rows of
several runs stand side by side in it. Nothing is measured here.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evoke_core.workers import count_cores
from tests.benchmarks.bars import BARS, Bar
from tests.benchmarks.row import Row

KEPT = Path(__file__).with_name("results") / "bench.json"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
_HEADS = ("row", "ours", "against", "ratio (range)", "bar", "", "measured on")
_NUMBERS = ("ours", "peer", "ratio", "low", "high")
_GIB = 2**30
Measured = dict[str, Any]  # a row as it is kept


def machine() -> dict[str, float]:
    """Describe this machine as it is now: cores, memory, load of the last minute."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": count_cores(),
        "memory_gib": round(memory / _GIB, 1),
        "load": round(os.getloadavg()[0], 2),
    }


def measured(rows: Iterable[Row], on: Mapping[str, float], seconds: float) -> list[Any]:
    """Write rows as they are kept.

    Args:
        rows: Of one part.
        on: The machine when the part began.
        seconds: What the part took.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    beside = {"machine": dict(on), "measured_at": now, "part_s": round(seconds, 1)}
    return [_plain(row) | beside for row in rows]


def read(path: Path) -> list[Measured]:
    """Return the rows that are kept there; none where there is no file."""
    if not path.is_file():
        return []
    found: list[Measured] = json.loads(path.read_text(encoding="utf-8"))
    return found


def merge(before: Sequence[Measured], new: Sequence[Measured]) -> list[Measured]:
    """Put new rows in the place of older ones, in the order of the bars."""
    rows = {row["name"]: row for row in [*before, *new]}
    return [rows[name] for name in BARS if name in rows]


def write(path: Path, rows: Sequence[Measured]) -> None:
    """Keep rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def missing(rows: Sequence[Measured]) -> list[str]:
    """Name the bars without a row."""
    return [name for name in BARS if name not in {row["name"] for row in rows}]


def as_markdown(rows: Sequence[Measured]) -> str:
    """Write the table and, below it, on what machines it was measured."""
    head = "| " + " | ".join(_HEADS) + " |"
    rule = "|" + "---|" * len(_HEADS)
    lines = ["| " + " | ".join(_cells(row, BARS[row["name"]])) + " |" for row in rows]
    return "\n".join([head, rule, *lines, "", _machines(rows)])


def in_readme(readme: str, rows: Sequence[Measured]) -> str:
    """Put the table between the marks of README.

    Raises:
        ValueError: There are no such marks, each once and in order.
    """
    top, begin, rest = readme.partition(BEGIN)
    _, end, bottom = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in bottom:
        raise ValueError(f"README.md: put {BEGIN} and {END} where the table goes")
    return f"{top}{BEGIN}\n{as_markdown(rows)}\n{END}{bottom}"


def _plain(row: Row) -> Measured:
    told = asdict(row) | {"runs": list(row.runs), "bar": BARS[row.name].value}
    return told | {name: _figure(told[name]) for name in _NUMBERS}


def _figure(value: float) -> float | None:
    """Cut a figure to what it says; JSON has no NaN."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _cells(row: Measured, bar: Bar) -> list[str]:
    against = bar.against if row["peer"] is None else _with_peer(row["peer"], bar)
    spread = (
        ""
        if row["low"] is None
        else f" ({_short(row['low'])} to {_short(row['high'])})"
    )
    return [
        f"`{row['name']}`" + ("" if bar.asked_for else " *"),
        f"{bar.what}: {_amount(row['ours'], bar.unit)}",
        against,
        f"{_short(row['ratio'])}{spread}",
        f"{bar.bound} {bar.value:g}",
        str(row["verdict"]),
        str(row["said"]).replace("|", "/"),
    ]


def _with_peer(peer: float, bar: Bar) -> str:
    return f"{bar.against}: {_amount(peer, bar.unit)}"


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    if unit == "s" and value < 1:
        return f"{_short(1000 * value)} ms"
    return f"{_short(value)} {unit}"


def _short(value: float | None) -> str:
    """Write three figures, without an exponent."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machines(rows: Sequence[Measured]) -> str:
    days = sorted({row["measured_at"][:10] for row in rows})
    kinds = {(row["machine"]["cores"], row["machine"]["memory_gib"]) for row in rows}
    loads = [row["machine"]["load"] for row in rows] or [0.0]
    where = ", ".join(f"{cores:g} cores, {memory:g} GiB" for cores, memory in kinds)
    minutes = sum({row["measured_at"]: row["part_s"] for row in rows}.values()) / 60
    return (
        f"Measured on {' to '.join({days[0], days[-1]} if days else ())} with {where}, "
        f"load at a part's start {min(loads):g} to {max(loads):g}, {minutes:.0f} "
        "minutes in all. Medians; the range is that of neighbouring measurements. "
        "`at least`: the peer's time over ours, `at most`: ours over the peer's. "
        "* not promised, shown beside the others."
    )
