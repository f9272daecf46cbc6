"""The wiring as one readable table, and what loading it costs."""

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from evoke_core.schemas import TABLES
from evoke_pipelines.definitions import defs

ROOT = Path(__file__).parents[2]

GRAPH = """
corpus      source_manifests    <-
corpus      image_files         <- source_manifests
corpus      image_facts         <- image_files
images      image_embeddings    <- image_facts
corpus      duplicate_clusters  <- image_embeddings image_facts source_manifests
corpus      curated_images      <- duplicate_clusters image_embeddings image_facts image_files source_manifests
corpus      curation_report     <- curated_images image_embeddings image_facts source_manifests
images      image_tags          <- curated_images image_embeddings source_manifests
music       track_manifest      <-
music       track_embeddings    <- track_manifest
music       track_profiles      <- track_embeddings
music       track_refusals      <- track_embeddings
music       track_calibration   <- track_embeddings
music       track_tags          <- track_calibration track_embeddings track_manifest
pairs       training_pairs      <- curated_images image_embeddings image_tags track_tags
bridge      bridge_model        <- curated_pairs image_embeddings image_tags track_embeddings track_tags training_pairs
bridge      bridge_baselines    <- curated_pairs image_embeddings image_tags track_embeddings track_tags training_pairs
bridge      bridge_report       <- curated_pairs image_embeddings image_tags source_manifests track_embeddings track_manifest track_tags training_pairs
directions  mood_directions     <- curated_images image_embeddings image_tags
index       image_index         <- curated_images image_embeddings image_facts image_tags source_manifests
release     release             <- bridge_baselines bridge_model bridge_report curated_images image_index mood_directions track_calibration
boards      audio_drop_board    <- release
boards      board_report        <- curated_images image_tags release track_embeddings track_tags
reviews     study_page          <-
reviews     curated_pairs       <- duplicate_clusters track_embeddings
"""  # noqa: E501


def _graph():
    return defs.resolve_asset_graph()


def test_the_graph_is_the_table_above() -> None:
    graph = _graph()
    found = {
        f"{graph.get(key).group_name} {key.path[-1]} <- "
        + " ".join(sorted(parent.path[-1] for parent in graph.get(key).parent_keys))
        for key in graph.get_all_asset_keys()
    }
    expected = {" ".join(line.split()) for line in GRAPH.strip().splitlines()}
    assert {line.strip() for line in found} == expected


def test_every_asset_is_described_and_says_what_it_is_made_with() -> None:
    graph = _graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.kinds, key
        assert node.code_version, key


def test_every_stored_table_is_an_asset_with_a_blocking_schema_check() -> None:
    graph = _graph()
    names = {key.path[-1] for key in graph.get_all_asset_keys()}
    checks = {key.name for key in graph.asset_check_keys}
    assert set(TABLES) <= names
    assert {f"{table}_fit_the_data_dictionary" for table in TABLES} <= checks


def test_jobs_schedules_and_sensors_are_these() -> None:
    assert {job.name for job in defs.jobs or ()} == {
        "refresh_corpus",
        "fit_bridge",
        "publish_release",
        "compose_boards",
        "curate_reviews",
        "make_study",
    }
    assert [schedule.name for schedule in defs.schedules or ()] == ["weekly_refresh"]
    assert [sensor.name for sensor in defs.sensors or ()] == [
        "audio_drop_sensor",
        "verdict_sensor",
        "fit_after_refresh",
        "publish_after_fit",
    ]


def test_loading_the_code_location_imports_no_heavy_library() -> None:
    heavy = [
        "torch",
        "av",
        "pymilvus",
        "matplotlib",
        "open_clip",
        "muq",
        "ray",
        "diffusers",
        "boto3",
    ]
    program = (
        "import sys; from evoke_pipelines.definitions import defs;"
        "defs.resolve_asset_graph();"
        f"sys.stdout.write(' '.join(m for m in {heavy} if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        check=True,
        cwd=ROOT,
        text=True,
    )
    assert done.stdout == ""


def test_workspace_and_project_name_the_same_module() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = workspace["load_from"][0]["python_module"]["module_name"]
    target = project["tool"]["dg"]["project"]["code_location_target_module"]
    assert named == target == "evoke_pipelines.definitions"
