"""The curated library from the UI: no drop is needed, an absent track fails alone."""

import json

import dagster as dg
import pytest

from evoke_core.boards.compose import Board
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_table
from evoke_pipelines import songs
from evoke_pipelines.assets import library as module
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.partitions import one_run_over
from tests.evoke_pipelines.house import Access

NAMES = list(module.CURATED.tracks)


@pytest.fixture
def store(tmp_path):
    """Every curated track but the last is listed and there."""
    made = LocalStore(tmp_path / "store")
    rows = []
    for track in list(module.CURATED.tracks.values())[:-1]:
        rows.append(
            {
                "track_id": track_id(track.library, track.key),
                "source": track.library,
                "source_key": track.key,
                "title": track.title,
                "licence": "CC0-1.0",
                "location": f"tracks/{track.key}",
                "labels": [],
            }
        )
        made.write(f"tracks/{track.key}", b"sound")
    write_table(made, "track_manifest", TABLES["track_manifest"].frame(rows))
    return made


@pytest.fixture
def materialize(store, monkeypatch):
    """Materialise partitions with composing left out."""

    def compose(song, audio, desk):
        assert audio == b"sound"
        document = {
            "board_id": song.board_id, "tiles": [], "moods": [{"mood": "calm"}],
            "track": {"title": song.title, "artist": None, "sha256": "0" * 64},
            "release": {"release_id": "r1", "bridge": "affect"},
        }  # fmt: skip
        return Board(document, "page", b"picture")

    desk = type("Bench", (), {"store": store, "pictures": {}})()
    monkeypatch.setattr(module, "open_desk", lambda *_: desk)
    monkeypatch.setattr(module, "compose_board", compose)
    monkeypatch.setattr(module, "hang_gallery", lambda _: None)
    monkeypatch.setattr(songs, "thumbnails", lambda *_, **__: "md:![](data:,)")

    def run(**asked):
        with dg.DagsterInstance.ephemeral() as instance:
            done = dg.materialize(
                [module.library_board],
                instance=instance,
                raise_on_error=False,
                resources={
                    "store": store,
                    "index": Access(None),
                    "run_profile": load_run_profile(CONFIG_FOLDER, "demo"),
                    "vocabulary": load_vocabulary(CONFIG_FOLDER),
                    "music_encoder": HandcraftedMusicEncoder(),
                },
                **asked,
            )
            key = module.library_board.key
            return done, instance.get_materialized_partitions(key)

    return run


def test_every_curated_track_is_a_partition_by_genre():
    assert module.CURATED_TRACKS.get_partition_keys() == NAMES
    assert {name.split(".")[0] for name in NAMES} == {
        "classical", "jazz", "electronic", "ambient"
    }  # fmt: skip


def test_a_partition_becomes_a_stored_board_that_the_ui_links(store, materialize):
    done, painted = materialize(partition_key=NAMES[0])

    assert done.success
    assert painted == {NAMES[0]}
    [made] = done.asset_materializations_for_node("library_board")
    page = made.metadata["board"].value
    assert page.endswith("/board.html")
    assert made.metadata["picture"].value == page.replace(".html", ".png")
    folder = page.rsplit("/", 2)[1]
    board = json.loads(store.read(f"boards/{folder}/board.json"))
    assert board["track"]["title"] == module.CURATED.tracks[NAMES[0]].title
    assert made.metadata["licence"].value == "CC0-1.0"
    assert made.metadata["first_tiles"].value.startswith("![](data:")


def test_an_absent_track_fails_alone_and_says_why(materialize):
    done, painted = materialize(tags=one_run_over(NAMES[-3:]))

    assert not done.success
    assert painted == set(NAMES[-3:-1])
    failure = done.failure_data_for_node("library_board")
    said = failure.user_failure_data.metadata[NAMES[-1]].value
    assert said.startswith("not_listed:")
    assert "run fit_bridge" in said
