"""Weights are found by name, and are those that were recorded."""

import errno
import hashlib
import json
import logging
import os
from pathlib import Path

import pytest

from evoke_core import weights
from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.weights import Weights, find_weights, record_weights


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "family"
    place.mkdir()
    return place


@pytest.fixture
def file(place: Path) -> Path:
    path = place / "model-v1.5.safetensors"
    path.write_bytes(b"weights")
    return path


def find(place: Path, name: str = "model-v1.5") -> Weights:
    return find_weights(place.parent, place.name, name)


@pytest.mark.parametrize("ending", [".safetensors", ".pt", ".bin"])
def test_a_file_is_found_by_its_name_without_the_ending(place: Path, ending: str):
    path = place / f"model-v1.5{ending}"
    path.write_bytes(b"weights")

    found = find(place)

    assert found == Weights(path, hashlib.sha256(b"weights").hexdigest())


def test_a_folder_comes_before_a_file_of_its_name(place: Path, file: Path):
    folder = place / "model-v1.5"
    folder.mkdir()
    assert find(place).path == file  # an empty one is none

    (place / "model-v1.5.sha256.json").unlink()
    (folder / "model.bin").write_bytes(b"x")

    assert find(place).path == folder


def test_a_folders_digest_is_that_of_its_files_in_the_order_of_names(place: Path):
    folder = place / "m"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "two").write_bytes(b"2")
    (folder / "a").write_bytes(b"1")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "notes").write_bytes(b"not weights")
    one, two = (hashlib.sha256(data).hexdigest() for data in (b"1", b"2"))

    expected = hashlib.sha256(f"{one}  a\n{two}  b/two\n".encode()).hexdigest()

    assert find(place, "m").sha256 == expected


def test_a_renamed_or_added_file_changes_a_folder(place: Path):
    folder = place / "m"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    find(place, "m")

    (folder / "a").rename(folder / "z")

    with pytest.raises(ConfigError, match="SHA-256"):
        find(place, "m")


def test_what_is_missing_is_told_with_model_place_and_command(place: Path):
    with pytest.raises(WeightsMissing) as raised:
        find(place, "other")

    for part in ("family other", str(place / "other"), "make models", "EVOKE_PROFILE"):
        assert part in str(raised.value)


def test_the_first_use_is_trusted_recorded_and_said(
    place: Path, file: Path, caplog: pytest.LogCaptureFixture
):
    found = find(place)

    assert "no record yet" in caplog.text
    record = json.loads((place / "model-v1.5.sha256.json").read_text())
    assert record["sha256"] == found.sha256
    assert record["files"]["model-v1.5.safetensors"]["size_bytes"] == 7
    caplog.clear()
    assert find(place) == found
    assert caplog.text == ""


def test_changed_weights_are_refused_with_both_digests_and_the_remedy(
    place: Path, file: Path
):
    before = record_weights(place.parent, place.name, "model-v1.5")
    file.write_bytes(b"changed")

    with pytest.raises(ConfigError) as raised:
        find(place)

    now = hashlib.sha256(b"changed").hexdigest()
    for part in (before.sha256, now, "make models", "model-v1.5.sha256.json"):
        assert part in str(raised.value)


def test_an_unchanged_file_is_not_hashed_again(
    place: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    first = find(place)
    monkeypatch.setattr(weights, "_sha256", lambda _: pytest.fail("hashed again"))

    assert find(place) == first


def test_a_file_that_was_only_touched_is_hashed_once_more(
    place: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    first = find(place)
    os.utime(file, ns=(1, 1))

    assert find(place) == first
    monkeypatch.setattr(weights, "_sha256", lambda _: pytest.fail("hashed again"))
    assert find(place) == first


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": "a", "files": 3}'])
def test_a_damaged_record_is_named(place: Path, file: Path, text: str):
    (place / "model-v1.5.sha256.json").write_text(text)

    with pytest.raises(ConfigError, match=r"model-v1\.5\.sha256\.json: no record"):
        find(place)


def test_recording_anew_accepts_what_lies_there(place: Path, file: Path):
    find(place)
    file.write_bytes(b"changed")

    found = record_weights(place.parent, place.name, "model-v1.5")

    assert find(place) == found


def test_a_record_that_cannot_be_written_is_no_obstacle(
    place: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def denied(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", denied)
    caplog.set_level(logging.WARNING)

    assert find(place).path == file
    assert "can't be written" in caplog.text
    assert "weights are hashed anew" in caplog.text
