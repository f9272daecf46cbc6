"""Boards of dropped songs: one partition each, a burst in one run."""

import math
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress

import dagster as dg
from pydantic import Field

from evoke_core.boards.desk import Desk, open_desk
from evoke_core.boards.shelf import hang_gallery, read_board
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.corpus.listed import storable
from evoke_core.drops.drop import PREFIX, QUARANTINE, Drop, observe
from evoke_core.drops.tickets import read_ticket
from evoke_core.errors import BoardError
from evoke_core.music.encode import MusicEncoder
from evoke_core.serving.patience import Patience
from evoke_core.serving.serve import is_of_release, serve_drops
from evoke_core.serving.served import Served
from evoke_core.storage.store import Store
from evoke_pipelines.partitions import AUDIO_DROPS
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.songs import board_shown, board_version, fail_songs, song_asset

_LOST = "no_ticket: nothing says which song this was; drop it again"
_REMEDIES = {
    "refused": "{record} says what mends it; materialise this partition again then",
    "broken": "the run's log has the traceback; the sensor tries again, then rests",
}


class DropConfig(dg.Config):
    """How a run treats boards that already stand."""

    outdated_too: bool = Field(
        default=False, description="Also make boards again of an older release."
    )


@song_asset(AUDIO_DROPS, kind="html", deps=["release"], code_version="4", pool="milvus")
def audio_drop_board(
    context: dg.AssetExecutionContext,
    config: DropConfig,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
    music_encoder: dg.ResourceParam[MusicEncoder],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation]:
    """A stored board for each dropped song: board.html, board.png and board.json.

    A burst loads its models once. A song that can't be used is moved to quarantine
    with its reason and fails alone; materialise its partition again to take it back.
    """
    drops, lost = _find(context.partition_keys, store)
    rules = run_profile.drops
    patience = Patience(rules.patience)
    failed = dict.fromkeys(lost, _LOST)
    broken: Exception | None = None
    with ExitStack() as stack:
        stack.callback(hang_gallery, store)  # over what is done, also if a run breaks
        opened = patience.insist(lambda: stack.enter_context(index.open()))
        desk = patience.insist(
            lambda: open_desk(store, opened, music_encoder, run_profile, vocabulary)
        )
        afresh = _chooser(context, config, desk)
        for served in serve_drops(drops, desk, afresh=afresh, rules=rules):
            _log(context, served)
            if served.outcome == "board":
                yield _materialization(context, served, store)
            elif served.outcome != "gone":
                yield _observation(context, served)
                failed[served.drop.drop_id] = f"{served.reason}: {_said(served)}"
                broken = broken or served.error
    why = "at least one by an error of ours, see the log" if broken else "refused"
    fail_songs(failed, f"board, {why}", broken)


def _find(drop_ids: Sequence[str], store: Store) -> tuple[list[Drop], list[str]]:
    """Read the tickets of drops, in order, and name those that nothing is known of.

    A partition without a ticket is older than tickets, or was added by hand: what it
    stands for is looked for in the drops folder.
    """
    found: dict[str, Drop] = {}
    for drop_id in drop_ids:
        with suppress(KeyError):
            found[drop_id] = read_ticket(store, drop_id)
    lost = [drop_id for drop_id in drop_ids if drop_id not in found]
    if lost:
        lying = observe(store.listing(PREFIX), now_s=math.inf)
        found |= {drop.drop_id: drop for drop in lying if drop.drop_id in set(lost)}
    drops = [found[drop_id] for drop_id in drop_ids if drop_id in found]
    return drops, [drop_id for drop_id in lost if drop_id not in found]


def _chooser(
    context: dg.AssetExecutionContext, config: DropConfig, desk: Desk
) -> Callable[[Drop], bool]:
    """Say what is done again: the one song, or the refused ones, asked for by hand."""
    tags = context.run.tags
    by_hand = "dagster/sensor_name" not in tags or "dagster/parent_run_id" in tags
    alone = len(context.partition_keys) == 1

    def is_wanted_afresh(drop: Drop) -> bool:
        if not by_hand:
            return False
        has_board = desk.store.exists(f"boards/{drop.drop_id}/board.json")
        outdated = config.outdated_too and has_board
        return alone or not has_board or (outdated and not is_of_release(desk, drop))

    return is_wanted_afresh


def _song(served: Served) -> str:
    """Name the file; the UI takes no name that is no UTF-8."""
    return storable(served.drop.source_key)


def _said(served: Served) -> str:
    return storable(str(served.message))


def _log(context: dg.AssetExecutionContext, served: Served) -> None:
    said = (_song(served), _said(served))
    if served.error is not None:
        trace = "".join(traceback.format_exception(served.error))
        context.log.error("%s: %s\n%s", *said, trace)
    elif served.outcome == "board":
        context.log.info("%s: %.1f s", _song(served), served.seconds)
    else:
        context.log.warning("%s: %s", *said)


def _materialization(
    context: dg.AssetExecutionContext, served: Served, store: Store
) -> dg.AssetMaterialization:
    drop_id = served.drop.drop_id
    document = served.document or read_board(store, drop_id)
    if document is None:
        raise BoardError(f"board {drop_id} was deleted while it was served")
    return dg.AssetMaterialization(
        asset_key=context.asset_key,
        partition=drop_id,
        metadata={
            "song": _song(served),
            **board_shown(store, document),
            **({"notes": storable("; ".join(served.notes))} if served.notes else {}),
            "seconds": round(served.seconds, 2),
            **{f"seconds_{name}": round(s, 2) for name, s in served.spent.items()},
        },
        tags={"dagster/data_version": board_version(document)},
    )


def _observation(
    context: dg.AssetExecutionContext, served: Served
) -> dg.AssetObservation:
    """Say beside the failed partition why it failed and what mends it."""
    aside = f"{QUARANTINE}{served.drop.drop_id}.json"
    return dg.AssetObservation(
        asset_key=context.asset_key,
        partition=served.drop.drop_id,
        metadata={
            "song": _song(served),
            "reason": str(served.reason),
            "message": _said(served),
            "remedy": _REMEDIES[served.outcome].format(record=aside),
        },
    )
