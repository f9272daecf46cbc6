"""What a library lists, wherever its music lies."""

import os
from pathlib import Path

import pytest

from evoke_core.config.collections import MusicLibrary, Sources
from evoke_core.errors import ConfigError, SourceError, TrackRefused
from evoke_core.music.library import (
    audio_of,
    library_labels,
    list_tracks,
    songs_below,
)
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


def test_a_rendered_song_that_has_gone_is_refused(store: LocalStore):
    with pytest.raises(TrackRefused, match=r"tracks/a\.flac.*fit_bridge") as refused:
        audio_of("tracks/a.flac", store)

    assert refused.value.reason == "vanished"


def test_a_name_that_is_no_utf8_is_one_refused_row(store: LocalStore, folder: Path):
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9_bar.mp3")).write_bytes(b"x")
    table = folder / "labels.csv"
    table.write_text("file,moods\nb_side.mp3,calm\n", encoding="utf-8")

    tracks = listed(store, folder)
    odd, whole = tracks.filter(tracks["source_key"] != "live/a.flac").to_dicts()[::-1]

    assert (odd["source_key"], odd["title"]) == ("caf\\udce9_bar.mp3", "caf\\udce9 bar")
    with pytest.raises(TrackRefused, match="check its name") as refused:
        audio_of(odd["location"], store)
    assert refused.value.reason == "unreadable_file"
    assert whole["labels"] == ["calm"]
    assert audio_of(whole["location"], store) == b"b_side.mp3"


def test_a_table_in_the_folder_labels_its_songs(store: LocalStore, folder: Path):
    (folder / "labels.csv").write_text(
        "file,moods,valence,arousal\n"
        "b_side.mp3,dark; calm,,\n"
        "live/a,,0.5,-0.25\n"
        "gone.mp3,happy,,\n"
        "worse.mp3,,7,1\n"
    )
    (folder / "prices.csv").write_text("file,price\nb_side.mp3,3\n")

    tracks = listed(store, folder)

    assert validate("track_manifest", tracks).equals(tracks)
    assert tracks["labels"].to_list() == [["dark", "calm"], []]
    assert tracks["rated_valence"].to_list() == [None, 0.5]
    assert tracks["rated_arousal"].to_list() == [None, -0.25]
    mine = MusicLibrary(kind="folder", location=str(folder), **TERMS)
    refused = [refusal.split(": ")[1] for refusal in library_labels(mine).refusals]
    assert refused == ["rating_out_of_range", "no_such_song"]


def test_jamendos_list_may_lie_beside_the_folder_of_its_audio(
    store: LocalStore, folder: Path
):
    (folder / "50").mkdir()
    (folder / "50" / "950.low.mp3").write_bytes(b"")
    table = folder.with_name("autotagging_moodtheme.tsv")
    table.write_text(
        "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
        "track_1\tartist_1\talbum_1\t50/950.mp3\t248.0\tmood/theme---dark\tfilm\n"
    )
    mine = MusicLibrary(kind="folder", location=str(folder), labels=str(table), **TERMS)
    sources = Sources(pictures={}, music={"mine": mine})

    tracks = list_tracks(sources, ("mine",), store, report=lambda *_: None)

    labels = dict(zip(tracks["source_key"], tracks["labels"].to_list(), strict=True))
    assert labels["50/950.low.mp3"] == ["mood/theme---dark", "film"]
    assert labels["b_side.mp3"] == []


def test_a_named_table_that_is_not_there_is_an_error(store: LocalStore, folder: Path):
    mine = MusicLibrary(kind="folder", location=str(folder), labels="gone.tsv", **TERMS)
    with pytest.raises(ConfigError, match=r"gone\.tsv"):
        library_labels(mine)


def test_a_library_without_tables_is_unlabelled(store: LocalStore, folder: Path):
    assert listed(store, folder)["labels"].to_list() == [[], []]
    assert library_labels(MusicLibrary(kind="synthesized", **TERMS)).labels == {}


def test_a_file_of_no_songs_size_is_refused_before_it_is_read(
    store: LocalStore, tmp_path: Path
):
    path = tmp_path / "sparse.wav"
    with path.open("wb") as file:
        file.truncate(20 * 1024**3)
    with pytest.raises(
        TrackRefused, match=r"sparse\.wav: 21474836480 bytes"
    ) as refused:
        audio_of(f"file:{path}", store)
    assert refused.value.reason == "too_large"
