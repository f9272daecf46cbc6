"""Boards of the curated library: one partition a track, nothing has to be dropped."""

import time
from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.boards.compose import Board, compose_board
from evoke_core.boards.desk import Desk, open_desk
from evoke_core.boards.library_song import LibrarySong, find_library_song
from evoke_core.boards.shelf import hang_gallery, shelve
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.errors import TrackRefused
from evoke_core.music.encode import MusicEncoder
from evoke_core.storage.store import Store, digest
from evoke_pipelines.partitions import CURATED, CURATED_TRACKS
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.shown import as_metadata, thumbnails

_MOODS_SHOWN = 3
_TILES_SHOWN = 10  # one row of a contact sheet


@dg.asset(
    group_name="boards",
    kinds={"html"},
    partitions_def=CURATED_TRACKS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
    deps=["release", "track_manifest"],
    code_version="2",
    pool="milvus",
)
# An annotation of None would paint every partition of the range.
def library_board(  # type: ignore[no-untyped-def]  # noqa: ANN201
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
    music_encoder: dg.ResourceParam[MusicEncoder],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
):
    """A stored board for each track of `curated_library.yaml`, by genre.

    Materialise a partition, or several at once, which loads the models once. A track
    that is not there, or can't be used, fails alone and says why.
    """
    failed: dict[str, str] = {}
    with index.open() as opened:
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
            page = shelve(store, board)
            shown = _shown(found, board, desk) | {
                "board": dg.MetadataValue.path(store.locate(page)),
                "seconds": round(time.monotonic() - started, 2),
            }
            yield _materialization(context, name, shown)
    hang_gallery(store)
    _fail_for(failed)


def _materialization(
    context: dg.AssetExecutionContext, name: str, shown: Mapping[str, Any]
) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=context.asset_key,
        partition=name,
        metadata=shown,
        tags={"dagster/data_version": digest([name, shown["release"]])},
    )


def _shown(found: LibrarySong, board: Board, desk: Desk) -> dict[str, Any]:
    document = board.document
    hashes = [
        desk.pictures[tile["image_id"]]["sha256"]
        for tile in document["tiles"][:_TILES_SHOWN]
    ]
    moods = [mood["mood"] for mood in document["moods"][:_MOODS_SHOWN]]
    small = thumbnails(desk.store, pl.Series(hashes), spread=False)
    picture = f"boards/{document['board_id']}/board.png"
    return {
        "title": document["track"]["title"],
        "moods": ", ".join(moods),
        "tiles": len(document["tiles"]),
        "first_tiles": as_metadata(small),
        "picture": dg.MetadataValue.path(desk.store.locate(picture)),
        "licence": found.licence,
        "release": document["release"]["release_id"],
        "serves": document["release"]["bridge"],
    }


def _fail_for(failed: Mapping[str, str]) -> None:
    """Paint the partitions without a board as failed."""
    if failed:
        raise dg.Failure(
            description=f"{len(failed)} tracks have no board: {'; '.join(failed)}",
            metadata=dict(failed),
            allow_retries=False,
        )
