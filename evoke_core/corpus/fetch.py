"""Get every listed picture's bytes to where the rest of the graph can read them.

A user's own file is read where it lies; a painting is painted into the store once.
"""

import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from evoke_core.config import Source, Sources
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

IN_STORE = "store:"
ON_DISK = "file:"
Report = Callable[[int, int], None]


def fetch_pictures(
    manifest: pl.DataFrame, sources: Sources, store: Store, *, report: Report
) -> pl.DataFrame:
    """Fetch what is listed and not there yet.

    Returns:
        The table `image_files`: one row per manifest row, stored or failed.
    """
    columns = ["image_id", "source", "source_key", "version"]
    rows: list[dict[str, Any]] = []
    for (name,), listed in manifest.group_by("source", maintain_order=True):
        source = sources.pictures[str(name)]
        work = _fetcher(source, str(name), store)
        items = listed.select(columns).to_dicts()
        results = map_over_cores(work, items)
        rows.extend(with_progress(results, total=len(items), report=report))
    schema = {name: c.dtype for name, c in TABLES["image_files"].columns.items()}
    return pl.DataFrame(rows, schema=schema)


def read_picture(location: str, store: Store) -> bytes:
    """Read the original bytes of a fetched picture.

    Raises:
        KeyError: It is no longer there.
    """
    if location.startswith(IN_STORE):
        return store.read(location.removeprefix(IN_STORE))
    try:
        return Path(location.removeprefix(ON_DISK)).read_bytes()
    except OSError as gone:
        raise KeyError(location) from gone


def _fetcher(
    source: Source, name: str, store: Store
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    if source.kind == "folder":
        return partial(_look_up, root=source.location or "")
    # A store is rebuilt from its address in each worker process.
    return partial(_paint, source=source, folder=f"pictures/{name}", uri=store.uri)


def _look_up(row: dict[str, Any], *, root: str) -> dict[str, Any]:
    path = Path(root, row["source_key"]).absolute()
    location = f"{ON_DISK}{path}"
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would never end
            return _failed(row, location, "not a regular file")
        with path.open("rb") as handle:
            size = handle.seek(0, 2)
    except OSError as wrong:
        return _failed(row, location, wrong.strerror or str(wrong))
    return _stored(row, location, size)


def _paint(
    row: dict[str, Any], *, source: Source, folder: str, uri: str
) -> dict[str, Any]:
    from evoke_core.corpus.sources.painted.reader import paint_key

    store = open_store(uri)
    key = f"{folder}/{source.release}/{row['source_key']}"
    try:
        size = len(store.read(key))
    except KeyError:
        painted = paint_key(source, row["source_key"])
        store.write(key, painted)
        size = len(painted)
    return _stored(row, f"{IN_STORE}{key}", size)


def _stored(row: dict[str, Any], location: str, size_bytes: int) -> dict[str, Any]:
    return {
        **row,
        "status": "stored",
        "reason": None,
        "detail": None,
        "location": location,
        "size_bytes": size_bytes,
    }


def _failed(row: dict[str, Any], location: str, why: str) -> dict[str, Any]:
    return {
        **row,
        "status": "failed",
        "reason": "unreadable_file",
        "detail": f"{row['source_key']}: {why}; check its name and permissions",
        "location": location,
        "size_bytes": None,
    }
