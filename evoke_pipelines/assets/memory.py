"""Audio memory: beside each board an image drawn from the song's sound and words."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import dagster as dg
from pydantic import Field

from evoke_core.boards.cover import hang_cover
from evoke_core.boards.shelf import read_board
from evoke_core.config.profile import RunProfile
from evoke_core.drops.tickets import read_ticket
from evoke_core.errors import TrackRefused
from evoke_core.memory.card import IMAGE, cover_of
from evoke_core.memory.keepsake import remember_once, strengths_key
from evoke_core.memory.remember import Memory, RememberedSong
from evoke_core.memory.studio import Studio, StudioAccess
from evoke_core.serving.quarantine import find_audio
from evoke_core.serving.sidecars import read_lyrics
from evoke_core.storage.store import Store
from evoke_pipelines.partitions import AUDIO_DROPS
from evoke_pipelines.shown import as_metadata, picture

_OFF = (
    "the profile has no section memory:, so no image is drawn; choose a profile with "
    "one, such as EVOKE_PROFILE=memory"
)


class MemoryConfig(dg.Config):
    """How a run treats songs that are remembered already."""

    afresh: bool = Field(
        default=False,
        description="Also draw again what the same models and rules have drawn.",
    )


@dg.asset(
    group_name="boards",
    kinds={"png"},
    partitions_def=AUDIO_DROPS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
    deps=["audio_drop_board"],
    code_version="1",
    pool="memory",
)
# An annotation of None would paint every partition of the range.
def audio_drop_memory(  # type: ignore[no-untyped-def]  # noqa: ANN201
    context: dg.AssetExecutionContext,
    config: MemoryConfig,
    store: dg.ResourceParam[Store],
    memory_studio: dg.ResourceParam[StudioAccess],
    run_profile: dg.ResourceParam[RunProfile],
):
    """An image for each board: memory.png, its card memory.json, and the board's cover.

    Off unless the profile has a section memory:. A burst loads its models once. A song
    whose sound can't be had again is left out and named; stems, vectors and token
    states stay under private/ of the store.
    """
    rules = run_profile.memory
    if rules is None:
        context.log.info(_OFF)
        return
    studio = memory_studio.open(
        store, rules, run_profile.audio, run_profile.licence_policy
    )
    refused: dict[str, str] = {}
    for drop_id in context.partition_keys:
        try:
            found = _find(drop_id, store)
            card, memory = remember_once(*found, studio, afresh=config.afresh)
        except TrackRefused as refusal:
            refused[drop_id] = f"{refusal.reason}: {refusal}"
            context.log.warning("%s: %s", drop_id, refusal)
            continue
        hang_cover(store, drop_id, cover_of(card))
        _log(context, card)
        yield _materialization(context, card, memory, studio)
    if refused:
        raise dg.Failure(
            description=f"{len(refused)} songs have no image: " + ", ".join(refused),
            metadata=dict(refused),
            allow_retries=False,
        )


def _find(drop_id: str, store: Store) -> tuple[RememberedSong, bytes]:
    """Read a song and what its board knows of it.

    Raises:
        TrackRefused: It has no board, or its sound is not in the store any more.
    """
    document = read_board(store, drop_id)
    if document is None:
        raise TrackRefused("no_board", "it has no board; serve its drop first")
    if document["track"]["audio"] is None:
        message = "it was linked, and its sound was not kept; drop the song itself"
        raise TrackRefused("linked", message)
    lyrics = read_lyrics(store, drop_id)
    song = RememberedSong(
        song_id=drop_id,
        title=document["track"]["title"],
        moods=[mood["mood"] for mood in document["moods"]],
        lyrics=lyrics.text if lyrics else None,
    )
    with suppress(KeyError):
        return song, find_audio(store, read_ticket(store, drop_id)).audio
    message = "its sound is not in the store any more; drop the song again"
    raise TrackRefused("gone", message)


def _log(context: dg.AssetExecutionContext, card: Mapping[str, Any]) -> None:
    if card["status"] == "withheld":
        context.log.warning("%s: %s", card["title"], card["message"])
    else:
        seconds = sum(card["seconds"].values())
        context.log.info("%s: %.1f s", card["title"], seconds)


def _materialization(
    context: dg.AssetExecutionContext,
    card: Mapping[str, Any],
    memory: Memory | None,
    studio: Studio,
) -> dg.AssetMaterialization:
    """Show the way from the song to its image; plots of private sound stay small."""
    drop_id, store = card["board_id"], studio.store
    image = f"boards/{drop_id}/{IMAGE}"
    plots = {"strengths": strengths_key(drop_id)}
    if memory is not None:
        plots["stems"] = memory.sound.plot_key
    return dg.AssetMaterialization(
        asset_key=context.asset_key,
        partition=drop_id,
        metadata={
            "title": card["title"],
            "status": card["status"],
            **({"reason": card["message"]} if card["message"] else {}),
            **({"image": store.locate(image)} if card["image"] else {}),
            "words": card["words"]["said"],
            **{f"words_{n}": card["words"][n] or "" for n in ("note", "reading")},
            "strength": card["fusion"]["strength"],
            "moved_by_sound": card["fusion"]["moved_by_sound"],
            "seed": str(card["seed"]),  # larger than what the UI's numbers hold
            "licences": "; ".join(
                f"{one['name']}: {one['licence']}" for one in card["models"]
            ),
            **{f"seconds_{what}": spent for what, spent in card["seconds"].items()},
            **{
                name: as_metadata(picture(store.read(key)))
                for name, key in plots.items()
                if store.exists(key)
            },
        },
        tags={"dagster/data_version": _data_version(card)},
    )


def _data_version(card: Mapping[str, Any]) -> str:
    image = card["image"]
    return str(image["sha256"][:16]) if image else f"withheld-{card['fingerprint']}"
