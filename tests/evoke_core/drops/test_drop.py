"""Each version of a dropped song wants exactly one board or record."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.drops.drop import Drop, drop_of, observe, slug, title_from_key
from evoke_core.storage.store import StoredObject, checked_key

NOW = 1_000_000.0


def found(name: str, *, etag: str = "e1", age_s: float = 60.0) -> StoredObject:
    return StoredObject(f"drops/{name}", 1, etag, NOW - age_s)


def seen(*objects: StoredObject) -> list[Drop]:
    return observe(objects, now_s=NOW)


def test_a_song_becomes_a_drop_that_names_its_place():
    (drop,) = seen(found("albums/My Song (live)!.mp3"))

    assert drop.key == "drops/albums/My Song (live)!.mp3"
    assert drop.source_key == "albums/My Song (live)!.mp3"
    assert re.fullmatch(r"my-song-live-[0-9a-f]{10}", drop.drop_id)


def test_drops_come_in_the_order_of_the_listing():
    drops = seen(found("b.mp3"), found("a.mp3"))

    assert [drop.source_key for drop in drops] == ["b.mp3", "a.mp3"]


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "a.LRC",
        "a.json",
        "a.mp3.part",
        "a.csv",
        "notes.md",
        ".DS_Store",
        "x/._a.mp3",
    ],
)
def test_sidecars_and_hidden_files_make_no_board(name: str):
    assert seen(found(name), found("song.mp3")) == seen(found("song.mp3"))


def test_content_decides_later_so_any_other_name_is_a_song():
    assert len(seen(found("no suffix"), found("a.xyz"), found("a.txt.mp3"))) == 3


def test_what_may_still_be_copied_is_left_to_settle():
    assert seen(found("a.mp3", age_s=0.5), found("b.mp3", age_s=-5)) == []
    assert len(seen(found("a.mp3", age_s=2.0))) == 1


def test_the_same_object_has_the_same_id_and_a_new_version_another():
    (first,) = seen(found("a.mp3", etag="e1"))

    assert seen(found("a.mp3", etag="e1", age_s=9000)) == [first]
    assert seen(found("a.mp3", etag="e2"))[0].drop_id != first.drop_id


def test_songs_of_one_name_in_two_folders_are_two_drops():
    ids = {drop.drop_id for drop in seen(found("x/a.mp3"), found("y/a.mp3"))}

    assert len(ids) == 2


@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=80))
def test_any_name_gives_an_id_that_is_safe_in_paths_and_pages(name: str):
    for drop in seen(found(f"{name}.mp3"), found(f"caf\udce9 {name}.mp3")):
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", drop.drop_id)
        assert len(drop.drop_id) <= 51
        assert checked_key(f"boards/{drop.drop_id}/board.json")


def test_a_linked_song_is_a_song():
    assert [drop.source_key for drop in seen(found("a.url"))] == ["a.url"]


def test_a_drop_knows_which_version_it_is():
    (drop,) = seen(found("x/a.mp3", etag="abc-2"))

    assert drop == drop_of("drops/x/a.mp3", "abc-2")
    assert drop.etag == "abc-2"


def test_a_stamp_far_in_the_future_does_not_make_a_song_wait_for_years():
    assert seen(found("a.mp3", age_s=-200.0)) == []
    assert len(seen(found("a.mp3", age_s=-86_400.0))) == 1


def test_a_folder_that_the_console_shows_is_no_song():
    assert seen(found("albums/"), found("x/.hidden/")) == []


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("a/b/blue_in_green.flac", "blue in green"),
        ("Ohne Titel.mp3", "Ohne Titel"),
        ("set/night-at-the-pier.mp3", "night at the pier"),
        ("Jean-Luc.mp3", "Jean-Luc"),
        ("A-ha - Take on.mp3", "A-ha - Take on"),
        ("___.wav", "___.wav"),
        ("---.wav", "---.wav"),
    ],
)
def test_a_title_is_made_of_the_file_name(key, title):
    assert title_from_key(key) == title


@pytest.mark.parametrize(
    ("name", "short"),
    [("Für Elise (live)", "f-r-elise-live"), ("---", "song"), ("a" * 60, "a" * 40)],
)
def test_ids_are_made_of_plain_signs(name, short):
    assert slug(name) == short
