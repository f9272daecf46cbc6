"""Get every listed picture's bytes to where the rest of the graph can read them.

A file on disk is read where it lies, a painting is painted into the store, and what is
elsewhere is downloaded into it. What is there already is not fetched again.
"""

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from evoke_core.config.collections import PictureSource, Sources
from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.listed import ON_DISK
from evoke_core.corpus.originals import IN_STORE, damaged, remember
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.journal import Journal, as_frames
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

Report = Callable[[int, int], None]
_IDENTITY = ["image_id", "version"]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches pictures into a store.

    Args:
        sources: How each collection's pictures are had.
        rules: Limits of downloads.
        store: Where pictures go.
        report: Is told (done, total).
    """

    sources: Sources
    rules: DownloadRules
    store: Store
    report: Report

    def fetch(
        self,
        listed: pl.DataFrame,
        known: pl.DataFrame,
        journal: Journal,
        *,
        lost: Sequence[str] = (),
        retry_failed: bool = False,
    ) -> pl.DataFrame:
        """Fetch what is listed and not there yet.

        Args:
            listed: Rows of `source_manifests`.
            known: Rows of an earlier `image_files`.
            journal: What an interrupted run fetched, and where this one notes it.
            lost: Keys of damaged blobs; they are removed and fetched again.
            retry_failed: Ask again for what the world refused for good.

        Returns:
            The table `image_files`: one row per listed row, stored or failed.
        """
        noted = journal.rows()
        before = pl.concat([known, noted]).unique(
            "image_id", keep="last", maintain_order=True
        )
        lost = _still_lost(lost, noted, self.store)
        for key in (*lost, *_outdated(before, listed)):
            self.store.delete(key)
        gone = [f"{IN_STORE}{key}" for key in lost]
        whole = before.filter(~pl.col("location").is_in(gone))
        kept = _as_listed(_still_good(whole, retry_failed=retry_failed), listed)
        new = listed.join(kept.select(_IDENTITY), on=_IDENTITY, how="anti")
        fetched = journal.keep(as_frames("image_files", self._fetched(new)))
        made = pl.concat([noted, fetched])
        for folder in _folders(made):
            remember(self.store, folder, part=journal.part, made=_keys(made))
        return pl.concat([kept, fetched]).sort("source", "source_key")

    def _fetched(self, new: pl.DataFrame) -> Iterator[dict[str, Any]]:
        """Yield a row for each picture, as they are done."""
        columns = [*_IDENTITY, "source", "source_key", "addresses", "md5"]
        for (name,), rows in new.group_by("source", maintain_order=True):
            source = self.sources.pictures[str(name)]
            items = rows.select(columns).to_dicts()
            done = self._by_kind(source, str(name), items)
            yield from with_progress(done, total=len(items), report=self.report)

    def _by_kind(
        self, source: PictureSource, name: str, items: list[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        folder = f"pictures/{name}/{source.release}"
        if source.kind == "painted":
            # A store is rebuilt from its address in each worker process.
            work = partial(_paint, source=source, folder=folder, uri=self.store.uri)
            yield from map_over_cores(work, items)
            return
        remote = []
        for item in items:
            elsewhere = [a for a in item["addresses"] if not a.startswith(ON_DISK)]
            row = _look_up(item) if _is_local(item) else None
            if row is not None and (row["status"] == "stored" or not elsewhere):
                yield row
            else:
                remote.append(item | {"addresses": elsewhere})
        yield from self._downloaded(remote, folder)

    def _downloaded(
        self, items: Sequence[dict[str, Any]], folder: str
    ) -> Iterator[dict[str, Any]]:
        from evoke_core.corpus.download.download import download_pictures
        from evoke_core.corpus.download.outcome import Wanted

        rows = {item["image_id"]: item for item in items}
        wanted = [
            Wanted(key, tuple(item["addresses"]), item["md5"])
            for key, item in rows.items()
        ]
        outcomes = download_pictures(
            wanted, self.rules, self.store, folder=folder, report=lambda *_: None
        )
        for outcome in outcomes:
            yield _row(
                rows[outcome.image_id],
                status=outcome.status,
                reason=outcome.reason,
                detail=outcome.detail,
                location=f"{IN_STORE}{outcome.key}" if outcome.key else "",
                size_bytes=outcome.size_bytes,
            )


def damaged_files(known: pl.DataFrame, store: Store) -> list[str]:
    """Name the keys of fetched blobs that are no longer what was put in the store."""
    inside = _keys(known)
    return [
        key
        for folder in _folders(known)
        for key in damaged(
            inside.filter(inside.str.starts_with(f"{folder}/")), store, folder
        )
    ]


def has_passing_failures(files: pl.DataFrame) -> bool:
    """Say whether rows failed for a reason that may have passed since."""
    from evoke_core.corpus.download.reasons import TRANSIENT

    return bool(files["reason"].is_in(list(TRANSIENT)).any())


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


def _still_good(known: pl.DataFrame, *, retry_failed: bool) -> pl.DataFrame:
    """Leave what is stored and undamaged, and what failed for good."""
    from evoke_core.corpus.download.reasons import TRANSIENT

    passing = {*TRANSIENT, "unreadable_file"}
    stored = pl.col("status") == "stored"
    settled = ~stored & ~pl.col("reason").is_in(list(passing))
    if retry_failed:
        settled = pl.lit(value=False)
    return known.filter(stored | settled)


def _as_listed(known: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Leave what is listed in the same version and, on disk, at the same place."""
    place = pl.col("addresses").list.first()
    found = known.join(listed.select(*_IDENTITY, place), on=_IDENTITY, how="inner")
    on_disk = pl.col("location").str.starts_with(ON_DISK)
    moved = on_disk & pl.col("location").ne_missing(pl.col("addresses"))
    return found.filter(~moved).drop("addresses")


