"""What a library lists, wherever its music lies."""

from pathlib import Path

import pytest

from evoke_core.config import MusicLibrary, Sources
from evoke_core.errors import SourceError, TrackRefused
from evoke_core.music.library import audio_of, list_tracks, songs_below
from evoke_core.schemas import validate
from evoke_core.storage.local import LocalStore

TERMS = {"release": "1", "licence": "private", "attribution": "{title}"}


def listed(store: LocalStore, folder: Path | None):
    location = None if folder is None else str(folder)
    mine = MusicLibrary(kind="folder", location=location, **TERMS)
    sources = Sources(pictures={}, music={"mine": mine})
    return list_tracks(sources, ("mine",), store, report=lambda *_: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "songs"
    (root / "live").mkdir(parents=True)
    for name in ("b_side.mp3", "live/a.flac", ".hidden.mp3", "labels.csv", "cover.jpg"):
        (root / name).write_bytes(name.encode())
    return root


def test_songs_of_a_folder_are_read_where_they_lie(store: LocalStore, folder: Path):
    tracks = listed(store, folder)

    assert validate("track_manifest", tracks).equals(tracks)
    assert tracks["source_key"].to_list() == ["b_side.mp3", "live/a.flac"]
    assert tracks["title"].to_list() == ["b side", "a"]
    assert audio_of(tracks["location"][1], store) == b"live/a.flac"
    assert not store.root.exists()


def test_lists_covers_and_hidden_files_are_no_songs(folder: Path):
    assert [path.name for path in songs_below(folder)] == ["b_side.mp3", "a.flac"]


def test_a_song_keeps_its_id_when_the_folder_moves(store: LocalStore, folder: Path):
    before = listed(store, folder)
    after = listed(store, folder.rename(folder.with_name("elsewhere")))

    assert before["track_id"].to_list() == after["track_id"].to_list()


@pytest.mark.parametrize("where", [None, "missing", "empty"])
def test_a_library_without_songs_names_the_remedy(
    store: LocalStore, tmp_path: Path, where: str | None
):
    (tmp_path / "empty").mkdir()

    with pytest.raises(SourceError, match=r"music\.mine\.location"):
        listed(store, None if where is None else tmp_path / where)


def test_a_song_that_has_gone_is_refused(store: LocalStore, tmp_path: Path):
    with pytest.raises(TrackRefused, match=r"gone\.mp3") as refused:
        audio_of(f"file:{tmp_path / 'gone.mp3'}", store)

    assert refused.value.reason == "unreadable_file"
