"""What is made of stored boards on request: a playlist for pictures, a comparison."""

from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from evoke_core.appraisal.comparison import shelve_comparison
from evoke_core.appraisal.exact_desk import exact_desk
from evoke_core.boards.desk import Desk
from evoke_core.boards.shelf import require_board
from evoke_core.config.collections import Sources
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.corpus.contact_sheet import contact_sheet
from evoke_core.errors import ConfigError
from evoke_core.images.encode import ImageEncoder
from evoke_core.music.encode import MusicEncoder
from evoke_core.playlists.asked import Asked, ask_with_files, ask_with_tiles
from evoke_core.playlists.playlist import (
    Playlist,
    PlaylistRules,
    make_playlist,
    shelve_playlist,
)
from evoke_core.storage.store import Store, digest
from evoke_pipelines.shown import as_markdown, as_metadata, link, picture

_PICTURES_SHOWN = 20


class PlaylistConfig(dg.Config):
    """Which pictures ask: a board's, or a folder's."""

    board_id: str = Field(default="", description="Name of a folder below boards/.")
    image_ids: list[str] = Field(
        default_factory=list,
        description="Some of that board's candidates; none takes its tiles.",
    )
    folder: str = Field(default="", description="Of pictures, on this machine.")
    length: int = Field(default=16, description="Tracks of the playlist, at most.")


class ComparisonConfig(dg.Config):
    """Two boards of one song, by the names of their folders below boards/."""

    left: str = Field(description="Name of a folder below boards/.")
    right: str = Field(description="Name of another one, of the same song.")


@dg.asset(group_name="boards", kinds={"html"}, deps=["release"], code_version="3")
def playlist(
    context: dg.AssetExecutionContext,
    config: PlaylistConfig,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    sources: dg.ResourceParam[Sources],
    vocabulary: dg.ResourceParam[Vocabulary],
    image_encoder: dg.ResourceParam[ImageEncoder],
    music_encoder: dg.ResourceParam[MusicEncoder],
) -> dg.MaterializeResult[None]:
    """Reverse mode: the library's tracks that match pictures, as a page.

    Launch it with a config that names a board (`board_id`, and `image_ids` to ask with
    some of its pictures only) or a `folder`.
    """
    desk = exact_desk(store, music_encoder, run_profile, vocabulary)
    asked = _asked(config, desk, sources, image_encoder)
    for one in asked.unused:
        context.log.warning("%s: %s: %s", one.name, one.reason, one.message)
    rules = PlaylistRules(length=config.length)
    made = make_playlist(asked, desk, sources, rules)
    page = shelve_playlist(store, made)
    return dg.MaterializeResult(
        metadata={
            "playlist": link(store, page),
            "asked_by": asked.name,
            **_shown(asked, made),
        },
        data_version=dg.DataVersion(digest(made.document)),
    )


@dg.asset(group_name="boards", kinds={"html"}, deps=["release"], code_version="3")
def board_comparison(
    config: ComparisonConfig, store: dg.ResourceParam[Store]
) -> dg.MaterializeResult[None]:
    """Two boards of one song side by side: of two bridges, or before and after sliders.

    Launch it with a config that names both.
    """
    page, found = shelve_comparison(store, config.left, config.right)
    return dg.MaterializeResult(
        metadata={
            "comparison": link(store, page),
            "song": found.left["track"]["title"],
            "shared": len(found.shared),
            "tiles": max(len(side["tiles"]) for side in (found.left, found.right)),
            "order_alike": round(found.order, 3),
            "same_release": found.same_release,
        },
        data_version=dg.DataVersion(digest([config.left, config.right, page])),
    )


def _asked(
    config: PlaylistConfig, desk: Desk, sources: Sources, encoder: ImageEncoder
) -> Asked:
    if bool(config.board_id) == bool(config.folder) or config.length < 1:
        raise ConfigError(
            f"playlist: got board_id {config.board_id!r}, folder {config.folder!r} and "
            f"length {config.length}; name a board or a folder, not both, and a length "
            "of at least 1"
        )
    if config.folder:
        located = {"location": config.folder}
        return ask_with_files(
            sources.pictures["folder"].model_copy(update=located), desk, encoder
        )
    board = require_board(desk.store, config.board_id)
    return ask_with_tiles(board, desk, config.image_ids)


def _shown(asked: Asked, made: Playlist) -> dict[str, Any]:
    tracks = pl.DataFrame(
        [
            {
                "track": one["title"],
                "near": f"{one['score']:.0%}",
                "shared moods": ", ".join(one["why"]),
                "licence": one["licence"],
            }
            for one in made.document["tracks"]
        ]
    )
    refusals = pl.DataFrame(made.document["refusals"])
    images = [image for image in asked.images[:_PICTURES_SHOWN] if image]
    shown: dict[str, Any] = {
        "pictures": len(asked.pictures),
        "tracks": len(made.document["tracks"]),
        "left_out": len(made.document["refusals"]),
    }
    if tracks.height:
        shown["playlist_table"] = as_metadata("md:" + as_markdown(tracks))
    if refusals.height:
        shown["reasons"] = as_metadata("md:" + as_markdown(refusals))
    if images:
        shown["asked_with"] = as_metadata(picture(contact_sheet(images)))
    return shown
