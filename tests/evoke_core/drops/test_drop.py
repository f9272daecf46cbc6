"""Each version of a dropped song wants exactly one board or record."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.drops.drop import Drop, observe, pending, recorded_drops
from evoke_core.storage.local import LocalStore
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
        "a.url",
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


def test_only_drops_without_a_record_are_pending():
    drops = seen(found("a.mp3"), found("b.mp3"), found("c.mp3"))

    assert pending(drops, {drops[1].drop_id, "unknown"}) == [drops[0], drops[2]]
    assert pending(drops, set()) == drops


def test_a_board_or_a_quarantine_record_settles_a_drop(store: LocalStore):
    for key in (
        "boards/one-1/board.json",
        "boards/one-1/board.html",
        "boards/half-2/board.html",  # its board.json, written last, is missing
        "boards/index.html",
        "quarantine/bad-3.json",
        "quarantine/bad-3.mp3",
        "quarantine/only-audio-4.mp3",
        "quarantine/deeper/other-5.json",
        "drops/other.json",
    ):
        store.write(key, b"{}")

    assert recorded_drops(store) == {"one-1", "bad-3"}


def test_an_empty_store_has_no_records(store: LocalStore):
    assert recorded_drops(store) == set()


def test_a_song_is_settled_after_one_round(store: LocalStore):
    store.write("drops/Song.mp3", b"x")
    (drop,) = observe(store.listing("drops/"), now_s=NOW * 1e6)
    store.write(f"boards/{drop.drop_id}/board.json", b"{}")

    again = observe(store.listing("drops/"), now_s=NOW * 1e6)

    assert pending(again, recorded_drops(store)) == []
