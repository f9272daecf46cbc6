"""Every stored file is measured once, or becomes a row that says why not."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from evoke_core.corpus import survey
from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.survey import survey_pictures, thumbnail_key, undamaged_facts
from evoke_core.pixels.attributes import measure_attributes
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore

Jpeg = Callable[..., bytes]
AddFile = Callable[..., None]


def ignore(*_: int) -> None:
    pass


class Folder:
    """Files of a user, and the table that a fetch makes of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions: dict[str, str] = {}
        root.mkdir()

    def put(self, key: str, data: bytes, version: str = "v1") -> None:
        (self.root / key).write_bytes(data)
        self.versions[key] = version

    def files(self) -> pl.DataFrame:
        schema = {n: c.dtype for n, c in TABLES["image_files"].columns.items()}
        rows = [
            (f"id-{key}", "mine", key, version, "stored", None, None,
             f"file:{self.root / key}", 1)
            for key, version in self.versions.items()
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "pictures")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the files that were decoded, in order."""
    sizes: list[int] = []

    def decode(data: bytes):
        sizes.append(len(data))
        return decode_picture(data)

    monkeypatch.setattr(survey, "decode_picture", decode)
    return sizes


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in this process, where the decoder can be watched."""
    monkeypatch.setattr(
        survey, "map_guarded", lambda work, items, **_: map(work, items)
    )


def look_at(files: pl.DataFrame, store: LocalStore) -> pl.DataFrame:
    journal = Journal(store, "image_facts")
    return survey_pictures(files, TABLES["image_facts"].empty(), journal, report=ignore)


def look(
    folder: Folder, store: LocalStore, known: pl.DataFrame | None = None
) -> pl.DataFrame:
    earlier = TABLES["image_facts"].empty() if known is None else known
    facts = survey_pictures(
        folder.files(), earlier, Journal(store, "image_facts"), report=ignore
    )
    assert validate("image_facts", facts).equals(facts)
    return facts


def test_a_picture_gets_its_facts_and_its_thumbnail(
    folder: Folder, store: LocalStore, jpeg: Jpeg
):
    data = jpeg(1, width=900, height=600)
    folder.put("a.jpg", data)

    row = look(folder, store).row(0, named=True)

    assert row["status"] == "measured"
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert (row["width_px"], row["height_px"]) == (900, 600)
    assert len(row["palette"]) == 5
    assert 0 <= row["phash"] < 2**64
    seen = measure_attributes(decode_picture(data).rgb)
    assert row["attributes"] == pytest.approx(seen.tolist())
    assert row["thumbnail"] == thumbnail_key(row["sha256"])
    with Image.open(io.BytesIO(store.read(row["thumbnail"]))) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (512, 341))


def test_what_cannot_be_measured_is_a_row_with_its_reason(
    folder: Folder, store: LocalStore, jpeg: Jpeg
):
    dot = io.BytesIO()
    Image.new("RGB", (1, 1)).save(dot, "PNG")
    folder.put("0-good.jpg", jpeg(1))
    folder.put("1-text.jpg", b"Dear diary, this is no picture.")
    folder.put("2-empty.jpg", b"")
    folder.put("3-dot.png", dot.getvalue())
    folder.put("4-torn.jpg", jpeg(2, width=400, height=300)[:2000])
    folder.put("5-gone.jpg", b"x")
    (folder.root / "5-gone.jpg").unlink()

    facts = look(folder, store)

    assert facts["reason"].to_list() == [
        None, "not_an_image", "empty_file", "too_small", "truncated", "vanished",
    ]  # fmt: skip
    failed = facts.filter(pl.col("status") == "failed")
    assert failed.height == 5
    assert failed["detail"].str.len_chars().min() > 20
    assert failed["sha256"].null_count() == 5
    assert len(list(store.listing("thumbnails/"))) == 1


def test_what_is_known_is_not_measured_again(
    folder: Folder, store: LocalStore, jpeg: Jpeg, measured: list[int]
):
    folder.put("a.jpg", jpeg(1))
    folder.put("bad.jpg", b"no picture")
    first = look(folder, store)
    folder.put("new.jpg", jpeg(2))
    measured.clear()

    second = look(folder, store, first)

    assert measured == [len(jpeg(2))]
    assert second["source_key"].to_list() == ["a.jpg", "bad.jpg", "new.jpg"]
    assert second.filter(pl.col("source_key") != "new.jpg").equals(first)


def test_a_new_version_is_measured_and_the_old_facts_go(
    folder: Folder, store: LocalStore, jpeg: Jpeg, measured: list[int]
):
    folder.put("a.jpg", jpeg(1))
    folder.put("b.jpg", jpeg(2))
    first = look(folder, store)
    folder.put("a.jpg", jpeg(3), version="v2")
    measured.clear()

    second = look(folder, store, first)

    assert measured == [len(jpeg(3))]
    assert second["version"].to_list() == ["v2", "v1"]
    assert second["sha256"][0] == hashlib.sha256(jpeg(3)).hexdigest()


@pytest.mark.parametrize("noted", [False, True])
def test_what_older_code_measured_or_noted_is_measured_again(
    folder: Folder,
    store: LocalStore,
    jpeg: Jpeg,
    measured: list[int],
    monkeypatch: pytest.MonkeyPatch,
    noted: bool,
):
    folder.put("a.jpg", jpeg(1))
    first = look(folder, store)
    if noted:
        Journal(store, "image_facts")._write([first])
    monkeypatch.setattr(survey, "MEASURED_BY", "later")

    second = look(folder, store, first.clear() if noted else first)
    third = look(folder, store, second)

    assert len(measured) == 2
    assert second["measured_by"].to_list() == ["later"]
    assert third.equals(second)


