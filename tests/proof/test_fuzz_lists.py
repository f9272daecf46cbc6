"""Lists of pictures and labels that somebody spoiled: rows, or one error of ours."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from evoke_core.config.collections import PictureSource
from evoke_core.config.loading import load_sources
from evoke_core.corpus.manifest import build_manifest
from evoke_core.corpus.sources.open_images import list_open_images
from evoke_core.corpus.sources.unsplash import list_unsplash
from evoke_core.errors import ConfigError, SourceError
from evoke_core.label_tables import has_labels, read_labels
from tests.evoke_core.corpus.sources.releases import (
    write_open_images,
    write_unsplash,
    write_wikiart,
)
from tests.proof.fuzz import examples, hold, mutated

SOURCES = load_sources(Path(__file__).parents[2] / "assets_config")
TABLE = (
    "path,title,artist,licence,keywords,valence,arousal,moods,url\n"
    'a.jpg,Blue,Ada,CC0,"sea; calm",0.5,-0.25,calm|dark,https://example.org/a\n'
    "b/c.png,,,,,0.5,,,\n"
)
LABELS = (
    "track_id\tpath\tmoods\tvalence\tarousal\n"
    "t1\t01/1.mp3\tcalm,dark\t0.5\t-0.5\n"
    "t2\t02/2.mp3\tjoy\t\t\textra\n"
)


def source(kind: str, location: Path, **more: object) -> PictureSource:
    return PictureSource(
        kind=kind, release="1", licence="x", attribution="{title}",
        location=str(location), **more,
    )  # fmt: skip


def manifest(listed: PictureSource) -> None:
    """List a collection into the manifest, as a refresh does."""
    both = SOURCES.model_copy(update={"pictures": {"spoiled": listed}})
    rows = build_manifest(both, ("spoiled",), ())
    assert rows["image_id"].is_unique().all()
    here = f"file:{listed.location}/"
    for address in rows["addresses"].explode().drop_nulls():
        assert address.lower().startswith((here, "http://", "https://", "s3://"))
        assert ".." not in address.removeprefix(here).split("/") or "://" in address


def tolerate(listed: PictureSource) -> None:
    try:
        manifest(listed)
    except SourceError:
        return


@examples(60, 2500)
def test_a_folders_table_is_read_or_refused(tmp_path: Path, most: int) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.png").write_bytes(b"")

    def claim(raw: bytes) -> None:
        (tmp_path / "list.csv").write_bytes(raw)
        tolerate(source("folder", tmp_path))

    hold(claim, mutated([TABLE.encode(), TABLE.encode("utf-16")]), most=most)


def seeds(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def spoil(kind: str, folder: Path, most: int, **more: object) -> None:
    """Spoil one file of a release after the other."""
    good = seeds(folder)

    def claim(chosen: tuple[Path, bytes]) -> None:
        path, raw = chosen
        path.write_bytes(raw)
        try:
            tolerate(source(kind, folder, **more))
        finally:
            path.write_bytes(good[path])

    one_of = st.sampled_from(sorted(good)).flatmap(
        lambda path: st.tuples(st.just(path), mutated([good[path]]))
    )
    hold(claim, one_of, most=most)


@examples(60, 2000)
def test_open_images_are_listed_or_refused(tmp_path: Path, most: int) -> None:
    spoil("open_images", write_open_images(tmp_path, 5, labels=2), most)


@examples(30, 500)
def test_open_images_of_wanted_labels_are_listed_or_refused(tmp_path, most) -> None:
    folder = write_open_images(tmp_path, 40, labels=60)
    spoil("open_images", folder, most, only=("Label 3", "Label 7"), quota=3)


@examples(60, 1000)
def test_wikiart_is_listed_or_refused(tmp_path: Path, most: int) -> None:
    spoil("wikiart", write_wikiart(tmp_path, 6, on_disk=2), most, died_before=1950)


@examples(60, 2000)
def test_an_unpacked_unsplash_is_listed_or_refused(tmp_path: Path, most: int) -> None:
    packed = write_unsplash(tmp_path / "zip", 4, keywords=3)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "open")
    spoil("unsplash", tmp_path / "open", most)


@examples(120, 3000)
def test_a_zip_that_lies_is_listed_or_refused(tmp_path: Path, most: int) -> None:
    packed = write_unsplash(tmp_path / "zip", 4, keywords=3)
    stored = io.BytesIO()
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(stored, "w") as new:
        for way, name in enumerate(old.namelist()):
            kind = (zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)[way % 3]
            new.writestr(name, old.read(name), kind)
    both = [packed.read_bytes(), stored.getvalue()]

    def claim(raw: bytes) -> None:
        packed.write_bytes(raw)
        tolerate(source("unsplash", packed))

    hold(claim, mutated(both), most=most)


@examples(120, 2500)
def test_a_table_of_labels_is_read_or_refused(tmp_path: Path, most: int) -> None:
    path = tmp_path / "labels.tsv"

    def claim(raw: bytes) -> None:
        path.write_bytes(raw)
        has_labels(path)
        try:
            table = read_labels(path)
        except ConfigError:
            return
        for label in table.labels.values():
            assert label.affect is None or all(abs(v) <= 1 for v in label.affect)

    hold(claim, mutated([LABELS.encode(), TABLE.encode()]), most=most)


def replace_in(path: Path, old: bytes, new: bytes) -> None:
    raw = path.read_bytes()
    assert old in raw or raw.count(b"\n") == 1
    path.write_bytes(raw.replace(old, new))


@pytest.mark.parametrize("elsewhere", [b"file:/etc/", b"FILE:/etc/", b"/etc/", b"../"])
def test_a_list_does_not_lead_to_files_of_this_machine(tmp_path, elsewhere) -> None:
    photos = write_open_images(tmp_path / "open", 4)
    for path in photos.glob("*images-with*.csv"):
        replace_in(path, b"https://farm3.example.org/", elsewhere)
        replace_in(path, b",train,", b",../train,")
    packed = write_unsplash(tmp_path / "zip", 4)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "un")
    for path in (tmp_path / "un").rglob("photos*"):
        replace_in(path, b"https://images.unsplash.com/", elsewhere)

    inside = str(tmp_path / "pictures")
    for listed in (
        *list_open_images(source("open_images", photos, pictures=inside)),
        *list_unsplash(source("unsplash", tmp_path / "un")),
    ):
        assert all(each.startswith("https://c1.") for each in listed.addresses)


def test_a_list_of_one_endless_line_is_not_held_whole(tmp_path: Path) -> None:
    packed, size = tmp_path / "lite.zip", 200_000_000
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("photos.tsv000", "w") as member,
    ):
        for _ in range(size // 1_000_000):
            member.write(b"0" * 1_000_000)
    assert packed.stat().st_size < size // 100
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="damaged"):
            list(list_unsplash(source("unsplash", packed)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 2


def test_one_absurd_id_costs_no_memory_for_all_others(tmp_path: Path) -> None:
    folder = write_open_images(tmp_path, 3000, labels=2)
    with (folder / "train-images-with-rotation.csv").open("a") as images:
        images.write("f" * 100_000 + ",train,https://example.org/x.jpg\n")
    with (folder / "oidv7-train-annotations-human-imagelabels.csv").open("a") as rows:
        rows.write("f" * 100_000 + ",verification,/m/00001,1\n")
    tracemalloc.start()
    try:
        listed = list(list_open_images(source("open_images", folder)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(listed) == 3000
    assert peak < 100_000_000
