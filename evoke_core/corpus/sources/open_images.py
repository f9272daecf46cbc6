"""Open Images V7: Flickr photographs with labels that people verified.

Reads every CSV of image ids (`*-images-with-rotation.csv`, `*-boxable-*`), the class
names (`oidv7-class-descriptions.csv`) and, by `open_images_labels`, the human image
labels, which are too large to be held. So the quota is dealt here, for only what is
chosen can be described in little memory. A later `take` with the same quota and seed
takes all that was listed.

The bucket's copies are scaled to 1,024 pixels, so `md5` (base64, of the original, which
is the last address) says nothing about the other addresses. Rotations are not applied:
the lists estimate them for originals, and many rows have none.

Source: https://storage.googleapis.com/openimages/web/download_v7.html; images CC BY 2.0
as listed, annotations CC BY 4.0 by Google.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed, file_address
from evoke_core.corpus.quota import take
from evoke_core.corpus.sources.open_images_labels import (
    COLUMNS,
    LONGEST_ID,
    OBTAIN,
    HumanLabels,
)
from evoke_core.errors import SourceError
from evoke_core.label_tables import lines_of

BUCKET = "s3://open-images-dataset"  # public, read unsigned
_CHUNK = 1 << 16  # image ids turned into an array, or back, at a time
_WEB = re.compile(r"https?://", re.IGNORECASE)
_DEED = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/([\d.]+)")
_PUBLIC = {"zero": "CC0", "mark": "PDM"}
# Of an image or a subset: they become parts of paths.
_PLAIN = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")


def list_open_images(source: PictureSource) -> Iterator[Listed]:
    """List the images that the quota takes, in the order of the lists, each once.

    An image's stratum is one of its positive labels, drawn by the seed; with `only`
    (display names or label ids) one of those, and images without any are left out.

    Raises:
        SourceError: No image lists at the location, one that can't be read, or wanted
            labels that no class has.
    """
    lists = _find(source.location)
    wanted = lists.labels.wanted(source.only)
    ids = _image_ids(lists.images)
    drawn, names = lists.labels.draw_strata(ids, wanted, source.seed)
    found = _candidates(ids, drawn, names)
    fit = (one for one in found if one.stratum or not wanted)
    taken = take(fit, source.quota, source.seed)
    chosen = {one.source_key: one.stratum for one in taken}
    del ids, drawn, found, fit, taken
    labels = lists.labels.of(chosen)
    copies = (source.pictures or BUCKET).rstrip("/")
    if "://" not in copies:
        copies = file_address(Path(copies))
    for path in lists.images:
        for row in _rows(path):
            if row["ImageID"] in chosen:
                stratum = chosen.pop(row["ImageID"])
                keywords = tuple(sorted(labels.get(row["ImageID"], ())))
                yield _listed(row, stratum, keywords, copies)


@dataclass(frozen=True, slots=True)
class _Lists:
    """The files of a release."""

    images: tuple[Path, ...]
    labels: HumanLabels


def _find(location: str | None) -> _Lists:
    if location is None:
        raise SourceError(f"no folder of Open Images lists is named; {OBTAIN}")
    root = Path(location)
    if not root.is_dir():
        raise SourceError(f"Open Images folder {location!r} is not there; {OBTAIN}")
    paths = [*sorted(root.glob("*.csv")), *sorted(root.glob("*/*.csv"))]
    headers = {path: _header(path) for path in paths if path.is_file()}
    images = [p for p, names in headers.items() if {"ImageID", "OriginalURL"} <= names]
    if not images:
        raise SourceError(
            f"{location}: no CSV with the columns ImageID and OriginalURL; {OBTAIN}"
        )
    labels = [path for path in headers if "human-imagelabels" in path.name]
    for path in labels:
        if missing := set(COLUMNS) - headers[path]:
            raise SourceError(f"{path}: no column {min(missing)}; {OBTAIN}")
    named = [p for p in headers if re.search(r"class-descriptions|^dict", p.name)]
    names = {label: name for path in named for label, name in _class_names(path)}
    return _Lists(tuple(images), HumanLabels(tuple(labels), names))


def _header(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        try:
            return set(next(csv.reader(lines_of(handle)), []))
        except csv.Error:
            return set()  # whatever it is, it is none of these lists


def _class_names(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        table = csv.reader(lines_of(handle))
        try:
            rows = [(row[0], row[1].strip()) for row in table if len(row) > 1]
        except csv.Error as wrong:
            raise SourceError(f"{path}: damaged ({wrong}); {OBTAIN}") from wrong
    return rows[1:] if rows[:1] == [("LabelName", "DisplayName")] else rows


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        reader = csv.reader(lines_of(handle))
        try:
            header = next(reader)
            for values in reader:
                row = dict(zip(header, values, strict=False))
                if _PLAIN.fullmatch(row.get("ImageID", "")):
                    yield row
        except csv.Error as wrong:
            raise SourceError(f"{path}: damaged ({wrong}); {OBTAIN}") from wrong


def _image_ids(paths: tuple[Path, ...]) -> NDArray[np.bytes_]:
    """Collect the ids of all lists: bytes[N], sorted, each once, N >= 1."""
    chunks: list[NDArray[np.bytes_]] = [np.empty(0, "S16")]
    pending: list[bytes] = []
    for path in paths:
        for row in _rows(path):
            pending.append(row["ImageID"].encode())
            if len(pending) == _CHUNK:
                chunks.append(np.array(pending))
                pending.clear()
    ids = np.unique(np.concatenate([*chunks, np.array(pending, dtype="S")]))
    if not len(ids):
        raise SourceError(f"{paths[0]}: lists no image; {OBTAIN}")
    return ids


def _candidates(
    ids: NDArray[np.bytes_], drawn: NDArray[np.int32], names: list[str | None]
) -> Iterator[Listed]:
    for start in range(0, len(ids), _CHUNK):
        part = slice(start, start + _CHUNK)
        for one, place in zip(ids[part].tolist(), drawn[part].tolist(), strict=True):
            yield Listed(one.decode(), "", stratum=names[place])


def _listed(
    row: Mapping[str, str], stratum: str | None, keywords: tuple[str, ...], copies: str
) -> Listed:
    key, deed = row["ImageID"], row.get("License", "")
    licence, terms = _licence(deed)
    title, author = row.get("Title", "").strip(), row.get("Author", "").strip()
    credit = (title or "Photograph") + (f" by {author}" if author else "")
    subset = _PLAIN.fullmatch(row.get("Subset", ""))
    copy = (f"{copies}/{subset[0]}/{key}.jpg",) if subset else ()
    # A list is a stranger's: it may lead into the web, not to files of this machine.
    linked = (row.get("Thumbnail300KURL", ""), row.get("OriginalURL", ""))
    md5 = row.get("OriginalMD5") or None
    return Listed(
        source_key=key,
        version=md5 or key,
        addresses=copy + tuple(each for each in linked if _WEB.match(each)),
        md5=md5,
        stratum=stratum,
        title=title or None,
        artist=author or None,
        licence=licence,
        licence_url=deed or None,
        attribution=f"{credit}, {terms}" if terms else None,
        url=row.get("OriginalLandingURL") or None,
        keywords=keywords,
    )


def _licence(deed: str) -> tuple[str | None, str | None]:
    """Name a licence by the address of its deed, for tables and for people."""
    found = _DEED.search(deed)
    if found is None:
        return None, None
    kind = _PUBLIC.get(found[1], f"CC-{found[1].upper()}")
    return f"{kind}-{found[2]}", f"{kind.replace('CC-', 'CC ')} {found[2]}"
