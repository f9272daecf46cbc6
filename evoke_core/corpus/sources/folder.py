"""Any directory of pictures, with an optional CSV that names and credits them.

The CSV lies at the top of the directory and has a column `path`, `file` or `filename`;
of its other columns title, artist, licence (or license), attribution, url, keywords and
those of a table of labels (moods, tags, valence and arousal, see `label_tables`) are
taken where they are. A picture without a row keeps its file name as its title; a rating
that can't be used is passed over.
"""

import csv
import os
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path, PurePosixPath

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed, file_address, file_version, storable
from evoke_core.errors import Refused, SourceError
from evoke_core.label_tables import (
    RATING_COLUMNS,
    WORD_COLUMNS,
    Label,
    lines_of,
    parse_label,
)

SUFFIXES = frozenset((
    ".avif", ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".jp2", ".png", ".tif",
    ".tiff", ".webp",
))  # fmt: skip
_KEY_COLUMNS = ("path", "file", "filename")
_TOLD = ("title", "artist", "photographer", "attribution", "keywords")
_TAKEN = frozenset((
    *_TOLD, "licence", "license", "url", *WORD_COLUMNS, *RATING_COLUMNS,
))  # fmt: skip


def list_folder(source: PictureSource) -> Iterator[Listed]:
    """List the pictures below a folder in the order of their paths.

    Raises:
        SourceError: The folder is missing, is no folder, or holds no picture.
    """
    root = Path(source.location or "")
    if source.location is None:
        raise SourceError(
            "no picture folder is named; give IMAGES (EVOKE_IMAGES) the path of a "
            "folder that holds pictures"
        )
    if not root.is_dir():
        raise SourceError(
            f"picture folder {source.location!r} is not there; "
            "give IMAGES the path of a folder that holds pictures"
        )
    paths = list(_pictures_below(root))
    if not paths:
        raise SourceError(
            f"picture folder {root} holds no picture (looked below it for "
            f"{', '.join(sorted(SUFFIXES))}); put pictures there or name another folder"
        )
    described = _descriptions(root)
    for path in paths:
        key = storable(path.relative_to(root).as_posix())
        yield _listed(path, key, _find(described, root.name, key))


def _pictures_below(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES:
                yield path


def _descriptions(root: Path) -> dict[str, Mapping[str, str]]:
    """Read the rows of every CSV at the top that has a column of paths."""
    rows: dict[str, Mapping[str, str]] = {}
    for path in sorted(root.glob("*.csv")):
        if not path.is_file():
            continue
        try:
            rows.update(_rows_by_path(path))
        except (csv.Error, OSError) as wrong:
            raise SourceError(
                f"{path}: not a CSV ({wrong}); mend it or move it elsewhere"
            ) from wrong
    return rows


def _rows_by_path(path: Path) -> dict[str, Mapping[str, str]]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as handle:
        reader = csv.DictReader(lines_of(handle))
        names = reader.fieldnames or ()
        column = next((name for name in _KEY_COLUMNS if name in names), None)
        # A CSV that lists groups of pictures has nothing to say of any one of them.
        if column is None or _TAKEN.isdisjoint(names):
            return {}
        return {row[column]: _plain(row) for row in reader if row.get(column)}


def _plain(row: Mapping[str, str]) -> Mapping[str, str]:
    """Turn what was copied from a web page (`Prud&#39;hon`) into plain text."""
    told = {name: unescape(row[name]) for name in _TOLD if row.get(name)}
    return {**row, **told}


def _find(
    described: Mapping[str, Mapping[str, str]], folder: str, key: str
) -> Mapping[str, str]:
    """Find a picture's row by its path below the folder, or from the folder on."""
    return described.get(key) or described.get(f"{folder}/{key}") or {}


def _listed(path: Path, key: str, row: Mapping[str, str]) -> Listed:
    name = PurePosixPath(key).stem
    title = row.get("title") or name.replace("_", " ").replace("-", " ")
    label = _label(row)
    keywords = [title, *(row.get("keywords") or "").replace(";", ",").split(",")]
    keywords += label.words
    return Listed(
        source_key=key,
        version=file_version(path) or "unreadable",
        addresses=(file_address(path),),
        title=title,
        artist=row.get("artist") or row.get("photographer") or None,
        licence=row.get("licence") or row.get("license") or None,
        attribution=row.get("attribution") or _credit(title, row),
        url=row.get("url") or None,
        keywords=tuple(word.strip() for word in keywords if word.strip()),
        rating=label.affect,
    )


def _label(row: Mapping[str, str]) -> Label:
    """Take what people said of a picture; words alone where its rating is none."""
    try:
        return parse_label(row)
    except Refused:
        return parse_label({name: row.get(name) for name in WORD_COLUMNS})


def _credit(title: str, row: Mapping[str, str]) -> str | None:
    maker = row.get("artist") or row.get("photographer")
    return f"{title}, {maker}" if maker else None
