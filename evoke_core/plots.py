"""Plots for the Dagster UI and the report: one idea each, its finding as the title.

Ours in the accent, everything it is compared with in grey, intervals as thin lines;
readable at 700 px.
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACCENT = "#c2542d"
GREY = "#9a9a9a"
INK = "#333333"
Estimate = tuple[float, float, float]  # value, low, high
_MOST_BARS, _MOST_PARTS, _LONGEST_NAME = 16, 6, 32  # what can be read at 700 px
_OTHERS = "all others"
_SHADES = (ACCENT, "0.35", "0.5", "0.65", "0.78", "0.88")


def plane_plot(points: npt.NDArray[Any], *, title: str) -> bytes:
    """Scatter items over the affect plane.

    Args:
        points: float[N, 2], valence and arousal in [-1, 1].
        title: The finding.

    Returns:
        PNG bytes.
    """
    figure, axes = _canvas(title, height=4.2)
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.scatter(points[:, 0], points[:, 1], s=14, color=ACCENT, alpha=0.5, linewidth=0)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    axes.set(xlabel="valence, -1 to 1", ylabel="arousal, -1 to 1")
    return _png(figure)


def bars_plot(
    values: Mapping[str, Estimate], *, title: str, unit: str, ours: Sequence[str] = ()
) -> bytes:
    """Draw one bar a name with its interval as a thin line.

    Args:
        values: (value, low, high) by name, drawn from the top down.
        title: The finding.
        unit: Of the horizontal axis.
        ours: Names drawn in the accent; all of them where empty.
    """
    figure, axes = _canvas(title, height=0.9 + 0.36 * len(values))
    names = list(values)[::-1]
    for row, name in enumerate(names):
        value, low, high = values[name]
        colour = ACCENT if not ours or name in ours else GREY
        axes.barh(row, value, color=colour, height=0.6)
        axes.plot([low, high], [row, row], color=INK, linewidth=1.2)
        axes.text(max(high, value) + 0.01, row, f"{value:.2f}", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(unit)
    return _png(figure)


def tradeoff_plot(
    courses: Mapping[str, npt.NDArray[Any]],
    marks: Mapping[str, tuple[float, float]],
    *,
    title: str,
    labels: tuple[str, str],
) -> bytes:
    """Draw what each way gives of one thing for another, and name points on it.

    Args:
        courses: float[N, 2] points by name; the first is ours.
        marks: Places to point out, by what they are.
        title: The finding.
        labels: Of the two axes, with units.
    """
    figure, axes = _canvas(title, height=4.2)
    styles = ("-", "--", ":", "-.")
    for number, (name, points) in enumerate(courses.items()):
        style = {"color": GREY, "linestyle": styles[number % 4], "marker": "."}
        ours = {"color": ACCENT, "linewidth": 2, "zorder": 3, "marker": "o"}
        drawn = style if number else ours
        axes.plot(points[:, 0], points[:, 1], label=name, markersize=4, **drawn)
    for number, (name, place) in enumerate(marks.items()):
        axes.plot(*place, "o", color=INK, markersize=10, fillstyle="none", zorder=4)
        offset = (10, 10 + 14 * number)
        axes.annotate(
            name, place, offset, textcoords="offset points", fontsize=8, color=INK
        )
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def counts_plot(
    groups: Mapping[str, Sequence[int]],
    edges: Sequence[float],
    *,
    title: str,
    unit: str,
) -> bytes:
    """Overlay distributions that were counted already; the first in the accent.

    Args:
        groups: B counts by name.
        edges: B + 1 edges of the bins.
        title: The finding.
        unit: Of the horizontal axis.
    """
    figure, axes = _canvas(title, height=3.2)
    for number, (name, counts) in enumerate(groups.items()):
        shares = np.array(counts) / max(sum(counts), 1)
        colour = ACCENT if number == 0 else GREY
        axes.stairs(shares, edges, color=colour, fill=True, alpha=0.6, label=name)
    axes.set(xlabel=unit, ylabel="share")
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def tally_plot(rows: pl.DataFrame, *, title: str, unit: str) -> bytes:
    """Count rows: one bar a name, the longest on top, each in its parts.

    Args:
        rows: Two columns of text: the name, and the part. The most frequent part is
            in the accent, others in greys. Beyond 16 names and 6 parts the rarest are
            drawn as one.
        title: The finding.
        unit: What is counted.
    """
    from matplotlib.ticker import MaxNLocator

    names = _lump(rows.to_series(0), _MOST_BARS)
    parts = _lump(rows.to_series(1), _MOST_PARTS)
    bars, kinds = _by_frequency(names), _by_frequency(parts)
    is_parted = len(kinds) > 1
    figure, axes = _canvas(title, height=0.9 + 0.3 * len(bars) + 0.5 * is_parted)
    start = np.zeros(len(bars))
    for number, kind in enumerate(kinds):
        own = names.filter(parts == kind)
        width = np.array([(own == bar).sum() for bar in bars])
        axes.barh(
            bars, width, left=start, color=_SHADES[number], height=0.6, label=kind,
            edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        start += width
    for bar, total in zip(bars, start.tolist(), strict=True):
        axes.annotate(
            f"{total:,.0f}", (total, bar), (4, 0), textcoords="offset points",
            va="center", fontsize=8, color=INK,
        )  # fmt: skip
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set_xlabel(unit)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if is_parted:
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return _png(figure)


def _lump(names: pl.Series, most: int) -> pl.Series:
    """Shorten names, and call those by one name that are too rare to be drawn."""
    # Names come from strangers; what stands between two dollars would be set as maths.
    short = names.str.head(_LONGEST_NAME).str.replace_all("$", r"\$", literal=True)
    known = _by_frequency(short)
    if len(known) <= most:
        return short
    rare = short.is_in(known[most - 1 :])
    return short.set(rare, _OTHERS)


def _by_frequency(names: pl.Series) -> list[str]:
    counted = names.rename("name").value_counts(name="rows")
    ordered = counted.sort(
        pl.col("name") == _OTHERS, "rows", "name", descending=[False, True, False]
    )
    return ordered["name"].to_list()


def _canvas(title: str, *, height: float) -> tuple["Figure", "Axes"]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=10, loc="left", color=INK)
    axes.tick_params(labelsize=8, colors=INK)
    axes.xaxis.label.set_fontsize(8)
    axes.yaxis.label.set_fontsize(8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
