"""Tables of labels that people bring with their songs or pictures: CSV and TSV.

A row names a file and says words (moods, tags), a rating (valence and arousal), or
both. A row that can't be used becomes a reason; the others are taken.

Not here: which moods the words name (labels).
"""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from evoke_core.errors import ConfigError, Refused

ID_COLUMNS = ("file", "path", "filename", "track_id", "id")  # the first that is there
WORD_COLUMNS = ("moods", "mood", "tags", "labels")  # all that are there
RATING_COLUMNS = ("valence", "arousal")
_Row = tuple[int, dict[str, str | None]]  # with the line that it begins on
_LONGEST_LINE = 1 << 24  # characters; no row of a table has a thousandth of that


@dataclass(frozen=True, slots=True)
class Label:
    """What people said of one item.

    Args:
        words: As they were written.
        affect: Rated valence and arousal in [-1, 1]; None where nobody rated it.
    """

    words: tuple[str, ...] = ()
    affect: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A table of labels as it was read.

    Args:
        labels: By the item's name in the table.
        refusals: Why rows can't be used, in their order, one sentence each that
            starts with the file, the line and the reason as a stable word.
    """

    labels: Mapping[str, Label]
    refusals: tuple[str, ...]


def read_labels(path: Path) -> LabelTable:
    """Read a table of labels.

    Args:
        path: CSV or TSV with a header in any case: one of ID_COLUMNS, and any of
            WORD_COLUMNS (words parted by "," ";" or "|") and RATING_COLUMNS. Further
            fields of a row join a last column of words, as in MTG-Jamendo's lists.

    Raises:
        ConfigError: No such file, or the columns are missing.
    """
    columns, rows = _read_rows(path)
    named = [name for name in ID_COLUMNS if name in columns]
    if not named or not _is_label_header(columns):
        raise ConfigError(
            f"labels {path}: needs a column of {', '.join(ID_COLUMNS)}, and any of "
            f"{', '.join(WORD_COLUMNS)}, or valence and arousal; got "
            f"{', '.join(columns) or 'none'}"
        )
    labels: dict[str, Label] = {}
    refusals = []
    for line, row in rows:
        name = (row[named[0]] or "").strip()
        try:
            _require_new(name, labels)
            labels[name] = parse_label(row)
        except Refused as refusal:
            refusals.append(f"{path.name}, line {line}: {refusal.reason}: {refusal}")
    return LabelTable(labels, tuple(refusals))


def has_labels(path: Path) -> bool:
    """Say whether a file is a table of labels; one that can't be read is none."""
    try:
        columns, _ = _read_rows(path)
    except ConfigError:
        return False
    return bool(set(columns) & set(ID_COLUMNS)) and _is_label_header(columns)


def parse_label(row: Mapping[str, str | None]) -> Label:
    """Take the words and the rating of one row; columns in lower case.

    Raises:
        Refused: The rating is half there, is no number or lies beyond [-1, 1].
    """
    said = [row.get(name) or "" for name in WORD_COLUMNS]
    words = [word.strip() for text in said for word in re.split(r"[,;|]", text)]
    values = [(row.get(name) or "").strip() for name in RATING_COLUMNS]
    return Label(
        tuple(word for word in words if word),
        _parse_rating(*values) if any(values) else None,
    )


def lines_of(handle: TextIO) -> Iterator[str]:
    """Yield the lines of a table; one that is absurdly long comes in parts.

    So a file without line ends, or what a zip unpacks to, is never held as a whole,
    and `csv` refuses its first field.
    """
    return iter(partial(handle.readline, _LONGEST_LINE), "")


def find_label(
    labels: Mapping[str, Label], folder: str, source_key: str
) -> tuple[str, Label] | None:
    """Find what a table says of a file, however the table names it.

    Args:
        labels: By name.
        folder: Name of the collection's folder.
        source_key: Path of the file below it.

    Returns:
        The name that it goes by in the table, and its label: the path below the folder
        or from the folder on, else the file's name alone, each with or without its
        suffix. `950.low.mp3` goes by `950.mp3` too (MTG-Jamendo's small files).
    """
    full = source_key.replace(".low.", ".")
    bare = full.rpartition("/")[2]
    for key in (source_key, full, f"{folder}/{full}", bare):
        for name in (key, key.rpartition(".")[0]):
            if name in labels:
                return name, labels[name]
    return None


def _read_rows(path: Path) -> tuple[list[str], list[_Row]]:
    """Read columns, in lower case, and rows of a table parted by tab, ";" or ",".

    A row comes with the number of the line that it begins on; blank lines are none.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            header = handle.readline(_LONGEST_LINE)
            handle.seek(0)
            parted = next((mark for mark in "\t;" if mark in header), ",")
            reader = csv.reader(lines_of(handle), delimiter=parted)
            columns = [name.strip().lower() for name in next(reader, [])]
            rows: list[_Row] = []
            begins = reader.line_num + 1
            for fields in reader:
                if fields:
                    rows.append((begins, _as_row(columns, fields)))
                begins = reader.line_num + 1
            return columns, rows
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise ConfigError(
            f"labels {path}: can't be read ({wrong}); bring a CSV file in UTF-8"
        ) from wrong


def _is_label_header(columns: Iterable[str]) -> bool:
    there = set(columns)
    return bool(there & set(WORD_COLUMNS)) or there >= set(RATING_COLUMNS)


def _as_row(columns: list[str], fields: list[str]) -> dict[str, str | None]:
    row: dict[str, str | None] = dict.fromkeys(columns)
    row.update(zip(columns, fields, strict=False))
    if len(fields) > len(columns) and columns and columns[-1] in WORD_COLUMNS:
        row[columns[-1]] = "|".join(fields[len(columns) - 1 :])
    return row


def _require_new(name: str, labels: Mapping[str, Label]) -> None:
    if not name:
        raise Refused("no_name", "it names no file; fill in its first column")
    if name in labels:
        raise Refused("named_twice", f"{name} stands above too; the first one counts")


def _parse_rating(valence: str, arousal: str) -> tuple[float, float]:
    try:
        rated = float(valence), float(arousal)
    except ValueError as wrong:
        raise Refused(
            "bad_rating",
            f"valence {valence!r} and arousal {arousal!r} are not two numbers; give "
            "both or neither",
        ) from wrong
    if not all(math.isfinite(value) and abs(value) <= 1 for value in rated):
        raise Refused(
            "rating_out_of_range",
            f"got valence {valence} and arousal {arousal}; map your scale to -1 .. 1, "
            "as (x - 5) / 4 for one of 1 to 9",
        )
    return rated