def _still_lost(lost: Sequence[str], noted: pl.DataFrame, store: Store) -> list[str]:
    """Leave out what an interrupted run has put in its place."""
    since = set(_keys(noted))
    return [key for key in lost if key not in since or not store.exists(key)]


def _keys(files: pl.DataFrame) -> pl.Series:
    """Return the store keys of those rows whose bytes lie in the store."""
    inside = files["location"].str.starts_with(IN_STORE)
    return files["location"].filter(inside).str.strip_prefix(IN_STORE)


def _folders(files: pl.DataFrame) -> list[str]:
    """Name the folders of the store that rows lie in, one a collection."""
    stored = files.filter(pl.col("location").str.starts_with(IN_STORE))
    return [f"pictures/{name}" for name in stored["source"].unique().sort()]


def _outdated(known: pl.DataFrame, listed: pl.DataFrame) -> list[str]:
    """Name the keys of blobs whose picture is listed in another version now."""
    both = known.join(listed.select(_IDENTITY), on="image_id", suffix="_now")
    return _keys(both.filter(pl.col("version") != pl.col("version_now"))).to_list()


def _is_local(item: dict[str, Any]) -> bool:
    return bool(item["addresses"]) and item["addresses"][0].startswith(ON_DISK)


def _look_up(item: dict[str, Any]) -> dict[str, Any]:
    location = item["addresses"][0]
    path = Path(location.removeprefix(ON_DISK))
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would never end
            return _unreadable(item, "not a regular file")
        with path.open("rb") as handle:
            size = handle.seek(0, 2)
    except OSError as wrong:
        return _unreadable(item, wrong.strerror or str(wrong))
    return _row(item, status="stored", location=location, size_bytes=size)


def _unreadable(item: dict[str, Any], why: str) -> dict[str, Any]:
    return _row(
        item,
        status="failed",
        reason="unreadable_file",
        detail=f"{item['source_key']}: {why}; check its name and permissions",
        location=item["addresses"][0],
    )


def _paint(
    item: dict[str, Any], *, source: PictureSource, folder: str, uri: str
) -> dict[str, Any]:
    from evoke_core.corpus.sources.painted.reader import paint_key

    key = f"{folder}/{item['source_key']}"
    store = open_store(uri)
    try:
        painted = store.read(key)  # an interrupted run may have come as far as this
    except KeyError:
        painted = paint_key(source, item["source_key"])
        store.write(key, painted)
    location = f"{IN_STORE}{key}"
    return _row(item, status="stored", location=location, size_bytes=len(painted))


def _row(item: dict[str, Any], **outcome: object) -> dict[str, Any]:
    blank = dict.fromkeys(TABLES["image_files"].names())
    known = {name: item[name] for name in blank if name in item}
    return {**blank, **known, **outcome}
