"""A folder of songs with a table of labels goes through the music assets."""

import io
from dataclasses import replace

import dagster as dg
import numpy as np
import polars as pl
import pytest
import soundfile

from evoke_core.columns import Column
from evoke_core.config.collections import MusicLibrary, Sources
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.latest import CALIBRATION
from evoke_core.moods import read_calibration
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.music.survey import survey_tracks
from evoke_core.music.tags import score_music
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.stamps import drop_stamp
from evoke_core.storage.tables import read_table, table_key
from evoke_pipelines.assets.music import (
    track_calibration,
    track_embeddings,
    track_manifest,
    track_profiles,
    track_refusals,
    track_tags,
)
from evoke_pipelines.environment import CONFIG_FOLDER

MUSIC = [track_manifest, track_embeddings, track_calibration, track_tags]
RATE = 22_050


def sound(hz):
    time = np.arange(4 * RATE) / RATE
    buffer = io.BytesIO()
    wave = 0.2 * np.sin(2 * np.pi * hz * time) * (1 + np.sin(2 * np.pi * time)) / 2
    soundfile.write(buffer, wave, RATE, format="WAV")
    return buffer.getvalue()


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "songs"
    folder.mkdir()
    for name, hz in (("a", 220), ("b", 330), ("c", 440)):
        (folder / f"{name}.wav").write_bytes(sound(hz))
    (folder / "labels.csv").write_text(
        "file,tags,valence,arousal\n"
        "a.wav,mood/theme---dark; film,,\n"
        "b.wav,,0.5,-0.5\n"
        "c.wav,,9,9\n"
    )
    return MusicLibrary(
        kind="folder", release="1", licence="x", attribution="x", location=str(folder)
    )


@pytest.fixture
def given(library, store):
    """The resources of a profile whose only music is that folder."""
    profile = load_run_profile(CONFIG_FOLDER, "demo")
    return {
        "store": store,
        "run_profile": profile.model_copy(update={"music": ("mine",)}),
        "sources": Sources(pictures={}, music={"mine": library}),
        "vocabulary": load_vocabulary(CONFIG_FOLDER),
        "music_encoder": HandcraftedMusicEncoder(),
    }


def materialised(assets, given):
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(assets, instance=instance, resources=given)


HEARD = [track_manifest, track_embeddings, track_refusals, track_profiles]


BESIDE = ["track_profiles", "track_refusals"]


@pytest.mark.parametrize("harm", ["lost", "changed", "never shown", "older schema"])
def test_what_listening_leaves_beside_the_vectors_is_mended(
    given, store, monkeypatch, harm
):
    materialised(HEARD, given)
    before = {name: read_table(store, name) for name in BESIDE}
    for name in BESIDE:
        if harm == "older schema":
            note = {"note": Column(pl.String, "", optional=True)}
            columns = {**TABLES[name].columns, **note}
            monkeypatch.setitem(TABLES, name, replace(TABLES[name], columns=columns))
            before[name] = before[name].with_columns(note=pl.lit(None, pl.String))
        elif harm == "changed":
            store.write(table_key(name), b"rubbish")
        else:
            store.delete(table_key(name))
        if harm == "never shown":
            drop_stamp(store, name)

    assert materialised(HEARD, given).success
    assert all(read_table(store, name).equals(before[name]) for name in BESIDE)
    again = materialised(HEARD, given)
    for asset in HEARD:
        [shown] = again.asset_materializations_for_node(asset.key.path[-1])
        assert shown.metadata["recomputed"].value is False


def test_a_track_that_was_lost_for_a_while_is_heard_at_the_next_run(
    given, store, monkeypatch
):
    def lost(tracks, *how, **told):
        here = pl.col("source_key") == "a.wav"
        gone = pl.when(here).then(pl.lit("tracks/a.wav")).otherwise("location")
        return survey_tracks(tracks.with_columns(location=gone), *how, **told)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("evoke_pipelines.assets.music.survey_tracks", lost)
        materialised(HEARD, given)
    assert read_table(store, "track_refusals")["reason"].to_list() == ["vanished"]

    materialised(HEARD, given)
    assert read_table(store, "track_refusals").is_empty()
    assert read_table(store, "track_embeddings")["track_id"].n_unique() == 3


def test_labels_reach_the_tags_and_a_drop_is_named_as_in_the_library(given, store):
    profile, vocabulary = given["run_profile"], given["vocabulary"]
    encoder = given["music_encoder"]

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(MUSIC, instance=instance, resources=given)
        manifest = result.asset_materializations_for_node("track_manifest")[0]
        shown = {name: value.value for name, value in manifest.metadata.items()}

    assert shown["unknown_labels"] == {"film": 1}
    assert shown["unusable_label_rows"] == 1
    assert "rating_out_of_range" in shown["first_unusable_label_rows"][0]
    tags = read_table(store, "track_tags")
    assert validate("track_tags", tags).equals(tags)
    keys = dict(
        read_table(store, "track_manifest").select("track_id", "source_key").rows()
    )
    whole = {
        keys[row["track_id"]]: row
        for row in tags.iter_rows(named=True)
        if row["part"] == 0
    }
    assert {key: row["labelled"] for key, row in whole.items()} == {
        "a.wav": True,
        "b.wav": True,
        "c.wav": False,
    }
    assert whole["a.wav"]["moods"][0] == "sombre"
    assert (whole["b.wav"]["valence"], whole["b.wav"]["arousal"]) == (0.5, -0.5)
    heard = listen(sound(440), encoder, profile.audio)
    dropped = score_music(
        heard.embeddings,
        heard.affects,
        read_calibration(store, CALIBRATION),
        vocabulary,
        profile.tags,
    )
    assert dropped[0] == pytest.approx(np.array(whole["c.wav"]["scores"]), abs=1e-6)
