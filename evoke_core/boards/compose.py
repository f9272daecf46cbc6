"""A song becomes a board. Read this first: it is the table of contents of the rest."""

from dataclasses import dataclass
from typing import Any

from evoke_core.boards.board import Song, describe_board
from evoke_core.boards.desk import Desk
from evoke_core.boards.page import render_page
from evoke_core.boards.picture import render_picture
from evoke_core.boards.pool import gather
from evoke_core.boards.query import ask
from evoke_core.boards.refine import choose_tiles
from evoke_core.music.listen import listen


@dataclass(frozen=True, slots=True)
class Board:
    """A finished board.

    Args:
        document: What `board.json` holds (schema evoke.board/1).
        page: `board.html`, works alone.
        picture: `board.png`.
    """

    document: dict[str, Any]
    page: str
    picture: bytes


def compose_board(song: Song, audio: bytes, desk: Desk) -> Board:
    """Compose the board of a song; the same song and release give the same bytes.

    Raises:
        TrackRefused: The song can't be used.
        BoardError: No picture may be shown.
    """
    heard = listen(
        audio,
        desk.encoder,
        desk.run_profile.audio,
        store=desk.store,
        names=(song.source_key,),
    )
    refinement = ask(heard, desk)
    image_ids, pool, relevance = gather(refinement, desk)
    chosen = choose_tiles(pool, refinement, setting={})
    document = describe_board(
        song, heard, desk, refinement, (image_ids, pool, relevance), chosen
    )
    return _draw(document, desk)


def _draw(document: dict[str, Any], desk: Desk) -> Board:
    tiles = {
        tile["image_id"]: desk.images.tile(
            desk.pictures[tile["image_id"]]["sha256"],
            desk.pictures[tile["image_id"]]["location"],
        )
        for tile in document["tiles"]
    }
    previews = {
        candidate["image_id"]: desk.images.preview(
            desk.pictures[candidate["image_id"]]["sha256"]
        )
        for candidate in document["candidates"]
    }
    return Board(
        document=document,
        page=render_page(document, tile_images=tiles, previews=previews),
        picture=render_picture(document, tile_images=tiles),
    )
