"""A file of vectors that someone else computed: read, centred, and found by name.

A user with embeddings of their own brings them as Parquet (columns `id`, `embedding`)
or npz (arrays `id` or `path`, and `embedding`). Vectors of networks that end in a
rectifier are all >= 0 and so point almost the same way; the mean of the file is taken
off before they are scaled to unit length; what remains tells one item from another.

Not here: what pictures and songs are called (images.precomputed, music.precomputed).
"""

import hashlib
import io
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.errors import ConfigError
from evoke_core.vectors import Array, l2_normalize
from evoke_core.workers import map_guarded, may_be_lost

VERSION = 1  # raise it with every change of arithmetic
_AMBIGUOUS = -1
_DAMAGE = (
    KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError, struct.error, tokenize.TokenError, SyntaxError,
    RuntimeError,  # zipfile's word for a password or an unknown compression
    MemoryError, OverflowError,  # what a header says it holds
    pl.exceptions.PolarsError, pl.exceptions.PanicException,
)  # fmt: skip
_LARGEST = float(np.finfo(np.float32).max)
# What a first reading may take: more than what anybody has brought.
_TRIED_S, _TRIED_BYTES = 600.0, 64 * 1024**3
_FLAT = 1e-6  # shorter than this share of the mean length: nothing is left of a vector


@dataclass(frozen=True)  # no slots: the tables of names are made when first needed
class VectorFile:
    """Vectors by id.

    Args:
        path: Where they were read.
        ids: N distinct names, parted by "/".
        embedding: float32[N, D], centred, unit length.
        digest: SHA-256 of the file.
        unusable: Rows left out: not finite, or nothing left of them once centred.
    """

    path: Path
    ids: tuple[str, ...]
    embedding: Array
    digest: str
    unusable: int

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.embedding.shape[1])

    def rows_of(self, items: Sequence[Sequence[str]]) -> list[int | None]:
        """Find every item's row.

        An id and a name are the same where they are equal, or where one is the end of
        the other at a "/": `oasis/beach.jpg` finds `images/oasis/beach.jpg`. The
        longest agreement counts. A name that fits several ids finds none of them, and
        neither do several items that fit one id by their ends only: a wrong vector is
        worse than none.

        Args:
            items: The names of each item; the first that is found counts.

        Returns:
            One row number or None for each item.
        """
        found = [self._row_of(names) for names in items]
        claims = Counter(row for row, exact in found if not exact)
        return [
            row if row is not None and (exact or claims[row] == 1) else None
            for row, exact in found
        ]

    def _row_of(self, names: Sequence[str]) -> tuple[int | None, bool]:
        """Return a row, and whether a name equals its id."""
        parted = [_parts(name) for name in names]
        for parts in parted:
            if (row := self._exact.get("/".join(parts))) is not None:
                return row, True
        for parts in parted:
            whole = self._endings.get("/".join(parts))
            if whole is not None:
                return (None if whole == _AMBIGUOUS else whole), False
            for start in range(1, len(parts)):
                if (row := self._exact.get("/".join(parts[start:]))) is not None:
                    return row, False
        return None, False

    @cached_property
    def _exact(self) -> Mapping[str, int]:
        return {name: row for row, name in enumerate(self.ids)}

    @cached_property
    def _endings(self) -> Mapping[str, int]:
        """Every proper ending of an id; those of several ids are marked."""
        endings: dict[str, int] = {}
        for row, name in enumerate(self.ids):
            parts = name.split("/")
            for start in range(1, len(parts)):
                ending = "/".join(parts[start:])
                endings[ending] = _AMBIGUOUS if ending in endings else row
        return endings


def read_vector_file(path: Path) -> VectorFile:
    """Read, centre and normalise vectors; a file that did not change is read once.

    Args:
        path: `.parquet` with the columns id and embedding, or `.npz` with the arrays
            id (or path) [N] and embedding [N, D]; nothing in it is unpickled.

    Raises:
        ConfigError: No such file, not of that form, an id twice, or no vector in it
            that could be used.
    """
    try:
        found = path.stat()
    except OSError as missing:
        raise ConfigError(
            f"vectors {path}: there is no such file; put it there or correct the path"
        ) from missing
    return _read_once(path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=2)  # a worker process is sent the path again with every few items
