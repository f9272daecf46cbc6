"""The labels that people verified on Open Images: 2.7 GB that are streamed in blocks.

Twice: the first pass draws one stratum for every image (28 bytes an image are held and
no label), the second collects the labels of those that were chosen. Which images there
are, and what a manifest says of them, is `open_images`.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evoke_core.errors import SourceError

OBTAIN = (
    "download the image ids, class names and human image labels from "
    "https://storage.googleapis.com/openimages/web/download_v7.html into one folder "
    "and give sources.yaml pictures.open_images.location its path"
)
COLUMNS = ("ImageID", "LabelName", "Confidence")
LONGEST_ID = 64  # the width of arrays; real ids have 16 hexadecimal digits
_BLOCK_BYTES = 1 << 24  # of a label list: some 400,000 rows


@dataclass(frozen=True, slots=True)
class HumanLabels:
    """The label lists of a release.

    Args:
        paths: Their files; may be none.
        names: Display name by label id.
    """

    paths: tuple[Path, ...]
    names: Mapping[str, str]

    def wanted(self, only: tuple[str, ...]) -> frozenset[str]:
        """Find the ids of the labels that are wanted by id or by name.

        Raises:
            SourceError: No label goes by any of these, or there are no lists.
        """
        asked = {word.casefold() for word in only}
        found = frozenset(
            label
            for label, name in self.names.items()
            if name.casefold() in asked or label.casefold() in asked
        )
        if only and not (found and self.paths):
            raise SourceError(
                f"no image is labelled {', '.join(only)}; choose from the second "
                f"column of the class descriptions, and have label lists: {OBTAIN}"
            )
        return found

    def draw_strata(
        self, ids: NDArray[np.bytes_], wanted: frozenset[str], seed: int
    ) -> tuple[NDArray[np.int32], list[str | None]]:
        """Draw one positive label per image: that with the least keyed digest.

        Args:
            ids: bytes[N], sorted, each once.
            wanted: Ids of the labels that may be drawn; any where there are none.
            seed: Of the digests.

        Returns:
            int32[N] places in the list of labels, and their names; the last is None.
        """
        # The last place is for labels of images that no list names.
        least = np.full(len(ids) + 1, np.iinfo(np.uint64).max)
        drawn = np.full(len(ids) + 1, -1, np.int32)
        digests: dict[str, int] = {}
        for block in _blocks(self.paths):
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
        names = [self.names.get(label, label) for label in digests]
        return drawn[:-1], [*names, None]

    def of(self, chosen: Mapping[str, str | None]) -> dict[str, set[str]]:
        """Collect the display names of the chosen images' positive labels."""
        mine = pl.col("ImageID").is_in(
            pl.Series(list(chosen), dtype=pl.String).implode()
        )
        found: dict[str, set[str]] = {}
        for rows in _blocks(self.paths):
            for image, label in rows.filter(mine).iter_rows():
                if name := self.names.get(label):
                    found.setdefault(image, set()).add(name)
        return found


def _blocks(paths: tuple[Path, ...]) -> Iterator[pl.DataFrame]:
    """Stream the positive rows (ImageID, LabelName) of the label lists."""
    sure = pl.col("Confidence").str.strip_chars().cast(pl.Float64, strict=False) >= 1
    is_plain = pl.col("ImageID").str.len_bytes() <= LONGEST_ID
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
            columns=list(COLUMNS),
            infer_schema=False,
            quote_char=None,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
    except pl.exceptions.PolarsError as wrong:
        raise SourceError(f"{path}: damaged ({wrong}); {OBTAIN}") from wrong


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
