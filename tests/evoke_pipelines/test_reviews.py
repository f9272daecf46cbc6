"""The review loop in Dagster: a page is made, files are seen, pairs come out."""

import json
import os
import time
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import BoardError
from evoke_core.reviews.study import read_study
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import read_table, write_table
from evoke_pipelines.assets.reviews import StudyConfig, curated_pairs, study_page
from evoke_pipelines.definitions import defs
from evoke_pipelines.sensors import verdict_sensor

COUNT = 40
BOARD = {
    "schema": "evoke.board/1",
    "board_id": "dawn-0",
    "track": {
        "track_id": "dawn-0", "sha256": "ab" * 32, "title": "Dawn", "peaks": [0.5],
        "duration_s": 4.0, "audio": None,
    },
    "arc": [],
    "sections": [],
    "tiles": [{"image_id": f"p{number:02d}"} for number in range(12)],
    "candidates": [{"image_id": f"p{number:02d}"} for number in range(20)],
    "refinement": {
        "dimension": 2, "board_size": 12, "balance": 0.8, "max_per_artist": 12,
        "max_per_source": None, "queries": [{"weight": 1.0, "vector": [1.0, 0.0]}],
        "axes": [{"direction": [0.0, 1.0]}] * 4, "reach": 1.0,
    },
    "release": {"bridge": "ridge"},
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    made = LocalStore(tmp_path)
    made.write("boards/dawn-0/board.json", json.dumps(BOARD).encode())
    return made


@pytest.fixture
def pictures(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty pictures on a circle, instead of the tables that describe them."""
    angles = np.linspace(0, 2 * np.pi, COUNT, endpoint=False)
    ids = [f"p{number:02d}" for number in range(COUNT)]
    jpeg = encode_jpeg(np.full((64, 64, 3), 90, np.uint8), longest_px=64)
    for image_id in ids:
        store.write(thumbnail_key(image_id), jpeg)
    frame = pl.DataFrame(
        {
            "image_id": ids, "cluster_id": ids, "sha256": ids, "title": ids,
            "embedding": np.stack([np.cos(angles), np.sin(angles)], axis=1).tolist(),
        }
    ).with_columns(
        source=pl.lit("hall"), attribution=pl.lit("credit"), licence=pl.lit("CC0-1.0"),
        artist=pl.lit(None, pl.String), url=pl.lit(None, pl.String),
        licence_url=pl.lit(None, pl.String),
    )  # fmt: skip
    monkeypatch.setattr("evoke_core.reviews.making.served_pictures", lambda _: frame)


def drop_verdict(store: LocalStore, rater: str = "Ann", **changes: object) -> None:
    verdict = {
        "schema": "evoke.verdict/1", "kind": "board", "board_id": "dawn-0",
        "rater": {"name": rater, "background": "musician"},
        "saved_at": "2026-03-01T10:00:00Z", "locked": ["p01"], "dropped": ["p02"],
    } | changes  # fmt: skip
    key = f"reviews/inbox/{rater}.json"
    store.write(key, json.dumps(verdict).encode())
    then = time.time() - 60
    os.utime(store.locate(key), (then, then))


def curate(store: LocalStore) -> dict[str, object]:
    done = dg.materialize([curated_pairs], resources={"store": store})
    [made] = done.asset_materializations_for_node("curated_pairs")
    return {name: shown.value for name, shown in made.metadata.items()}


def tick(
    store: LocalStore, instance: dg.DagsterInstance, cursor: str | None = None
) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"store": store}, definitions=defs
    )
    return verdict_sensor(context)


def test_a_study_is_made_from_the_stored_boards(store: LocalStore, pictures) -> None:
    config = StudyConfig(trials=4, seed=7)
    shown = study_page(dg.build_asset_context(), config, store).metadata
    study = read_study(store, str(shown["study"]))
    assert study is not None
    assert study.seed == 7
    assert (shown["boards_compared"], shown["single_pictures"]) == (1, 3)
    assert shown["songs_without_audio"] == 1
    page = store.read(f"reviews/studies/{study.study_id}.html")
    assert len(page) == shown["size_bytes"]


def test_a_study_without_boards_says_what_to_do(tmp_path: Path, pictures) -> None:
    empty = LocalStore(tmp_path / "empty")
    with pytest.raises(BoardError, match="drop a song"):
        study_page(dg.build_asset_context(), StudyConfig(), empty)


def test_verdict_files_become_curated_pairs_and_a_summary(store: LocalStore) -> None:
    drop_verdict(store)
    drop_verdict(store, "Bo", dropped=["p01"], locked=["p03"])
    shown = curate(store)
    pairs = read_table(store, "curated_pairs")
    assert dict(pairs.select("image_id", "match").iter_rows()) == {"p02": 0, "p03": 1}
    assert (shown["raters"], shown["ties_left_out"]) == (2, 1)
    assert store.read("reviews/curated_pairs.csv").startswith(
        b"track_id,image_id,match"
    )
    summary = json.loads(store.read("reports/reviews.json"))
    assert summary["alpha"]["all"]["n"] == 1


def test_nothing_new_computes_nothing_and_a_new_file_does(store: LocalStore) -> None:
    drop_verdict(store)
    assert curate(store)["recomputed"] is True
    assert curate(store)["recomputed"] is False
    drop_verdict(store, "Bo")
    assert curate(store)["recomputed"] is True
    assert read_table(store, "curated_pairs")["raters"].to_list() == [2, 2]


def test_an_empty_inbox_is_an_empty_table(store: LocalStore) -> None:
    shown = curate(store)
    assert shown["verdict_files"] == 0
    assert read_table(store, "curated_pairs").height == 0


def test_a_song_that_a_library_holds_goes_by_its_name_there(store: LocalStore) -> None:
    heard = {
        "track_id": "library-1", "part": 0, "start_s": 0.0, "end_s": 4.0,
        "sha256": "ab" * 32, "fingerprint": "ear/1", "valence": 0.0, "arousal": 0.0,
        "embedding": [1.0],
    }  # fmt: skip
    frame = pl.DataFrame([heard]).cast(
        {"part": pl.Int32, "embedding": pl.List(pl.Float32)}
        | dict.fromkeys(("start_s", "end_s", "valence", "arousal"), pl.Float32)
    )
    write_table(store, "track_embeddings", frame)
    drop_verdict(store)
    curate(store)
    assert set(read_table(store, "curated_pairs")["track_id"]) == {"library-1"}


def test_new_verdicts_start_one_run_and_an_empty_inbox_none(store: LocalStore) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(store, instance), dg.SkipReason)
        drop_verdict(store)
        drop_verdict(store, "Bo")
        result = tick(store, instance)
        assert len(result.run_requests) == 1
        curate(store)
        assert isinstance(tick(store, instance, result.cursor), dg.SkipReason)


def test_files_whose_runs_break_are_tried_three_times_until_one_is_new(
    store: LocalStore,
) -> None:
    drop_verdict(store)
    with dg.DagsterInstance.ephemeral() as instance:
        cursor, asked = None, 0
        while not isinstance(result := tick(store, instance, cursor), dg.SkipReason):
            cursor, asked = result.cursor, asked + 1
        assert asked == 3
        drop_verdict(store, "Bo")
        assert len(tick(store, instance, cursor).run_requests) == 1


def test_a_file_that_is_still_being_copied_waits(store: LocalStore) -> None:
    store.write("reviews/inbox/fresh.json", b"{}")
    soon = time.time() + 60  # however long a busy machine takes to look
    os.utime(store.locate("reviews/inbox/fresh.json"), (soon, soon))
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(store, instance), dg.SkipReason)
