"""Tracks of a library as songs: found as listed, absent ones refused by name."""

import pytest

from evoke_core.boards.library_song import (
    find_library_song,
    is_named_after,
    stored_boards,
)
from evoke_core.config.curated_library import CuratedTrack
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.errors import TrackRefused
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_table

DEW = CuratedTrack(library="vinyl", key="dawn/Dew 01.flac", title="Dew")


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "store")


def listing(store, location):
    row = {
        "track_id": track_id("vinyl", DEW.key), "source": "vinyl",
        "source_key": DEW.key, "title": "dew", "licence": "CC0-1.0",
        "location": location, "labels": [],
    }  # fmt: skip
    write_table(store, "track_manifest", TABLES["track_manifest"].frame([row]))


def test_a_listed_track_is_a_song_whose_audio_may_be_linked(store):
    listing(store, "tracks/vinyl/dew.flac")
    store.write("tracks/vinyl/dew.flac", b"sound")

    found = find_library_song(DEW, store)

    assert found.read(store) == b"sound"
    assert found.licence == "CC0-1.0"
    assert (found.song.source, found.song.title) == ("vinyl", "Dew")
    assert found.song.audio_key == "tracks/vinyl/dew.flac"
    assert found.song.board_id.startswith("dew-01-")
    assert find_library_song(DEW, store) == found


def test_a_track_outside_the_store_is_read_but_never_linked(store, tmp_path):
    (tmp_path / "dew.flac").write_bytes(b"sound")
    listing(store, f"file:{tmp_path / 'dew.flac'}")

    found = find_library_song(DEW, store)

    assert found.read(store) == b"sound"
    assert found.song.audio_key is None


def test_a_track_that_is_not_listed_is_refused_with_the_remedy(store):
    listing(store, "tracks/vinyl/dew.flac")
    with pytest.raises(TrackRefused, match="add the library to `music`") as refusal:
        find_library_song(DEW.model_copy(update={"key": "other.flac"}), store)
    assert refusal.value.reason == "not_listed"


@pytest.mark.parametrize(
    ("location", "reason"),
    [("tracks/gone.flac", "vanished"), ("file:/no/such.flac", "unreadable_file")],
)
def test_audio_that_has_gone_is_refused(store, location, reason):
    listing(store, location)
    with pytest.raises(TrackRefused) as refusal:
        find_library_song(DEW, store).read(store)
    assert refusal.value.reason == reason


def test_boards_that_stand_whole_are_listed_but_for_refined_ones(store):
    for key in ("dew-1/board.json", "dew-1--ab/board.json", "ash-2/board.html"):
        store.write(f"boards/{key}", b"{}")
    assert stored_boards(store) == ["dew-1"]


def test_boards_are_known_by_the_name_of_the_file_or_its_title():
    assert is_named_after("night-garden-94d9", "x/Night garden.flac", "")
    assert is_named_after("night-garden-94d9", "nocturne_01.flac", "Night garden")
    assert not is_named_after("nightgarden-94d9", "x/Night garden.flac", "Dew")
