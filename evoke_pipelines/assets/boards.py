"""Boards of dropped songs: one partition each, a burst in one run."""

import math

import dagster as dg

from evoke_core.boards.desk import Desk, open_desk
from evoke_core.boards.serve import Served, is_of_release, serve_drops
from evoke_core.boards.shelf import hang_gallery
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.drops.drop import PREFIX, Drop, observe
from evoke_core.music.encode import MusicEncoder
from evoke_core.storage.store import Store, digest
from evoke_pipelines.partitions import AUDIO_DROPS
from evoke_pipelines.resources import IndexAccess


class DropConfig(dg.Config):
    """How a run treats boards that already stand."""

    outdated_too: bool = False  # also make boards again that an older release made


@dg.asset(
    group_name="boards",
    kinds={"html"},
    partitions_def=AUDIO_DROPS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
    deps=["release"],
    code_version="1",
    pool="milvus",
)
# An annotation of None would paint every partition of the range.
def audio_drop_board(  # type: ignore[no-untyped-def]  # noqa: ANN201
    context: dg.AssetExecutionContext,
    config: DropConfig,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
    music_encoder: dg.ResourceParam[MusicEncoder],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
):
    """A stored board for each dropped song: board.html, board.png and board.json.

    A burst loads its models once. A song that can't be used is moved to quarantine
    with its reason and fails alone.
    """
    wanted = set(context.partition_keys)
    drops = [
        drop
        for drop in observe(store.listing(PREFIX), now_s=math.inf)
        if drop.drop_id in wanted
    ]
    alone = len(wanted) == 1  # asked for by name in the UI: made again
    with index.open() as opened:
        desk = open_desk(store, opened, music_encoder, run_profile, vocabulary)

        def afresh(drop: Drop) -> bool:
            return alone or (config.outdated_too and not is_of_release(desk, drop))

        refused = []
        for served in serve_drops(drops, desk, afresh=afresh):
            if served.page is None:
                context.log.warning("%s: %s", served.drop.source_key, served.message)
                refused.append(served)
            else:
                yield _materialization(context, served, store, desk)
    hang_gallery(store)
    _fail_for(refused)


def _materialization(
    context: dg.AssetExecutionContext, served: Served, store: Store, desk: Desk
) -> dg.AssetMaterialization:
    page = str(served.page)
    return dg.AssetMaterialization(
        asset_key=context.asset_key,
        partition=served.drop.drop_id,
        metadata={
            "song": served.drop.source_key,
            "board": dg.MetadataValue.path(store.locate(page)),
            "picture": dg.MetadataValue.path(
                store.locate(page.replace("board.html", "board.png"))
            ),
            "seconds": round(served.seconds, 2),
            "release": desk.release.release_id,
            "serves": desk.release.kind,
        },
        tags={"dagster/data_version": digest([page, desk.release.release_id])},
    )


def _fail_for(refused: list[Served]) -> None:
    """Paint the refused partitions as failed; without this they show nothing at all."""
    if refused:
        raise dg.Failure(
            description=f"{len(refused)} songs were refused and lie in quarantine",
            metadata={
                served.drop.drop_id: f"{served.reason}: {served.message}"
                for served in refused
            },
            allow_retries=False,
        )
