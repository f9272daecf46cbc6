"""A user's folder, however it is filled, becomes rows or a sentence that says why."""

import os
from pathlib import Path

import pytest

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.sources.folder import list_folder
from evoke_core.errors import SourceError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    folder.mkdir()
    return folder


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def listed(root: Path | str | None) -> dict[str, Listed]:
    source = PictureSource(
        kind="folder",
        release="local",
        licence="private",
        attribution="{title}",
        location=None if root is None else str(root),
    )
    found = list(list_folder(source))
    by_key = {item.source_key: item for item in found}
    assert len(by_key) == len(found)
    return by_key


def test_pictures_at_every_depth_are_listed_by_their_path(root: Path):
    put(root, "b.jpg", "a.PNG", "sub/deep/c.webp", "sub/d.tiff", "Z.jpeg")

    keys = list(listed(root))

    assert sorted(keys) == ["Z.jpeg", "a.PNG", "b.jpg", "sub/d.tiff", "sub/deep/c.webp"]
    assert keys == list(listed(root))


def test_hidden_files_and_other_kinds_are_passed_over(root: Path):
    put(root, "a.jpg", ".hidden.jpg", ".thumbs/b.jpg", "notes.txt", "song.mp3", "jpg")
    (root / "album.jpg").mkdir()

    assert list(listed(root)) == ["a.jpg"]


@pytest.mark.parametrize("where", [None, "missing", "file.jpg", ""])
def test_a_folder_that_is_not_there_names_the_remedy(
    root: Path, monkeypatch: pytest.MonkeyPatch, where: str | None
):
    put(root, "file.jpg")
    # An empty location is the working folder, which holds no picture here.
    monkeypatch.chdir(root.parent)
    (root.parent / "elsewhere").mkdir()
    monkeypatch.chdir(root.parent / "elsewhere")
    location = where if not where else root / where

    with pytest.raises(SourceError, match=r"picture folder .*(IMAGES|another folder)"):
        listed(location)


def test_a_folder_without_pictures_says_what_it_looked_for(root: Path):
    put(root, "readme.txt", ".hidden.jpg")

    with pytest.raises(SourceError, match=r"holid.* holds no picture .*\.jpg.*\.webp"):
        listed(root)


def test_a_picture_without_a_row_is_called_by_its_file_name(root: Path):
    put(root, "sub/old_town-at_night.jpg")

    (item,) = listed(root).values()

    assert item.title == "old town at night"
    assert (item.artist, item.licence, item.attribution, item.url) == (None,) * 4
    assert item.keywords == ("old town at night",)


def test_a_csv_names_and_credits_pictures(root: Path):
    put(root, "a.jpg", "sub/b.jpg", "c.jpg")
    (root / "pictures.csv").write_text(
        "path,title,artist,licence,url,keywords,attribution\n"
        'a.jpg,Harbour,Ann,CC BY 4.0,https://x/1,"sea; boats, dusk ,",\n'
        "sub/b.jpg,,Ben,,,,by Ben for all\n",
        encoding="utf-8-sig",  # as spreadsheets save it
    )

    found = listed(root)

    assert found["a.jpg"].title == "Harbour"
    assert found["a.jpg"].artist == "Ann"
    assert found["a.jpg"].licence == "CC BY 4.0"
    assert found["a.jpg"].url == "https://x/1"
    assert found["a.jpg"].keywords == ("Harbour", "sea", "boats", "dusk")
    assert found["a.jpg"].attribution == "Harbour, Ann"
    assert found["sub/b.jpg"].title == "b"
    assert found["sub/b.jpg"].licence is None
    assert found["sub/b.jpg"].attribution == "by Ben for all"
    assert found["c.jpg"].title == "c"


@pytest.mark.parametrize("column", ["path", "file", "filename"])
def test_a_licence_counts_without_a_title(root: Path, column: str):
    put(root, "a.jpg")
    (root / "licences.csv").write_text(f"{column},license\na.jpg,CC0\n")

    assert listed(root)["a.jpg"].licence == "CC0"


def test_paths_may_start_with_the_folders_own_name(root: Path):
    put(root, "sub/a.jpg", "holiday/b.jpg")
    (root / "images.csv").write_text(
        "path,title,photographer\nholiday/sub/a.jpg,One,Ann\nholiday/b.jpg,Two,Ben\n"
    )

    found = listed(root)

    assert (found["sub/a.jpg"].title, found["sub/a.jpg"].artist) == ("One", "Ann")
    assert found["holiday/b.jpg"].title == "Two"


def test_a_csv_about_groups_of_pictures_does_not_unname_them(root: Path):
    put(root, "a.jpg")
    (root / "images.csv").write_text("path,title\na.jpg,Harbour\n")
    (root / "z_groups.csv").write_text("path,group\na.jpg,7\n")

    assert listed(root)["a.jpg"].title == "Harbour"


