"""A song becomes a board. Read this first: it is the table of contents of the rest."""

from dataclasses import dataclass
from typing import Any

from evoke_core.boards.board import Song, describe_board
from evoke_core.boards.desk import Desk
from evoke_core.boards.options import PLAIN, BoardOptions
from evoke_core.boards.pool import require_pictures, select
from evoke_core.boards.query import ask
from evoke_core.errors import BoardError, TrackRefused
from evoke_core.music.listen import listen
from evoke_core.pages.board_page import render_page
from evoke_core.pages.board_picture import render_picture


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


def compose_board(
    song: Song, audio: bytes, desk: Desk, options: BoardOptions = PLAIN
) -> Board:
    """Compose the board of a song; the same song and release give the same bytes.

    Args:
        song: Where it comes from.
        audio: The file.
        desk: What boards are made with.
        options: How the listener wants it.

    Raises:
        TrackRefused: The song can't be used, or no picture passes its filters.
        BoardError: No picture may be shown.
    """
    _refuse_empty(options, desk)
    heard = listen(
        audio,
        desk.encoder,
        desk.run_profile.audio,
        store=desk.store,
        names=(song.source_key,),
    )
    refinement = ask(heard, desk, size=options.size)
    selection = select(refinement, desk, options)
    return draw(describe_board(song, heard, desk, selection), desk)


def draw(document: dict[str, Any], desk: Desk) -> Board:
    """Make the page and the picture of a document."""
    tiles, previews = desk.images.of_board(document, desk.where)
    return Board(
        document=document,
        page=render_page(document, tile_images=tiles, previews=previews),
        picture=render_picture(document, tile_images=tiles),
    )


def _refuse_empty(options: BoardOptions, desk: Desk) -> None:
    """Blame filters that nothing passes on the drop that asks for them."""
    try:
        require_pictures(options.filters, desk)
    except BoardError as none:
        raise TrackRefused("bad_options", str(none)) from none
