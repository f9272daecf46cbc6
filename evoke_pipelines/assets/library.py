"""Boards of the curated library: one partition a track, nothing has to be dropped."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import dagster as dg

from evoke_core.boards.compose import compose_board
from evoke_core.boards.desk import open_desk
from evoke_core.boards.library_song import find_library_song
from evoke_core.boards.shelf import hang_gallery, shelve
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.errors import TrackRefused
from evoke_core.music.encode import MusicEncoder
from evoke_core.storage.store import Store
from evoke_pipelines.partitions import CURATED, CURATED_TRACKS
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.songs import board_shown, board_version, fail_songs, song_asset


@song_asset(
    CURATED_TRACKS,
    kind="html",
    deps=["release", "track_manifest"],
    code_version="3",
    pool="milvus",
)
def library_board(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
    music_encoder: dg.ResourceParam[MusicEncoder],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
) -> Iterator[dg.AssetMaterialization]:
    """A stored board for each track of `curated_library.yaml`, by genre.

    Materialise a partition, or several at once, which loads the models once. A track
    that is not there, or can't be used, fails alone and says why.
    """
    failed: dict[str, str] = {}
    with ExitStack() as stack:
        stack.callback(hang_gallery, store)  # over what is done, also if a run breaks
        opened = stack.enter_context(index.open())
        desk = open_desk(store, opened, music_encoder, run_profile, vocabulary)
        for name in context.partition_keys:
            started = time.monotonic()
            try:
                found = find_library_song(CURATED.tracks[name], store)
                board = compose_board(found.song, found.read(store), desk)
            except TrackRefused as refusal:
                context.log.warning("%s: %s", name, refusal)
                failed[name] = f"{refusal.reason}: {refusal}"
                continue
            shelve(store, board)
            yield dg.AssetMaterialization(
                asset_key=context.asset_key,
                partition=name,
                metadata={
                    **board_shown(store, board.document),
                    "licence": found.licence,
                    "seconds": round(time.monotonic() - started, 2),
                },
                tags={"dagster/data_version": board_version(board.document)},
            )
    fail_songs(failed, "board")
