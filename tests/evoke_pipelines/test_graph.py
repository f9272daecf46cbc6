"""The whole graph on a micro corpus: from nothing to a board, and again, and broken."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from evoke_core.config.loading import (
    load_run_profile,
)
from evoke_core.drops.drop import observe
from evoke_core.images.encoders import open_image_encoder
from evoke_core.music.encoders import open_music_encoder
from evoke_core.release import read_release
from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import read_stamp
from evoke_core.storage.tables import read_table
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.definitions import STAGES
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.operations import refine_board, roll_back
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, EVERY_SHARD, one_run_over
from tests.evoke_pipelines.micro import micro

# Partitioned otherwise, or told what to do by whoever starts them.
BY_HAND = ("audio_drop_board", "audio_drop_memory", "library_board", "library_memory",
           "study_page", "playlist", "board_comparison")  # fmt: skip
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run(resources: dict[str, Any], instance: dg.DagsterInstance, **options: Any):
    graph = dg.Definitions(
        assets=dg.load_assets_from_modules(STAGES),
        asset_checks=CHECKS,
        resources=resources,
        executor=dg.in_process_executor,
        jobs=[
            dg.define_asset_job(
                "corpus_to_release",
                dg.AssetSelection.all() - dg.AssetSelection.assets(*BY_HAND),
            ),
            dg.define_asset_job("boards", dg.AssetSelection.assets("audio_drop_board")),
        ],
    )
    name = options.pop("job", "corpus_to_release")
    if "partition_key" not in options:
        options.setdefault("tags", EVERY_SHARD)
    return graph.resolve_job_def(name).execute_in_process(
        instance=instance, run_config=QUIET, raise_on_error=False, **options
    )


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture(scope="module")
def finished(tmp_path_factory, instance) -> tuple[dict[str, Any], Any]:
    resources = micro(tmp_path_factory.mktemp("finished"))
    return resources, run(resources, instance)


def stamps(resources: dict[str, Any]) -> dict[str, str]:
    """Digest every result but the status page, which says when others were made."""
    store = resources["store"]
    names = [key.removesuffix(".json") for key in _names(store, "stamps/")]
    names.remove("evoke_report")
    return {name: read_stamp(store, name).digest for name in names}


def _names(store: LocalStore, prefix: str) -> list[str]:
    return [found.key.removeprefix(prefix) for found in store.listing(prefix)]


def recomputed(result: Any) -> set[str]:
    """Name the assets that did work."""
    return {
        event.asset_key.path[-1]
        for event in result.all_events
        if event.is_step_materialization
        and (told := event.materialization.metadata.get("recomputed")) is not None
        and told.value
    }


def test_every_stage_materialises_and_every_blocking_check_passes(finished) -> None:
    resources, result = finished
    assert result.success
    failed = [
        c.check_name for c in result.get_asset_check_evaluations() if not c.passed
    ]
    assert set(failed) <= {"sliders_move_what_they_name"}  # a warning on two dozen
    assert read_release(resources["store"]).pictures > 0


def test_planted_duplicates_are_found_and_nothing_else(finished) -> None:
    store = finished[0]["store"]
    clusters = read_table(store, "duplicate_clusters")
    manifest = read_table(store, "source_manifests")
    planted = set(manifest.drop_nulls("duplicate_of")["source_key"])
    original = set(manifest.drop_nulls("duplicate_of")["duplicate_of"])
    dropped = set(clusters.filter(~clusters["is_keeper"])["source_key"])
    assert dropped <= planted | original
    assert len(dropped) == len(planted)


def test_a_second_run_computes_nothing(finished, instance) -> None:
    resources, _ = finished
    assert recomputed(run(resources, instance)) == set()


def test_changed_tag_rules_leave_pixels_alone(finished, instance) -> None:
    resources, _ = finished
    profile = resources["run_profile"]
    wider = profile.tags.model_copy(update={"bandwidth": 0.36})
    changed = {**resources, "run_profile": profile.model_copy(update={"tags": wider})}
    worked = recomputed(run(changed, instance))
    assert "image_tags" in worked
    assert not worked & {"image_files", "image_facts", "image_embeddings"}
    run(resources, instance)


def test_a_run_that_broke_half_way_ends_the_same_when_run_again(
    finished, instance, tmp_path, monkeypatch
) -> None:
    resources = micro(tmp_path)
    whole = LocalStore.write
    left = 60

    def write_until_the_power_fails(self, key: str, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("power failure")
        whole(self, key, data)

    monkeypatch.setattr(LocalStore, "write", write_until_the_power_fails)
    while not run(resources, instance).success:
        left = 60
    monkeypatch.undo()
    assert stamps(resources) == stamps(finished[0])


def test_dropped_songs_become_boards_and_a_bad_one_fails_alone(
    finished, instance
) -> None:
    resources, _ = finished
    store = resources["store"]
    song = next(key for key in _names(store, "tracks/") if "nocturne" in key)
    store.write("drops/night.flac", store.read(f"tracks/{song}"))
    store.write("drops/not a song.mp3", b"just text, no sound")
    drops = observe(store.listing("drops/"), now_s=math.inf)
    ids = [drop.drop_id for drop in drops]
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, ids)
    result = run(
        resources,
        instance,
        job="boards",
        tags=one_run_over(ids),
    )
    assert not result.success  # so that the bad partition is painted as failed
    good, bad = ids
    board = json.loads(store.read(f"boards/{good}/board.json"))
    assert board["track"]["source_key"] == "night.flac"
    assert all(tile["licence"] and tile["attribution"] for tile in board["tiles"])
    record = json.loads(store.read(f"quarantine/{bad}.json"))
    assert record["reason"] == "not_audio"
    assert not store.exists("drops/not a song.mp3")
    done = instance.get_materialized_partitions(dg.AssetKey("audio_drop_board"))
    assert done == {good}


def test_the_local_profile_goes_from_weights_on_disk_to_a_board(
    tmp_path: Path,
    instance: dg.DagsterInstance,
    save_clip,
    save_muq,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    weights = tmp_path / "weights"
    save_clip(weights / "open_clip" / "tiny-clip")
    save_muq(weights / "muq" / "tiny-muq")
    profile = load_run_profile(CONFIG_FOLDER, "local")
    image = profile.image_encoder.model_copy(update={"model": "local-dir:tiny-clip"})
    music = profile.music_encoder.model_copy(update={"model": "tiny-muq"})
    resources = micro(tmp_path) | {
        "run_profile": profile.model_copy(update={"pictures": ("painted",)}),
        "image_encoder": open_image_encoder(image, weights),
        "music_encoder": open_music_encoder(music, weights),
    }
    first = run(resources, instance)
    store = resources["store"]

    assert first.success
    assert set(read_table(store, "image_embeddings")["embedding"].list.len()) == {16}
    assert recomputed(run(resources, instance)) == set()

    audio = next(store.listing("tracks/")).key
    store.write("drops/a song.flac", store.read(audio))
    [drop] = observe(store.listing("drops/"), now_s=math.inf)
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [drop.drop_id])
    assert run(resources, instance, job="boards", partition_key=drop.drop_id).success
    board = json.loads(store.read(f"boards/{drop.drop_id}/board.json"))
    assert len(board["tiles"]) > 0


def test_a_stored_board_is_refined_without_its_song(finished, instance) -> None:
    resources, _ = finished
    store = resources["store"]
    song = next(key for key in _names(store, "tracks/") if "waltz" in key)
    store.write("drops/dance.flac", store.read(f"tracks/{song}"))
    [drop] = [
        drop
        for drop in observe(store.listing("drops/"), now_s=math.inf)
        if drop.source_key == "dance.flac"
    ]
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [drop.drop_id])
    assert run(resources, instance, job="boards", partition_key=drop.drop_id).success
    store.delete("drops/dance.flac")
    asked = {"board": drop.drop_id, "warmth": 1.0, "size": 6}
    refined = refine_board.execute_in_process(
        resources=resources,
        run_config={**QUIET, "ops": {"compose_refined": {"config": asked}}},
    )
    assert refined.success
    [key] = [
        key
        for key in _names(store, "boards/")
        if key.startswith(f"{drop.drop_id}--") and key.endswith("board.json")
    ]
    board = json.loads(store.read(f"boards/{key}"))
    assert len(board["tiles"]) == 6
    assert board["refined_from"] == drop.drop_id
    assert board["refinement"]["setting"] == {"warmth": 1.0}


def test_a_release_is_rolled_back_by_one_job(finished, instance) -> None:
    resources, _ = finished
    store = resources["store"]
    now = read_release(store)
    profile = resources["run_profile"]
    wider = profile.tags.model_copy(update={"bandwidth": 0.5})
    changed = {
        **resources,
        "run_profile": profile.model_copy(update={"tags": wider}),
    }
    assert run(changed, instance).success
    assert read_release(store).release_id != now.release_id
    rolled = roll_back.execute_in_process(resources=resources, run_config=QUIET)
    assert rolled.success
    assert read_release(store).release_id == now.release_id