def _read_once(path: Path, size: int, mtime_ns: int) -> VectorFile:
    del size, mtime_ns  # a file that changed is read again
    data = _bytes(path)
    ids, raw = _read(path, data)
    _require_distinct(path, ids)
    centred, usable = _centre(raw)
    if not usable.any():
        raise ConfigError(
            f"vectors {path}: none of {len(ids)} can be used: all alike or not finite; "
            "write one finite vector an item"
        )
    return VectorFile(
        path=path,
        ids=tuple(name for name, good in zip(ids, usable, strict=True) if good),
        embedding=l2_normalize(centred[usable]),
        digest=hashlib.sha256(data).hexdigest(),
        unusable=int((~usable).sum()),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as wrong:
        raise ConfigError(f"vectors {path}: can't be read ({wrong})") from wrong


def _read(path: Path, data: bytes) -> tuple[list[str], npt.NDArray[np.float64]]:
    readers = {".parquet": _read_parquet, ".npz": _read_npz}
    if path.suffix.lower() not in readers:
        raise ConfigError(
            f"vectors {path}: {path.suffix or 'no ending'} is not a form that is read; "
            "bring .parquet or .npz"
        )
    if path.suffix.lower() == ".parquet" and (why := _harm_of(path)):
        raise ConfigError(f"vectors {path}: reading it {why}; write the file again")
    try:
        ids, vectors = readers[path.suffix.lower()](io.BytesIO(data))
    except _DAMAGE as wrong:
        raise ConfigError(
            f"vectors {path}: can't be read ({wrong}); bring Parquet with the columns "
            "id and embedding, or npz with the arrays id (or path) and embedding"
        ) from wrong
    if vectors.ndim != 2 or len(vectors) != len(ids) or not vectors.size:
        raise ConfigError(
            f"vectors {path}: {len(ids)} ids, embedding of shape {vectors.shape}; "
            "bring one vector of one length for each id"
        )
    return ["/".join(_parts(name)) for name in ids], vectors


def _harm_of(path: Path) -> str | None:
    """Say what reading does to a process that may be lost; None where it is borne.

    One wrong byte in a page's header can make the reader ask for more memory than
    there is, and that ends its process.
    """
    if may_be_lost():
        return None
    [why] = map_guarded(
        _try_parquet,
        [path],
        timeout_s=_TRIED_S,
        lost=lambda _, why: why,
        memory_bytes=_TRIED_BYTES,
    )
    return why


def _try_parquet(path: Path) -> None:
    with suppress(*_DAMAGE):  # which is told where it is read in earnest
        _read_parquet(io.BytesIO(path.read_bytes()))


def _read_parquet(data: io.BytesIO) -> tuple[list[str], npt.NDArray[np.float64]]:
    frame = pl.read_parquet(data, columns=["id", "embedding"])
    vectors = frame["embedding"].cast(pl.List(pl.Float64))
    lengths = vectors.list.len().unique().to_list()
    if len(lengths) != 1 or not lengths[0] or frame["id"].null_count():
        raise ValueError(f"vectors of lengths {lengths[:5]}, or an id is missing")
    flat = vectors.explode().to_numpy()
    return frame["id"].cast(pl.String).to_list(), flat.reshape(-1, lengths[0])


def _read_npz(data: io.BytesIO) -> tuple[list[str], npt.NDArray[np.float64]]:
    arrays = np.load(data, allow_pickle=False)
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise ValueError("an array alone")  # noqa: TRY004 (the file's, not the call's)
    with arrays:
        names = _array(arrays, "id" if "id" in arrays else "path", "USfiu")
        vectors = _array(arrays, "embedding", "fiub")
    if names.ndim != 1:
        raise ValueError(f"ids of shape {names.shape}")
    return names.astype(str).tolist(), vectors.astype(np.float64)


def _array(
    arrays: "np.lib.npyio.NpzFile", name: str, kinds: str
) -> npt.NDArray[np.generic]:
    found = arrays[name]  # bytes where the member is no array
    if not isinstance(found, np.ndarray) or found.dtype.kind not in kinds:
        raise ValueError(f"{name} is {getattr(found, 'dtype', 'no array')}")
    return found


def _parts(name: str) -> list[str]:
    return [
        part for part in name.replace("\\", "/").split("/") if part not in {"", "."}
    ]


def _require_distinct(path: Path, ids: Sequence[str]) -> None:
    name, times = Counter(ids).most_common(1)[0]
    if times > 1:
        raise ConfigError(
            f"vectors {path}: id {name!r} stands there {times} times; write each once"
        )


def _centre(
    raw: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Take the mean of the finite rows off; say which rows point anywhere then."""
    # What float32 can't hold is as good as infinite: its square would be.
    with np.errstate(invalid="ignore"):
        finite = np.asarray((np.abs(raw) <= _LARGEST).all(axis=1))
    if not finite.any():
        return raw, finite
    centred = raw - raw[finite].mean(axis=0)
    typical = float(np.linalg.norm(raw[finite], axis=1).mean())
    with np.errstate(invalid="ignore", over="ignore"):
        points = np.linalg.norm(centred, axis=1) > _FLAT * typical
    return centred, finite & points