def test_a_survey_by_newer_code_that_was_killed_goes_on_where_it_was(
    folder: Folder,
    store: LocalStore,
    jpeg: Jpeg,
    measured: list[int],
    monkeypatch: pytest.MonkeyPatch,
):
    folder.put("a.jpg", jpeg(1))
    folder.put("b.jpg", jpeg(2))
    first = look(folder, store)
    memory = {found.key: store.read(found.key) for found in store.listing("etags/")}
    monkeypatch.setattr(survey, "MEASURED_BY", "later")
    Journal(store, "image_facts")._write([look(folder, store, first).head(1)])
    for key, etags in memory.items():
        store.write(key, etags)  # it was killed before it wrote down more
    measured.clear()

    second = look(folder, store, undamaged_facts(first, store))

    assert measured == [len(jpeg(2))]
    assert undamaged_facts(second, store).height == 2


def test_a_withdrawn_picture_has_no_facts(
    folder: Folder, store: LocalStore, jpeg: Jpeg, measured: list[int]
):
    folder.put("a.jpg", jpeg(1))
    folder.put("b.jpg", jpeg(2))
    first = look(folder, store)
    del folder.versions["a.jpg"]
    measured.clear()

    assert look(folder, store, first)["source_key"].to_list() == ["b.jpg"]
    assert measured == []


def test_what_had_vanished_is_looked_for_again(
    folder: Folder, store: LocalStore, jpeg: Jpeg
):
    folder.put("a.jpg", jpeg(1))
    (folder.root / "a.jpg").unlink()
    first = look(folder, store)
    folder.put("a.jpg", jpeg(1))

    second = look(folder, store, first)

    assert first["reason"].to_list() == ["vanished"]
    assert second["status"].to_list() == ["measured"]


def test_failed_files_have_no_facts(folder: Folder, store: LocalStore, jpeg: Jpeg):
    folder.put("a.jpg", jpeg(1))
    files = folder.files().with_columns(status=pl.lit("failed"))

    facts = look_at(files, store)

    assert validate("image_facts", facts).height == 0


def test_equal_bytes_share_one_thumbnail(folder: Folder, store: LocalStore, jpeg: Jpeg):
    folder.put("a.jpg", jpeg(1))
    folder.put("b.jpg", jpeg(1))

    facts = look(folder, store)

    assert facts["sha256"].n_unique() == 1
    assert len(list(store.listing("thumbnails/"))) == 1


def test_progress_is_told(folder: Folder, store: LocalStore, jpeg: Jpeg):
    told = []
    for number in range(3):
        folder.put(f"{number}.jpg", jpeg(number))

    survey_pictures(
        folder.files(),
        TABLES["image_facts"].empty(),
        Journal(store, "image_facts"),
        report=lambda *at: told.append(at),
    )

    assert told == [(3, 3)]


def test_a_picture_whose_decoder_dies_is_a_row_and_the_others_are_measured(
    folder: Folder, store: LocalStore, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
):
    folder.put("bad.jpg", b"bad")
    folder.put("good.jpg", jpeg())

    def guarded(work, items, *, lost, **_):
        for item in items:
            dies = item["source_key"] == "bad.jpg"
            yield lost(item, "ended its process (-11)") if dies else work(item)

    monkeypatch.setattr(survey, "map_guarded", guarded)
    bad, good = look(folder, store).iter_rows(named=True)

    assert (bad["status"], bad["reason"]) == ("failed", "hostile")
    assert "ended its process" in bad["detail"]
    assert good["status"] == "measured"


def test_a_file_over_the_limit_is_refused_before_it_is_read(
    folder: Folder, store: LocalStore, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
):
    folder.put("a.jpg", jpeg(1))
    files = folder.files().with_columns(size_bytes=pl.lit(20 * 1024**3))
    monkeypatch.setattr(survey, "read_picture", lambda *_: pytest.fail("it was read"))

    (row,) = look_at(files, store).iter_rows(named=True)

    assert row["reason"] == "too_large"


@pytest.mark.parametrize("harm", ["lost", "changed"])
def test_a_damaged_thumbnail_is_made_again(
    folder: Folder, store: LocalStore, jpeg: Jpeg, harm: str
):
    folder.put("a.jpg", jpeg(1))
    folder.put("b.jpg", jpeg(2))
    before = look(folder, store)
    key = before["thumbnail"][1]
    whole = store.read(key)
    if harm == "lost":
        store.delete(key)
    else:
        store.write(key, b"rubbish")

    known = undamaged_facts(before, store)
    after = look(folder, store, known)

    assert known["source_key"].to_list() == ["a.jpg"]
    assert after.equals(before)
    assert store.read(key) == whole
    assert undamaged_facts(after, store).height == 2


def test_an_interrupted_survey_goes_on_where_it_was(
    folder: Folder, store: LocalStore, jpeg: Jpeg, measured: list[int]
):
    folder.put("a.jpg", jpeg(1))
    folder.put("b.jpg", jpeg(2))
    done = look(folder, store)
    journal = Journal(store, "image_facts")
    journal._write([done.head(1)])

    resumed = survey_pictures(
        folder.files(), TABLES["image_facts"].empty(), journal, report=ignore
    )

    assert resumed.equals(done)
    assert len(measured) == 3
