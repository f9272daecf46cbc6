"""Audio memory: beside each board an image drawn from the song's sound and words."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from evoke_core.boards.cover import hang_cover
from evoke_core.boards.library_song import find_library_song, stored_boards
from evoke_core.boards.shelf import read_board
from evoke_core.config.profile import RunProfile
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.drops.drop import SOURCE
from evoke_core.drops.tickets import read_ticket
from evoke_core.errors import TrackRefused
from evoke_core.memory.attempts import attempt
from evoke_core.memory.card import IMAGE, cover_of
from evoke_core.memory.keepsake import (
    read_card,
    refuse,
    remember_once,
    settle,
    strengths_key,
)
from evoke_core.memory.remember import Memory, RememberedSong
from evoke_core.memory.studio import Studio, StudioAccess
from evoke_core.serving.quarantine import find_audio
from evoke_core.serving.sidecars import kept_lyrics
from evoke_core.storage.store import Store
from evoke_pipelines.partitions import AUDIO_DROPS, CURATED, CURATED_TRACKS
from evoke_pipelines.shown import as_metadata, link, picture
from evoke_pipelines.songs import fail_songs, song_asset

REFUSED_TAG = "evoke/refused"  # of a run that failed because songs were refused
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


@song_asset(
    AUDIO_DROPS,
    kind="png",
    deps=["audio_drop_board"],
    code_version="3",
    pool="memory",
)
def audio_drop_memory(
    context: dg.AssetExecutionContext,
    config: MemoryConfig,
    store: dg.ResourceParam[Store],
    memory_studio: dg.ResourceParam[StudioAccess],
    run_profile: dg.ResourceParam[RunProfile],
) -> Iterator[dg.AssetMaterialization]:
    """An image for each board: memory.png, its card memory.json, and the board's cover.

    Off unless the profile has a section memory:. A burst loads its models once. A song
    that can't be remembered is named and keeps its board; its card says why. Stems,
    vectors and token states stay under private/ of the store.
    """
    yield from _remember_all(context, config, store, (memory_studio, run_profile))


@song_asset(
    CURATED_TRACKS,
    kind="png",
    deps=["library_board", "track_manifest"],
    code_version="2",
    pool="memory",
)
def library_memory(
    context: dg.AssetExecutionContext,
    config: MemoryConfig,
    store: dg.ResourceParam[Store],
    memory_studio: dg.ResourceParam[StudioAccess],
    run_profile: dg.ResourceParam[RunProfile],
) -> Iterator[dg.AssetMaterialization]:
    """An image for each board of the curated library, as `audio_drop_memory` has them.

    Off unless the profile has a section memory:.
    """
    yield from _remember_all(context, config, store, (memory_studio, run_profile))


def _remember_all(
    context: dg.AssetExecutionContext,
    config: MemoryConfig,
    store: Store,
    made_with: tuple[StudioAccess, RunProfile],
) -> Iterator[dg.AssetMaterialization]:
    access, profile = made_with
    if profile.memory is None:
        context.log.info(_OFF)
        return
    # Opened before any song is tried: absent weights are no song's fault.
    studio = access.open(store, profile.memory, profile.audio, profile.licence_policy)
    find = _FINDERS[context.asset_key.path[-1]]
    refused: dict[str, str] = {}
    for name in context.partition_keys:
        try:
            card, memory = _remember_one(find(name, store), studio, config)
        except TrackRefused as refusal:
            refused[name] = f"{refusal.reason}: {refusal}"
            context.log.warning("%s: %s", name, refusal)
            continue
        _log(context, card)
        yield _materialization(context, name, card, (memory, studio))
    if refused:
        tags = {REFUSED_TAG: str(len(refused))}
        context.instance.add_run_tags(context.run.run_id, tags)
    fail_songs(refused, "image")


@dataclass(frozen=True, slots=True)
class _Source:
    """What a partition stands for.

    Args:
        board_id: Of its board.
        read: Reads the song; may refuse it.
    """

    board_id: str
    read: Callable[[], bytes]


def _find_drop(drop_id: str, store: Store) -> _Source:
    return _Source(drop_id, partial(_read_drop, drop_id, store))


def _find_track(name: str, store: Store) -> _Source:
    """Find a curated track; one that no library lists any more has its board still."""
    track = CURATED.tracks[name]
    try:
        found = find_library_song(track, store)
    except TrackRefused as refusal:
        ending = f"-{track_id(track.library, track.key)[:10]}"
        boards = [each for each in stored_boards(store) if each.endswith(ending)]
        if not boards:
            raise
        return _Source(boards[0], partial(_refuse, refusal))
    return _Source(found.song.board_id, partial(found.read, store))


def _refuse(refusal: TrackRefused) -> bytes:
    raise refusal


_FINDERS = {"audio_drop_memory": _find_drop, "library_memory": _find_track}


def _remember_one(
    source: _Source, studio: Studio, config: MemoryConfig
) -> tuple[dict[str, Any], Memory | None]:
    """Remember one song and hang its image; a refusal is written beside its board.

    Raises:
        TrackRefused: It has no board, or its sound can't be had or used.
    """
    store, board_id = studio.store, source.board_id
    document = read_board(store, board_id)
    if document is None:
        raise TrackRefused("no_board", "it has no board; make its board first")
    try:
        with attempt(store, board_id), tempfile.TemporaryDirectory() as place:
            song, path = _know(document, store), Path(place) / "song"
            # On disk, so that no model shares the memory with a long song's file.
            path.write_bytes(_sound(document, source))
            card, memory = remember_once(song, path, studio, afresh=config.afresh)
    except TrackRefused as refusal:
        known = read_card(store, board_id)
        if known is None:
            refuse(store, board_id, refusal.reason, str(refusal))
        else:  # the image from before still is the song's
            _hang(store, known)
        raise
    _hang(store, card)
    return card, memory


def _know(document: Mapping[str, Any], store: Store) -> RememberedSong:
    return RememberedSong(
        song_id=document["board_id"],
        title=document["track"]["title"],
        moods=[mood["mood"] for mood in document["moods"]],
        lyrics=kept_lyrics(store, document["board_id"]),
    )


def _sound(document: Mapping[str, Any], source: _Source) -> bytes:
    track = document["track"]
    if track["source"] == SOURCE and track["audio"] is None:
        message = "it was linked, and its sound was not kept; drop the song itself"
        raise TrackRefused("linked", message)
    return source.read()


def _read_drop(drop_id: str, store: Store) -> bytes:
    with suppress(KeyError):
        return find_audio(store, read_ticket(store, drop_id)).audio
    message = "its sound is not in the store any more; drop the song again"
    raise TrackRefused("gone", message)


def _hang(store: Store, card: Mapping[str, Any]) -> None:
    """Give a board its cover; one that was made anew meanwhile waits for the next."""
    if hang_cover(store, card["board_id"], cover_of(card)) is not None:
        settle(store, card)


def _log(context: dg.AssetExecutionContext, card: Mapping[str, Any]) -> None:
    if card["status"] == "withheld":
        context.log.warning("%s: %s", card["title"], card["message"])
    else:
        seconds = sum(card["seconds"].values())
        context.log.info("%s: %.1f s", card["title"], seconds)


def _materialization(
    context: dg.AssetExecutionContext,
    name: str,
    card: Mapping[str, Any],
    made: tuple[Memory | None, Studio],
) -> dg.AssetMaterialization:
    """Show the way from the song to its image; plots of private sound stay small."""
    memory, studio = made
    board_id, store = card["board_id"], studio.store
    image = f"boards/{board_id}/{IMAGE}"
    plots = {"strengths": strengths_key(board_id)}
    if memory is not None:
        plots["stems"] = memory.sound.plot_key
    return dg.AssetMaterialization(
        asset_key=context.asset_key,
        partition=name,
        metadata={
            "title": card["title"],
            "status": card["status"],
            **({"reason": card["message"]} if card["message"] else {}),
            **({"image": link(store, image)} if card["image"] else {}),
            "words": card["words"]["said"],
            **{
                f"words_{about}": card["words"][about]
                for about in ("note", "reading")
                if card["words"][about]
            },
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
