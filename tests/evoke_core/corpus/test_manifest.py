"""Every listed picture becomes one row, credited and licensed as its source says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evoke_core.config.collections import PictureSource, Sources
from evoke_core.corpus.manifest import build_manifest, picture_id
from evoke_core.errors import ConfigError, SourceError
from evoke_core.schemas import validate

AddFolder = Callable[..., PictureSource]


@pytest.fixture
def add_folder(tmp_path: Path) -> AddFolder:
    def add(name: str, *files: str, csv: str = "", **changed: Any) -> PictureSource:
        folder = tmp_path / name
        folder.mkdir()
        for file in files:
            (folder / file).write_bytes(b"x")
        if csv:
            (folder / "about.csv").write_text(csv)
        terms = {
            "kind": "folder",
            "release": "1",
            "licence": "CC BY 4.0",
            "licence_url": "https://licence/by",
            "attribution": "{title} by {artist} ({source_key})",
            "location": str(folder),
        }
        return PictureSource(**(terms | changed))

    return add


def test_rows_are_ordered_credited_and_valid(add_folder: AddFolder):
    sources = Sources(
        pictures={
            "b": add_folder("b", "z.jpg", "y.jpg", csv="path,artist\nz.jpg,Ann\n"),
            "a": add_folder("a", "x_1.jpg"),
        },
        music={},
    )

    manifest = build_manifest(sources, ("b",), ("a",))

    assert validate("source_manifests", manifest).equals(manifest)
    assert manifest.select("source", "source_key", "served").rows() == [
        ("a", "x_1.jpg", False),
        ("b", "y.jpg", True),
        ("b", "z.jpg", True),
    ]
    assert manifest["attribution"].to_list() == [
        "x 1 by unknown (x_1.jpg)",
        "y by unknown (y.jpg)",
        "z, Ann",
    ]
    assert manifest["image_id"].to_list()[0] == picture_id("a", "x_1.jpg")


def test_a_pictures_own_licence_does_not_link_to_the_sources(add_folder: AddFolder):
    csv = "path,licence\nown.jpg,CC BY-NC 4.0\n"
    sources = Sources(
        pictures={"a": add_folder("a", "own.jpg", "plain.jpg", csv=csv)}, music={}
    )

    own, plain = build_manifest(sources, ("a",), ()).iter_rows(named=True)

    assert (own["licence"], own["licence_url"]) == ("CC BY-NC 4.0", None)
    assert plain["licence"] == "CC BY 4.0"
    assert plain["licence_url"] == "https://licence/by"


def test_what_is_shown_and_teaches_is_listed_once_and_shown(add_folder: AddFolder):
    sources = Sources(pictures={"a": add_folder("a", "x.jpg")}, music={})

    manifest = build_manifest(sources, ("a",), ("a",))

    assert manifest["served"].to_list() == [True]


def test_nothing_asked_for_is_an_empty_table():
    manifest = build_manifest(Sources(pictures={}, music={}), (), ())

    assert validate("source_manifests", manifest).height == 0


def test_a_collection_that_is_not_configured_is_named_with_the_choice(
    add_folder: AddFolder,
):
    sources = Sources(pictures={"mine": add_folder("mine", "x.jpg")}, music={})

    with pytest.raises(ConfigError, match=r"sources\.yaml.*'unsplsh'.*mine"):
        build_manifest(sources, ("unsplsh",), ())


def test_a_missing_folder_stops_the_listing(add_folder: AddFolder):
    gone = add_folder("a", "x.jpg", location="/nowhere/at/all")

    with pytest.raises(SourceError, match="/nowhere/at/all"):
        build_manifest(Sources(pictures={"a": gone}, music={}), ("a",), ())


def test_braces_in_a_title_are_only_text(add_folder: AddFolder):
    source = add_folder("a", "{artist.__class__}.jpg", attribution="{title}!")

    manifest = build_manifest(Sources(pictures={"a": source}, music={}), ("a",), ())

    assert manifest["attribution"].to_list() == ["{artist.  class  }!"]


def test_another_release_or_file_is_another_version(add_folder: AddFolder):
    source = add_folder("a", "x.jpg")

    def version(of: PictureSource) -> str:
        return build_manifest(Sources(pictures={"a": of}, music={}), ("a",), ())[
            "version"
        ].item()

    first = version(source)
    assert version(source) == first
    assert version(source.model_copy(update={"release": "2"})) != first
    Path(source.location, "x.jpg").write_bytes(b"changed")
    assert version(source) != first


def test_an_id_depends_on_source_and_key_and_on_nothing_between():
    assert picture_id("a", "b") == picture_id("a", "b")
    assert len({picture_id("a", "b"), picture_id("ab", ""), picture_id("", "ab")}) == 3
