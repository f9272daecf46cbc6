"""What people, schedules and sensors start.

All run in one process: a step of these small graphs takes less time than starting a
process for it, and models are loaded once.
"""

from typing import Any

import dagster as dg

from evoke_pipelines.operations import refine_board, roll_back
from evoke_pipelines.pods import gpu_tags

_groups, _assets = dg.AssetSelection.groups, dg.AssetSelection.assets


def _job(
    name: str, selection: dg.AssetSelection, description: str, *, encodes: bool = False
) -> Any:  # noqa: ANN401 (a type that Dagster keeps to itself)
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        executor_def=dg.in_process_executor,
        tags=gpu_tags() if encodes else None,
    )


refresh_corpus = _job(
    "refresh_corpus",
    _groups("corpus", "images"),
    "Pictures: list, fetch, measure, embed, dedupe, curate and tag.",
    encodes=True,
)
fit_bridge = _job(
    "fit_bridge",
    _groups("music", "pairs", "bridge"),
    "Music: render, embed and tag; pair with pictures; fit and judge.",
    encodes=True,
)
publish_release = _job(
    "publish_release",
    _groups("directions", "index", "release") | _assets("board_report", "evoke_report"),
    "Build and verify the index, ask the gate, replace the release.",
    encodes=True,
)
compose_boards = _job(
    "compose_boards",
    _assets("audio_drop_board"),
    "Boards of dropped songs; a burst in one run.",
    encodes=True,
)
remember_songs = _job(
    "remember_songs",
    _assets("audio_drop_memory"),
    "Images beside boards, where the profile asks for them.",
    encodes=True,
)
remember_library = _job(
    "remember_library",
    _assets("library_memory"),
    "Images beside boards of the curated library.",
    encodes=True,
)
fit_memory = _job(
    "fit_memory",
    _assets("memory_projection"),
    "Hear the library in its stems; fit how sounds pull words. Hours, and resumable.",
    encodes=True,
)
compose_library = _job(
    "compose_library",
    _assets("library_board"),
    "Boards of the curated library, without a drop.",
    encodes=True,
)
make_playlist = _job(
    "make_playlist",
    _assets("playlist"),
    "Pictures ask; tracks of the library answer.",
    encodes=True,
)
compare_boards = _job(
    "compare_boards",
    _assets("board_comparison"),
    "Two boards of one song side by side.",
)
curate_reviews = _job(
    "curate_reviews",
    _assets("curated_pairs"),
    "Verdict files become curated pairs.",
)
make_study = _job(
    "make_study",
    _assets("study_page"),
    "A page on which people judge boards, blind.",
)
make_report = _job(
    "make_report",
    _groups("status"),
    "The status page, as things are now.",
)

JOBS = [
    refresh_corpus,
    fit_bridge,
    publish_release,
    roll_back,
    compose_boards,
    remember_songs,
    remember_library,
    fit_memory,
    compose_library,
    refine_board,
    compare_boards,
    make_playlist,
    curate_reviews,
    make_study,
    make_report,
]
