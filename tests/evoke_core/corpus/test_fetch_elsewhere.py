"""Pictures that lie on other hosts are downloaded once, whatever is cut or killed."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.corpus.fetch import (
    Fetcher,
    damaged_files,
    read_picture,
)
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from tests.evoke_core.corpus.asked import ignore, listed, sources_of


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
def fetcher(root: Path, store: LocalStore, assets_config: Path) -> Fetcher:
    """Downloads from this machine, too."""
    rules = load_run_profile(assets_config, "demo").download
    here = rules.model_copy(update={"allow_private": True})
    return Fetcher(sources_of(root), here, store, ignore)


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
