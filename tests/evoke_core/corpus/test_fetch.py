"""A user's files are read where they lie; all else goes into the store once."""

import os
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from evoke_core.config.collections import PictureSource, Sources
from evoke_core.config.loading import load_run_profile
from evoke_core.corpus.fetch import (
    Fetcher,
    damaged_files,
    has_passing_failures,
    read_picture,
)
from evoke_core.corpus.manifest import build_manifest
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from tests.evoke_core.corpus.asked import ignore, listed, sources_of


@pytest.fixture
def sources(root: Path) -> Sources:
    return sources_of(root)


@pytest.fixture
def fetch(sources: Sources, store: LocalStore, assets_config: Path):
    """Fetch as a run does: what is known is what the last call returned."""
    rules = load_run_profile(assets_config, "demo").download
    known = [TABLES["image_files"].empty()]

    def run(asked: pl.DataFrame, *, of: Sources = sources, **options) -> pl.DataFrame:
        told = options.pop("report", ignore)
        fetcher = Fetcher(of, rules, store, told)
        journal = Journal(store, "image_files")
        known[0] = fetcher.fetch(asked, known[0], journal, **options)
        return known[0]

    return run


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the painter; remembers what was painted."""
    done: list[str] = []

    def paint_key(source: PictureSource, source_key: str) -> bytes:
        done.append(source_key)
        return f"{source.seed} {source_key}".encode()

    name = "evoke_core.corpus.sources.painted.reader"
    reader = ModuleType(name)
    reader.paint_key = paint_key
    monkeypatch.setitem(sys.modules, name, reader)
    return done


def test_files_are_found_where_they_lie(root: Path, store: LocalStore, fetch):
    (root / "a.jpg").write_bytes(b"12345")

    files = fetch(listed("mine", "a.jpg", root=root))
    (row,) = files.iter_rows(named=True)

    assert validate("image_files", files).equals(files)
    assert (row["status"], row["size_bytes"]) == ("stored", 5)
    assert row["version"] == "v1"
    assert read_picture(row["location"], store) == b"12345"
    assert not store.root.exists()


def test_a_folder_that_moved_is_read_where_it_lies_now(root: Path, store, fetch):
    (root / "a.jpg").write_bytes(b"1")
    fetch(listed("mine", "a.jpg", root=root))
    moved = root.rename(root.parent / "moved")

    (row,) = fetch(listed("mine", "a.jpg", root=moved)).iter_rows(named=True)

    assert row["location"] == f"file:{moved / 'a.jpg'}"
    assert read_picture(row["location"], store) == b"1"


def test_what_cannot_be_read_is_a_row_with_its_reason(root: Path, fetch):
    (root / "good.jpg").write_bytes(b"1")
    (root / "lost.jpg").symlink_to(root / "gone.jpg")
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    (root / "folder.jpg").mkdir()
    os.mkfifo(root / "pipe.jpg")
    names = ["vanished", "lost", "loop", "folder", "pipe", "good"]

    files = fetch(listed("mine", *(f"{name}.jpg" for name in names), root=root))
    by_key = {row["source_key"]: row for row in files.iter_rows(named=True)}
    failed = [by_key[f"{name}.jpg"] for name in names[:5]]

    assert validate("image_files", files).height == 6
    assert by_key["good.jpg"]["status"] == "stored"
    assert {row["reason"] for row in failed} == {"unreadable_file"}
    assert all("; check its name and permissions" in row["detail"] for row in failed)
    assert failed[4]["detail"].startswith("pipe.jpg: not a regular file")


def test_a_file_that_could_not_be_read_is_looked_at_again(root: Path, fetch):
    asked = listed("mine", "late.jpg", root=root)
    assert fetch(asked)["status"].to_list() == ["failed"]
    (root / "late.jpg").write_bytes(b"1")

    assert fetch(asked)["status"].to_list() == ["stored"]


def test_a_file_name_that_is_no_utf8_is_a_row_with_its_reason(
    root: Path, sources: Sources, fetch
):
    (root / "good.jpg").write_bytes(b"1")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.jpg")).write_bytes(b"x")

    files = fetch(build_manifest(sources, ("mine",), ()))

    assert files.select("source_key", "status").rows() == [
        ("caf\\udce9.jpg", "failed"),
        ("good.jpg", "stored"),
    ]


def test_a_painting_is_painted_once(store: LocalStore, painted: list[str], fetch):
    asked = listed("painted", "fog_1", "fog_2")

    first = fetch(asked)
    second = fetch(asked)

    assert painted == ["fog_1", "fog_2"]
    assert first.equals(second)
    assert validate("image_files", first).equals(first)
    assert first["location"][0] == "store:pictures/painted/1/fog_1"
    assert read_picture(first["location"][0], store) == b"0 fog_1"


def test_a_withdrawn_picture_leaves_the_table(painted: list[str], fetch):
    fetch(listed("painted", "fog_1", "fog_2"))

    assert fetch(listed("painted", "fog_2"))["source_key"].to_list() == ["fog_2"]


@pytest.mark.parametrize("harm", ["lost", "changed"])
def test_a_damaged_picture_is_fetched_again(
    store: LocalStore, painted: list[str], fetch, harm: str
):
    asked = listed("painted", "fog_1", "fog_2")
    before = fetch(asked)
    key = "pictures/painted/1/fog_2"
    if harm == "lost":
        store.delete(key)
    else:
        store.write(key, b"other bytes")

    lost = damaged_files(before, store)
    after = fetch(asked, lost=lost)

    assert lost == [key]
    assert painted == ["fog_1", "fog_2", "fog_2"]
    assert after.equals(before)
    assert store.read(key) == b"0 fog_2"
    assert damaged_files(after, store) == []


def test_another_release_is_painted_anew(
    sources: Sources, store: LocalStore, painted: list[str], fetch
):
    asked = listed("painted", "fog_1")
    fetch(asked)
    newer = sources.pictures["painted"].model_copy(update={"release": "2"})
    again = sources.model_copy(update={"pictures": {"painted": newer}})

    files = fetch(asked.with_columns(version=pl.lit("v2")), of=again)

    assert painted == ["fog_1", "fog_1"]
    assert files["location"].to_list() == ["store:pictures/painted/2/fog_1"]


def test_another_version_replaces_what_is_stored(
    store: LocalStore, painted: list[str], fetch
):
    asked = listed("painted", "fog_1", "fog_2")
    fetch(asked)
    newer = (
        pl.when(pl.col("source_key") == "fog_2").then(pl.lit("v2")).otherwise("version")
    )

    files = fetch(asked.with_columns(version=newer))

    assert painted == ["fog_1", "fog_2", "fog_2"]
    assert files["version"].to_list() == ["v1", "v2"]


def test_every_listed_row_comes_back_whatever_its_source(
    root: Path, painted: list[str], fetch
):
    (root / "a.jpg").write_bytes(b"1")
    asked = pl.concat(
        [
            listed("painted", "fog_1"),
            listed("mine", "a.jpg", root=root),
            listed("painted", "fog_2"),
        ]
    )
    told = []

    files = fetch(asked, report=lambda *at: told.append(at))

    assert set(files["image_id"]) == set(asked["image_id"])
    assert told == [(2, 2), (1, 1)]


def test_nothing_listed_is_an_empty_table(fetch):
    files = fetch(TABLES["source_manifests"].empty())

    assert validate("image_files", files).height == 0


def failed(reason: str) -> pl.DataFrame:
    blank = dict.fromkeys(TABLES["image_files"].names(), "")
    row = blank | {
        "image_id": "painted-fog_1",
        "source": "painted",
        "source_key": "fog_1",
        "version": "v1",
        "status": "failed",
        "reason": reason,
        "size_bytes": None,
    }
    return TABLES["image_files"].frame([row])


@pytest.mark.parametrize(
    ("reason", "options", "asked_again"),
    [
        ("timeout", {}, True),
        ("not_found", {}, False),
        ("not_found", {"retry_failed": True}, True),
    ],
)
def test_what_may_have_passed_is_asked_for_again_and_the_rest_on_request(
    sources, store, assets_config, painted, reason, options, asked_again
):
    rules = load_run_profile(assets_config, "demo").download
    fetcher = Fetcher(sources, rules, store, ignore)
    journal = Journal(store, "image_files")
    asked = listed("painted", "fog_1")

    files = fetcher.fetch(asked, failed(reason), journal, **options)

    assert has_passing_failures(failed(reason)) is (reason == "timeout")
    assert (painted == ["fog_1"]) is asked_again
    assert files["status"].to_list() == ["stored" if asked_again else "failed"]


@pytest.mark.parametrize("location", ["store:pictures/gone", "file:/nowhere/x.jpg"])
def test_what_is_no_longer_there_is_a_key_error(store: LocalStore, location: str):
    with pytest.raises(KeyError):
        read_picture(location, store)