def test_hostile_values_stay_plain_text(root: Path):
    put(root, "a.jpg", "{0.__class__}.jpg", "$x^.jpg")
    script = "<script>alert(1)</script>"
    (root / "x.csv").write_text(
        f'path,title,artist,url\na.jpg,"{script}\n{{title}} {{0.__class__}}",'
        '"=cmd|x""\x00",javascript:alert(1)\n'
        "../../etc/passwd,Stolen,,\n"
        "a.jpg\n"  # too short a row, and the later one counts
        "b.jpg,one,too,many,fields,here\n"
    )

    found = listed(root)

    assert set(found) == {"a.jpg", "{0.__class__}.jpg", "$x^.jpg"}
    assert found["a.jpg"].title == "a"
    assert found["{0.__class__}.jpg"].title == "{0.  class  }"


def test_what_was_copied_from_a_web_page_is_plain_text(root: Path):
    put(root, "a.jpg")
    (root / "list.csv").write_text(
        "path,title,artist,url\n"
        "a.jpg,Justice &amp; Vengeance,Prud&#39;hon,https://a.example/?b=1&amp;c\n"
    )

    found = listed(root)["a.jpg"]

    assert (found.title, found.artist) == ("Justice & Vengeance", "Prud'hon")
    assert found.url == "https://a.example/?b=1&amp;c"


def test_bytes_that_are_no_utf8_do_not_stop_a_csv(root: Path):
    put(root, "a.jpg", "b.jpg")
    (root / "x.csv").write_bytes(b"path,title\na.jpg,caf\xe9\nb.jpg,sea\n")

    assert listed(root)["a.jpg"].title == "caf\ufffd"
    assert listed(root)["b.jpg"].title == "sea"


def test_a_csv_that_cannot_be_parsed_is_named(root: Path):
    put(root, "a.jpg")
    (root / "broken.csv").write_text('path,title\na.jpg,"' + "x" * 200_000)

    with pytest.raises(SourceError, match=r"broken\.csv: not a CSV .*mend it"):
        listed(root)


def test_empty_csvs_and_folders_called_csv_say_nothing(root: Path):
    put(root, "a.jpg")
    (root / "empty.csv").write_bytes(b"")
    (root / "folder.csv").mkdir()
    (root / "header.csv").write_text("path,title\n")

    assert listed(root)["a.jpg"].title == "a"


def test_a_changed_file_is_another_version(root: Path):
    put(root, "a.jpg", "b.jpg")
    before = listed(root)
    (root / "a.jpg").write_bytes(b"longer")

    after = listed(root)

    assert after["a.jpg"].version != before["a.jpg"].version
    assert after["b.jpg"] == before["b.jpg"]


def test_a_link_that_leads_nowhere_is_still_a_row(root: Path):
    put(root, "a.jpg")
    (root / "lost.jpg").symlink_to(root / "gone.jpg")
    (root / "loop.jpg").symlink_to(root / "loop.jpg")

    found = listed(root)

    assert found["lost.jpg"].version == "unreadable"
    assert found["loop.jpg"].version == "unreadable"


def test_folders_that_link_to_each_other_are_walked_once(root: Path):
    put(root, "sub/a.jpg")
    (root / "sub" / "back").symlink_to(root, target_is_directory=True)

    assert list(listed(root)) == ["sub/a.jpg"]


def test_a_name_that_is_no_utf8_is_spelt_so_that_it_can_be_stored(root: Path):
    put(root, "a.jpg")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.jpg")).write_bytes(b"x")

    found = listed(root)

    assert set(found) == {"a.jpg", "caf\\udce9.jpg"}
    assert all(key.encode() and item.title.encode() for key, item in found.items())


@pytest.mark.shared
def test_the_research_pictures_bring_their_titles_and_licences(shared: Path):
    found = listed(shared / "data" / "images")

    assert len(found) > 800
    assert {item.licence for item in found.values() if item.licence} >= {"Unsplash"}
    assert sum(item.licence is None for item in found.values()) == 0


def test_moods_and_ratings_of_a_table_of_labels_are_taken(tmp_path):
    root = tmp_path / "pictures"
    root.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (root / name).write_bytes(b"")
    (root / "labels.csv").write_text(
        "file,moods,tags,valence,arousal\n"
        "a.jpg,calm; dark,lake,0.5,-0.25\nb.jpg,happy,,9,9\n"
    )
    source = PictureSource(
        kind="folder", release="1", licence="x", attribution="x", location=str(root)
    )
    a, b, c = list_folder(source)
    assert a.keywords == ("a", "calm", "dark", "lake")
    assert a.rating == (0.5, -0.25)
    assert (b.keywords, b.rating) == (("b", "happy"), None)
    assert c.rating is None
