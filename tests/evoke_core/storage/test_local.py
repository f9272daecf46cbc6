"""A local store stays whole whatever happens half-way."""

import os
from pathlib import Path

import pytest

from evoke_core.errors import ConfigError
from evoke_core.storage.local import LocalStore


def everything_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


@pytest.mark.parametrize("stage", ["write_bytes", "replace"])
@pytest.mark.parametrize("wrong", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_blob_and_no_litter(
    store: LocalStore,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    wrong: BaseException,
):
    store.write("a/blob", b"old")
    half_written = Path.write_bytes

    def fail_half_way(path: Path, data: bytes) -> int:
        half_written(path, data[:2])
        raise wrong

    def fail(*_: object) -> None:
        raise wrong

    with monkeypatch.context() as patch:
        if stage == "write_bytes":
            patch.setattr(Path, "write_bytes", fail_half_way)
        else:
            patch.setattr(os, "replace", fail)
        with pytest.raises(type(wrong)):
            store.write("a/blob", b"newer")

    assert store.read("a/blob") == b"old"
    assert everything_in(store.root) == ["a", "a/blob"]


def test_what_a_killed_process_left_is_no_blob(store: LocalStore):
    store.write("a/blob", b"whole")
    (store.root / "a" / ".unfinished-0123").write_bytes(b"ha")

    assert [found.key for found in store.listing("")] == ["a/blob"]


def test_a_blob_deleted_during_a_listing_is_left_out(store: LocalStore):
    for name in ("a", "b", "c"):
        store.write(f"drops/{name}", b"x")

    listing = store.listing("drops/")
    first = next(listing)
    store.delete("drops/b")

    assert [first.key, *(found.key for found in listing)] == ["drops/a", "drops/c"]


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    store.write("drops/inner/song", b"x")
    scan = os.scandir

    def scan_all_but_inner(path: str):
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_all_but_inner)
    with pytest.raises(PermissionError):
        list(store.listing("drops/"))


def test_links_to_folders_are_not_followed(store: LocalStore):
    store.write("a/blob", b"x")
    (store.root / "a" / "loop").symlink_to(store.root, target_is_directory=True)
    os.mkfifo(store.root / "a" / "pipe")

    assert [found.key for found in store.listing("")] == ["a/blob"]


def test_the_same_bytes_written_later_are_another_version(store: LocalStore):
    store.write("drops/song", b"x")
    (before,) = store.listing("")
    path = store.root / "drops/song"
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 5))
    (after,) = store.listing("")

    assert before.etag != after.etag


def test_nothing_is_made_before_the_first_write(store: LocalStore):
    assert list(store.listing("")) == []
    assert not store.exists("a")
    assert not store.root.exists()


def test_a_file_that_changes_while_it_is_read_is_another_version(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    store.write("drops/song", b"first")
    (seen,) = store.listing("drops/")
    look, looks = os.fstat, []

    def look_and_append(number: int) -> os.stat_result:
        facts = look(number)
        if not looks:
            with (store.root / "drops/song").open("ab") as more:
                more.write(b" and more")
        looks.append(number)
        return facts

    monkeypatch.setattr(os, "fstat", look_and_append)
    with pytest.raises(KeyError, match="drops/song"):
        store.read_as(seen.key, seen.etag)


def test_folders_that_lie_before_a_key_are_not_opened(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    for name in ("a/one", "b/c/two", "b/d/three", "e/four"):
        store.write(f"drops/{name}", b"x")
    scan, opened = os.scandir, []

    def note(path: str):
        opened.append(Path(path).relative_to(store.root).as_posix())
        return scan(path)

    monkeypatch.setattr(os, "scandir", note)
    listing = store.listing("drops/", after="drops/b/c/two")

    assert next(listing).key == "drops/b/d/three"
    assert opened == ["drops", "drops/b", "drops/b/c", "drops/b/d"]


def test_a_link_in_a_circle_hides_no_other_file(store: LocalStore):
    store.write("drops/song", b"x")
    (store.root / "drops/circle").symlink_to(store.root / "drops/circle")

    assert [found.key for found in store.listing("drops/")] == ["drops/song"]
    assert store.etag("drops/circle") is None  # as the listing has it
    assert not store.delete_as("drops/circle", "0-0")


def test_a_folder_has_no_tags_and_says_what_else_to_do(store: LocalStore):
    store.write("drops/song", b"x")

    with pytest.raises(ConfigError, match=r"keep or move .* s3:// store"):
        store.tag("drops/song", {"state": "done"})
