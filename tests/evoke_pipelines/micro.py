"""The demo's resources cut small: a few pictures, a dozen pieces. Not a test."""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.config.loading import load_run_profile, load_sources, load_vocabulary
from evoke_core.corpus.aesthetics import load_aesthetics
from evoke_core.corpus.licences import load_licences
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.memory.studio import StudioAccess
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_pipelines.definitions import STAGES
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.partitions import EVERY_SHARD
from evoke_pipelines.resources import IndexAccess

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_TO_THE_PAIRS = ("corpus", "images", "music", "pairs", "directions")


def micro(home: Path, *, pictures: int = 20) -> dict[str, Any]:
    """Hand out every resource of the graph.

    Args:
        home: Store, index and weights lie below it.
        pictures: Painted ones.
    """
    sources = load_sources(CONFIG_FOLDER)
    painted = sources.pictures["painted"].model_copy(update={"quota": pictures})
    pieces = sources.music["synthesized"].model_copy(update={"quota": 1})
    return {
        "store": LocalStore(home / "store"),
        "run_profile": load_run_profile(CONFIG_FOLDER, "demo"),
        "sources": sources.model_copy(
            update={"pictures": {"painted": painted}, "music": {"synthesized": pieces}}
        ),
        "vocabulary": load_vocabulary(CONFIG_FOLDER),
        "licences": load_licences(CONFIG_FOLDER / "licences.yaml"),
        "aesthetics": load_aesthetics(CONFIG_FOLDER / "aesthetics.yaml"),
        "image_encoder": HandcraftedImageEncoder(),
        "music_encoder": HandcraftedMusicEncoder(),
        "index": IndexAccess(str(home / "milvus.db")),
        "memory_studio": StudioAccess(home / "weights"),
    }


def refused_track() -> pl.DataFrame:
    """The shortest table there is: one track that was refused."""
    table = TABLES["track_refusals"]
    blank = dict.fromkeys(table.names(), "")
    return table.frame([blank | {"track_id": "a", "reason": "silent"}])


def refresh_to_pairs(given: dict[str, Any], instance: dg.DagsterInstance) -> set[str]:
    """Run the graph as far as the pairs; name the assets that did work."""
    graph = dg.Definitions(
        assets=dg.load_assets_from_modules(STAGES),
        resources=given,
        executor=dg.in_process_executor,
        jobs=[dg.define_asset_job("all", dg.AssetSelection.groups(*_TO_THE_PAIRS))],
    )
    result = graph.resolve_job_def("all").execute_in_process(
        instance=instance, run_config=QUIET, tags=EVERY_SHARD
    )
    return {
        event.asset_key.path[-1]
        for event in result.all_events
        if event.is_step_materialization
        and event.materialization.metadata["recomputed"].value
    }
