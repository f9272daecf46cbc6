"""A user's files are read where they lie; paintings are painted into the store once."""

import os
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from evoke_core.config import Source, Sources
from evoke_core.corpus.fetch import fetch_pictures, read_picture
from evoke_core.corpus.manifest import build_manifest
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.local import LocalStore

TERMS = {"release": "1", "licence": "private", "attribution": "{title}"}


def ignore(*_: int) -> None:
    pass


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


@pytest.fixture
def sources(root: Path) -> Sources:
    return Sources(
        pictures={
            "mine": Source(kind="folder", location=str(root), **TERMS),
            "painted": Source(kind="painted", **TERMS),
        },
        music={},
    )


def listed(source: str, *keys: str) -> pl.DataFrame:
    rows = [(f"{source}-{key}", source, key, "v1") for key in keys]
    columns = ["image_id", "source", "source_key", "version"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the painter; remembers what was painted."""
    done: list[str] = []

    def paint_key(source: Source, source_key: str) -> bytes:
        done.append(source_key)
        return f"{source.seed} {source_key}".encode()

    name = "evoke_core.corpus.sources.painted.reader"
    reader = ModuleType(name)
    reader.paint_key = paint_key
    monkeypatch.setitem(sys.modules, name, reader)
    return done


def test_files_are_found_where_they_lie(
    root: Path, sources: Sources, store: LocalStore
):
    (root / "a.jpg").write_bytes(b"12345")

    files = fetch_pictures(listed("mine", "a.jpg"), sources, store, report=ignore)
    (row,) = files.iter_rows(named=True)

    assert validate("image_files", files).equals(files)
    assert (row["status"], row["size_bytes"]) == ("stored", 5)
    assert row["version"] == "v1"
    assert read_picture(row["location"], store) == b"12345"
    assert not store.root.exists()


def test_what_cannot_be_read_is_a_row_with_its_reason(
    root: Path, sources: Sources, store: LocalStore
):
    (root / "good.jpg").write_bytes(b"1")
    (root / "lost.jpg").symlink_to(root / "gone.jpg")
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    (root / "folder.jpg").mkdir()
    os.mkfifo(root / "pipe.jpg")
    names = ["vanished", "lost", "loop", "folder", "pipe", "good"]
    asked = listed("mine", *(f"{name}.jpg" for name in names))

    files = fetch_pictures(asked, sources, store, report=ignore)

    assert validate("image_files", files).height == 6
    assert files["status"].to_list() == ["failed"] * 5 + ["stored"]
    assert files["reason"].to_list() == ["unreadable_file"] * 5 + [None]
    assert all("; check its name and permissions" in d for d in files["detail"][:5])
    assert files["detail"][4].startswith("pipe.jpg: not a regular file")


def test_a_file_name_that_is_no_utf8_is_a_row_with_its_reason(
    root: Path, sources: Sources, store: LocalStore
):
    (root / "good.jpg").write_bytes(b"1")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.jpg")).write_bytes(b"x")
    manifest = build_manifest(sources, ("mine",), ())

    files = fetch_pictures(manifest, sources, store, report=ignore)

    assert files.select("source_key", "status").rows() == [
        ("caf\\udce9.jpg", "failed"),
        ("good.jpg", "stored"),
    ]


def test_a_painting_is_painted_once(
    sources: Sources, store: LocalStore, painted: list[str]
):
    asked = listed("painted", "fog_1", "fog_2")

    first = fetch_pictures(asked, sources, store, report=ignore)
    second = fetch_pictures(asked, sources, store, report=ignore)

    assert painted == ["fog_1", "fog_2"]
    assert first.equals(second)
    assert validate("image_files", first).equals(first)
    assert first["location"][0] == "store:pictures/painted/1/fog_1"
    assert read_picture(first["location"][0], store) == b"0 fog_1"


def test_another_release_is_painted_anew(
    sources: Sources, store: LocalStore, painted: list[str]
):
    asked = listed("painted", "fog_1")
    fetch_pictures(asked, sources, store, report=ignore)
    newer = sources.pictures["painted"].model_copy(update={"release": "2"})
    again = sources.model_copy(update={"pictures": {"painted": newer}})

    files = fetch_pictures(asked, again, store, report=ignore)

    assert painted == ["fog_1", "fog_1"]
    assert files["location"].to_list() == ["store:pictures/painted/2/fog_1"]


def test_every_listed_row_comes_back_whatever_its_source(
    root: Path, sources: Sources, store: LocalStore, painted: list[str]
):
    (root / "a.jpg").write_bytes(b"1")
    asked = pl.concat(
        [
            listed("painted", "fog_1"),
            listed("mine", "a.jpg"),
            listed("painted", "fog_2"),
        ]
    )
    told = []

    files = fetch_pictures(asked, sources, store, report=lambda *at: told.append(at))

    assert set(files["image_id"]) == set(asked["image_id"])
    assert told == [(2, 2), (1, 1)]


def test_nothing_listed_is_an_empty_table(sources: Sources, store: LocalStore):
    empty = TABLES["source_manifests"].empty()

    files = fetch_pictures(empty, sources, store, report=ignore)

    assert validate("image_files", files).height == 0


@pytest.mark.parametrize("location", ["store:pictures/gone", "file:/nowhere/x.jpg"])
def test_what_is_no_longer_there_is_a_key_error(store: LocalStore, location: str):
    with pytest.raises(KeyError):
        read_picture(location, store)
