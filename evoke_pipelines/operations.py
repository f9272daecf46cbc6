"""What a person starts by hand: refine a stored board, serve the release before.

They are jobs of one op each, since what they do belongs to no asset: a board is refined
as often as somebody likes, and a roll-back undoes rather than makes.
"""

import json

import dagster as dg
from pydantic import Field

from evoke_core.boards.desk import open_desk
from evoke_core.boards.options import BoardOptions, read_options
from evoke_core.boards.recompose import recompose
from evoke_core.boards.shelf import hang_gallery, read_board, shelve
from evoke_core.config.fields import AXES
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.errors import BoardError
from evoke_core.music.encode import MusicEncoder
from evoke_core.publish import roll_back_release
from evoke_core.storage.store import Store
from evoke_pipelines.pods import gpu_tags
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.shown import link

_SLIDER = "From -1 to 1; 0 is what the song asks for."


class RefineConfig(dg.Config):
    """Which board, and how it should be: the same words as in an options file."""

    board: str = Field(description="Name of the board's folder below boards/.")
    energy: float = Field(default=0.0, description=_SLIDER)
    warmth: float = Field(default=0.0, description=_SLIDER)
    complexity: float = Field(default=0.0, description=_SLIDER)
    abstraction: float = Field(default=0.0, description=_SLIDER)
    size: int | None = Field(
        default=None, description="Tiles; the profile's if absent."
    )
    sources: list[str] = Field(default=[], description="Collections; empty is all.")
    licences: list[str] = Field(default=[], description="Licences; empty is all.")
    moods: list[str] = Field(default=[], description="At least one of these moods.")

    def options(self) -> BoardOptions:
        """Check the values and put them together; TrackRefused names a wrong one."""
        filters = {
            name: getattr(self, name) for name in ("sources", "licences", "moods")
        }
        setting = {axis: getattr(self, axis) for axis in AXES}
        asked = {"sliders": setting, "size": self.size, "filters": filters}
        return read_options(json.dumps(asked).encode(), name="the run's configuration")


@dg.op(
    pool="milvus",
    description="Compose a stored board anew with sliders, size and filters.",
)
def compose_refined(
    context: dg.OpExecutionContext,
    config: RefineConfig,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
    music_encoder: dg.ResourceParam[MusicEncoder],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
) -> None:
    """Store the refined board beside the one that it was made from."""
    document = read_board(store, config.board)
    if document is None:
        raise BoardError(
            f"there is no board {config.board!r} in {store.uri}; boards/index.html "
            "shows them all, and the name of a board's folder is meant"
        )
    with index.open() as opened:
        desk = open_desk(store, opened, music_encoder, run_profile, vocabulary)
        board = recompose(document, desk, config.options())
    page = shelve(store, board)
    hang_gallery(store)
    context.add_output_metadata(
        {
            "board": link(store, page),
            "tiles": len(board.document["tiles"]),
        }
    )


@dg.job(
    executor_def=dg.in_process_executor,
    description="A stored board once more, with other sliders, size or filters; "
    "the song is not touched.",
    tags=gpu_tags(),
)
def refine_board() -> None:
    """Compose a stored board anew."""
    compose_refined()


@dg.op(pool="milvus", description="Serve the release before; once more returns.")
def serve_previous(
    context: dg.OpExecutionContext,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
) -> None:
    """Serve the release before the present one."""
    with index.open() as opened:
        served = roll_back_release(store, opened)
    context.log.info("serving %s (%s)", served.release_id, served.collection)


@dg.job(
    executor_def=dg.in_process_executor,
    description="Serve the release before the present one; once more returns to it.",
    # Started by make, too, where people read what it says.
    config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
)
def roll_back() -> None:
    """Serve the release before the present one."""
    serve_previous()
