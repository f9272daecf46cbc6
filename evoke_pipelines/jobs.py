"""What people and schedules start.

All run in one process: a step of these small graphs takes less time than starting a
process for it, and models are loaded once.
"""

from typing import Any

import dagster as dg

from evoke_pipelines.operations import refine_board, roll_back
from evoke_pipelines.pods import gpu_tags

refresh_corpus = dg.define_asset_job(
    "refresh_corpus",
    selection=dg.AssetSelection.groups("corpus", "images"),
    description="Pictures: list, fetch, measure, embed, dedupe, curate and tag.",
    tags=gpu_tags(),
    executor_def=dg.in_process_executor,
)

fit_bridge = dg.define_asset_job(
    "fit_bridge",
    selection=dg.AssetSelection.groups("music", "pairs", "bridge"),
    description="Music: render, embed and tag; pair with pictures; fit and judge.",
    tags=gpu_tags(),
    executor_def=dg.in_process_executor,
)

publish_release = dg.define_asset_job(
    "publish_release",
    selection=dg.AssetSelection.groups("directions", "index", "release")
    | dg.AssetSelection.assets("board_report", "evoke_report"),
    description="Build and verify the index, ask the gate, replace the release.",
    executor_def=dg.in_process_executor,
)

compose_boards = dg.define_asset_job(
    "compose_boards",
    selection=dg.AssetSelection.assets("audio_drop_board"),
    description="Boards of dropped songs; a burst in one run.",
    tags=gpu_tags(),
    executor_def=dg.in_process_executor,
)

curate_reviews = dg.define_asset_job(
    "curate_reviews",
    selection=dg.AssetSelection.assets("curated_pairs"),
    description="Verdict files become curated pairs.",
    executor_def=dg.in_process_executor,
)

make_study = dg.define_asset_job(
    "make_study",
    selection=dg.AssetSelection.assets("study_page"),
    description="A page on which people judge boards, blind.",
    executor_def=dg.in_process_executor,
)

compose_library = dg.define_asset_job(
    "compose_library",
    selection=dg.AssetSelection.assets("library_board"),
    description="Boards of the curated library, without a drop.",
    executor_def=dg.in_process_executor,
)

make_playlist = dg.define_asset_job(
    "make_playlist",
    selection=dg.AssetSelection.assets("playlist"),
    description="Pictures ask; tracks of the library answer.",
    executor_def=dg.in_process_executor,
)

compare_boards = dg.define_asset_job(
    "compare_boards",
    selection=dg.AssetSelection.assets("board_comparison"),
    description="Two boards of one song side by side.",
    executor_def=dg.in_process_executor,
)

remember_songs = dg.define_asset_job(
    "remember_songs",
    selection=dg.AssetSelection.assets("audio_drop_memory"),
    description="Images beside boards, where the profile asks for them.",
    executor_def=dg.in_process_executor,
    tags=gpu_tags(),
)

make_report = dg.define_asset_job(
    "make_report",
    selection=dg.AssetSelection.groups("status"),
    description="The status page, as things are now.",
    executor_def=dg.in_process_executor,
)

JOBS: list[Any] = [
    refresh_corpus,
    fit_bridge,
    publish_release,
    roll_back,
    compose_boards,
    remember_songs,
    compose_library,
    refine_board,
    compare_boards,
    make_playlist,
    curate_reviews,
    make_study,
    make_report,
]
