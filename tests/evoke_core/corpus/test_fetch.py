"""A user's files are read where they lie; all else goes into the store once."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
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
            "mine": PictureSource(kind="folder", location=str(root), **TERMS),
            "painted": PictureSource(kind="painted", **TERMS),
        },
        music={},
    )


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


def listed(source: str, *keys: str, root: Path | None = None) -> pl.DataFrame:
    schema = {
        name: TABLES["source_manifests"].columns[name].dtype
        for name in (
            "image_id", "source", "source_key", "version", "addresses", "md5"
        )
    }  # fmt: skip
    rows = [
        (f"{source}-{k}", source, k, "v1", [f"file:{root / k}"] if root else [], None)
        for k in keys
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


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


@pytest.fixture
def web(jpeg):
    """A host that has every picture but `gone.jpg`: its address, what it was asked."""
    asked_for: list[str] = []

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            asked_for.append(self.path)
            found = self.path != "/gone.jpg"
            body = jpeg() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked_for
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetcher(sources: Sources, store: LocalStore, assets_config: Path) -> Fetcher:
    """Downloads from this machine, too."""
    rules = load_run_profile(assets_config, "demo").download
    here = rules.model_copy(update={"allow_private": True})
    return Fetcher(sources, here, store, ignore)


def test_what_is_elsewhere_is_downloaded_once_and_a_refusal_has_its_reason(
    store: LocalStore, fetcher: Fetcher, web, jpeg
):
    address, asked_for = web
    keys = ["good.jpg", "gone.jpg"]
    asked = listed("mine", *keys).with_columns(
        pl.Series("addresses", [[f"{address}/{key}"] for key in keys])
    )
    journal = Journal(store, "image_files")

    first = fetcher.fetch(asked, TABLES["image_files"].empty(), journal)
    second = fetcher.fetch(asked, first, journal)

    gone, good = first.iter_rows(named=True)
    assert validate("image_files", first).equals(first)
    assert (good["status"], good["size_bytes"]) == ("stored", len(jpeg()))
    assert read_picture(good["location"], store) == jpeg()
    assert (gone["status"], gone["reason"]) == ("failed", "not_found")
    assert second.equals(first)
    assert sorted(asked_for) == ["/gone.jpg", "/good.jpg"]
    assert damaged_files(first, store) == []


def test_what_a_copy_on_disk_lacks_is_had_from_its_other_addresses(
    root: Path, store: LocalStore, fetcher: Fetcher, web, jpeg
):
    address, asked_for = web
    (root / "here.jpg").write_bytes(b"1")
    asked = listed("mine", "here.jpg", "there.jpg", root=root).with_columns(
        pl.concat_list("addresses", pl.lit(f"{address}/") + pl.col("source_key"))
    )
    journal = Journal(store, "image_files")

    files = fetcher.fetch(asked, TABLES["image_files"].empty(), journal)
    again = fetcher.fetch(asked, files, journal)

    here, there = files.iter_rows(named=True)
    assert here["location"] == f"file:{root / 'here.jpg'}"
    assert read_picture(there["location"], store) == jpeg()
    assert asked_for == ["/there.jpg"]
    assert again.equals(files)


def test_a_shard_that_is_cut_anew_downloads_nothing_again(
    store: LocalStore, fetcher: Fetcher, web
):
    address, asked_for = web
    asked = listed("mine", "a.jpg", "b.jpg").with_columns(
        pl.concat_list(pl.lit(f"{address}/") + pl.col("source_key")).alias("addresses")
    )
    nothing = TABLES["image_files"].empty()
    whole = fetcher.fetch(asked, nothing, Journal(store, "image_files", "mine"))
    asked_for.clear()

    first = fetcher.fetch(
        asked.head(1), nothing, Journal(store, "image_files", "mine.1")
    )

    assert asked_for == []
    assert first.equals(whole.head(1))


def test_an_interrupted_fetch_of_another_version_goes_on_where_it_was(
    store: LocalStore, fetcher: Fetcher, web
):
    address, asked_for = web
    asked = listed("mine", "a.jpg", "b.jpg").with_columns(
        pl.concat_list(pl.lit(f"{address}/") + pl.col("source_key")).alias("addresses")
    )
    journal = Journal(store, "image_files")
    first = fetcher.fetch(asked, TABLES["image_files"].empty(), journal)
    memory = {found.key: store.read(found.key) for found in store.listing("etags/")}
    newer = asked.with_columns(version=pl.lit("v2"))
    journal._write([fetcher.fetch(newer.head(1), first.head(1), journal)])
    for key, etags in memory.items():
        store.write(key, etags)  # it was killed before it wrote down more
    asked_for.clear()

    lost = damaged_files(first, store)
    files = fetcher.fetch(newer, first, journal, lost=lost)
    journal.clear()

    assert asked_for == ["/b.jpg"]
    assert files["version"].to_list() == ["v2", "v2"]
    assert damaged_files(files, store) == []
    assert fetcher.fetch(newer, files, journal).equals(files)


@pytest.mark.parametrize("location", ["store:pictures/gone", "file:/nowhere/x.jpg"])
def test_what_is_no_longer_there_is_a_key_error(store: LocalStore, location: str):
    with pytest.raises(KeyError):
        read_picture(location, store)
