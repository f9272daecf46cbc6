"""Open Images V7: Flickr photographs with labels that people verified.

Reads every CSV of image ids (`*-images-with-rotation.csv`, `*-boxable-*`), the class
names (`oidv7-class-descriptions.csv`) and the human image labels. Those have 2.7 GB:
they are streamed in blocks, twice. The first pass draws one stratum for every image
(28 bytes an image are held and no label); then the quota is dealt here, for only what
is chosen can be described in little memory; the second pass collects the labels of the
chosen. A later `take` with the same quota and seed takes all that was listed.

The bucket's copies are scaled to 1,024 pixels, so `md5` (base64, of the original, which
is the last address) says nothing about the other addresses. Rotations are not applied:
the lists estimate them for originals, and many rows have none.

Source: https://storage.googleapis.com/openimages/web/download_v7.html; images CC BY 2.0
as listed, annotations CC BY 4.0 by Google.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.quota import take
from evoke_core.errors import SourceError
from evoke_core.label_tables import lines_of

BUCKET = "s3://open-images-dataset"  # public, read unsigned
_OBTAIN = (
    "download the image ids, class names and human image labels from "
    "https://storage.googleapis.com/openimages/web/download_v7.html into one folder "
    "and give sources.yaml pictures.open_images.location its path"
)
_BLOCK_BYTES = 1 << 24  # of a label list: some 400,000 rows
_CHUNK = 1 << 16  # image ids turned into an array, or back, at a time
_COLUMNS = ("ImageID", "LabelName", "Confidence")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_DEED = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/([\d.]+)")
_PUBLIC = {"zero": "CC0", "mark": "PDM"}
# Of an image or a subset. They become parts of paths, and the longest id sets the
# width of arrays; real ones have 16 hexadecimal digits.
_LONGEST_ID = 64
_PLAIN = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_ID}}}")


def list_open_images(source: PictureSource) -> Iterator[Listed]:
    """List the images that the quota takes, in the order of the lists, each once.

    An image's stratum is one of its positive labels, drawn by the seed; with `only`
    (display names or label ids) one of those, and images without any are left out.

    Raises:
        SourceError: No image lists at the location, one that can't be read, or wanted
            labels that no class has.
    """
    lists = _find(source.location)
    wanted = lists.wanted(source.only)
    ids = _image_ids(lists.images)
    drawn, names = _draw_strata(lists, ids, wanted, source.seed)
    found = _candidates(ids, drawn, names)
    fit = (one for one in found if one.stratum or not wanted)
    taken = take(fit, source.quota, source.seed)
    chosen = {one.source_key: one.stratum for one in taken}
    del ids, drawn, found, fit, taken
    labels = _labels_of(lists, chosen)
    copies = (source.pictures or BUCKET).rstrip("/")
    if "://" not in copies:
        copies = f"file:{Path(copies).absolute()}"
    for path in lists.images:
        for row in _rows(path):
            if row["ImageID"] in chosen:
                stratum = chosen.pop(row["ImageID"])
                keywords = tuple(sorted(labels.get(row["ImageID"], ())))
                yield _listed(row, stratum, keywords, copies)


@dataclass(frozen=True, slots=True)
class _Lists:
    """The files of a release; names: label id -> display name."""

    images: tuple[Path, ...]
    labels: tuple[Path, ...]
    names: Mapping[str, str]

    def wanted(self, only: tuple[str, ...]) -> frozenset[str]:
        """Find the ids of the labels that are wanted by id or by name."""
        asked = {word.casefold() for word in only}
        found = frozenset(
            label
            for label, name in self.names.items()
            if name.casefold() in asked or label.casefold() in asked
        )
        if only and not (found and self.labels):
            raise SourceError(
                f"no image is labelled {', '.join(only)}; choose from the second "
                f"column of the class descriptions, and have label lists: {_OBTAIN}"
            )
        return found


def _find(location: str | None) -> _Lists:
    if location is None:
        raise SourceError(f"no folder of Open Images lists is named; {_OBTAIN}")
    root = Path(location)
    if not root.is_dir():
        raise SourceError(f"Open Images folder {location!r} is not there; {_OBTAIN}")
    paths = [*sorted(root.glob("*.csv")), *sorted(root.glob("*/*.csv"))]
    headers = {path: _header(path) for path in paths if path.is_file()}
    images = [p for p, names in headers.items() if {"ImageID", "OriginalURL"} <= names]
    if not images:
        raise SourceError(
            f"{location}: no CSV with the columns ImageID and OriginalURL; {_OBTAIN}"
        )
    labels = [path for path in headers if "human-imagelabels" in path.name]
    for path in labels:
        if missing := set(_COLUMNS) - headers[path]:
            raise SourceError(f"{path}: no column {min(missing)}; {_OBTAIN}")
    named = [p for p in headers if re.search(r"class-descriptions|^dict", p.name)]
    names = {label: name for path in named for label, name in _class_names(path)}
    return _Lists(tuple(images), tuple(labels), names)


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
            raise SourceError(f"{path}: damaged ({wrong}); {_OBTAIN}") from wrong
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
            raise SourceError(f"{path}: damaged ({wrong}); {_OBTAIN}") from wrong


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
        raise SourceError(f"{paths[0]}: lists no image; {_OBTAIN}")
    return ids


def _blocks(paths: tuple[Path, ...]) -> Iterator[pl.DataFrame]:
    """Stream the positive rows (ImageID, LabelName) of the label lists."""
    sure = pl.col("Confidence").str.strip_chars().cast(pl.Float64, strict=False) >= 1
    is_plain = pl.col("ImageID").str.len_bytes() <= _LONGEST_ID
    for path in paths:
        with path.open("rb") as handle:
            header = handle.readline(_BLOCK_BYTES).removeprefix(b"\xef\xbb\xbf")
            while block := handle.read(_BLOCK_BYTES):
                rest = handle.readline(_BLOCK_BYTES)
                rows = _parse(header + block + rest, path)
                yield rows.filter(sure, is_plain).drop("Confidence").drop_nulls()


def _parse(block: bytes, path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(
            io.BytesIO(block),
            columns=list(_COLUMNS),
            infer_schema=False,
            quote_char=None,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
    except pl.exceptions.PolarsError as wrong:
        raise SourceError(f"{path}: damaged ({wrong}); {_OBTAIN}") from wrong


def _draw_strata(
    lists: _Lists, ids: NDArray[np.bytes_], wanted: frozenset[str], seed: int
) -> tuple[NDArray[np.int32], list[str | None]]:
    """Draw one positive label per image: that with the least keyed digest.

    Returns:
        int32[N] places in the list of labels, and their names; the last is None.
    """
    # The last place is for labels of images that no list names.
    least = np.full(len(ids) + 1, np.iinfo(np.uint64).max)
    drawn = np.full(len(ids) + 1, -1, np.int32)
    digests: dict[str, int] = {}
    for block in _blocks(lists.labels):
        rows = block
        if wanted:
            rows = rows.filter(pl.col("LabelName").is_in(list(wanted)))
        fresh = set(rows["LabelName"].unique()) - set(digests)
        digests |= {label: _digest(seed, label) for label in fresh}
        if rows.is_empty():
            continue
        images = np.array(rows["ImageID"].cast(pl.Binary).to_list(), dtype="S")
        places = pl.Series(range(len(digests)), dtype=pl.Int32)
        codes = rows["LabelName"].replace_strict(list(digests), places).to_numpy()
        keys = np.fromiter(digests.values(), np.uint64, len(digests))
        score = _mix(_fold(images) ^ keys[codes])
        at = np.searchsorted(ids, images)
        at[ids[np.minimum(at, len(ids) - 1)] != images] = len(ids)
        np.minimum.at(least, at, score)
        won = score == least[at]
        drawn[at[won]] = codes[won]
    names = [lists.names.get(label, label) for label in digests]
    return drawn[:-1], [*names, None]


def _digest(seed: int, label: str) -> int:
    key = str(seed).encode()
    raw = hashlib.blake2b(label.encode(), digest_size=8, key=key).digest()
    return int.from_bytes(raw, "little")


def _fold(images: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    """Fold ids of any length to 64 bits, whatever the longest beside them is."""
    width = -(-images.dtype.itemsize // 8) * 8
    words = images.astype(f"S{width}").view("<u8").reshape(len(images), -1)
    folded = np.zeros(len(images), np.uint64)
    for word in words.T:
        folded = np.where(word, _mix(folded ^ word), folded)
    return folded


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all 64 (the finaliser of SplitMix64, Steele 2014)."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _candidates(
    ids: NDArray[np.bytes_], drawn: NDArray[np.int32], names: list[str | None]
) -> Iterator[Listed]:
    for start in range(0, len(ids), _CHUNK):
        part = slice(start, start + _CHUNK)
        for one, place in zip(ids[part].tolist(), drawn[part].tolist(), strict=True):
            yield Listed(one.decode(), "", stratum=names[place])


def _labels_of(lists: _Lists, chosen: Mapping[str, str | None]) -> dict[str, set[str]]:
    """Collect the display names of the chosen images' positive labels."""
    mine = pl.col("ImageID").is_in(pl.Series(list(chosen), dtype=pl.String).implode())
    found: dict[str, set[str]] = {}
    for rows in _blocks(lists.labels):
        for image, label in rows.filter(mine).iter_rows():
            if name := lists.names.get(label):
                found.setdefault(image, set()).add(name)
    return found


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
