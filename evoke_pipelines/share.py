"""Share a board: `make share BOARD=<id, folder or song> [TO=<folder or s3://...>]`.

What may leave the house is decided in `evoke_core.boards.clearance`; here are the words
on the command line.
"""

import argparse
import sys
from collections.abc import Sequence

from evoke_core.boards.cards import find_board, list_boards, read_cards
from evoke_core.boards.clearance import Rules
from evoke_core.boards.share import make_copy, send_copy
from evoke_core.boards.shelf import read_board
from evoke_core.corpus.licences import load_licences
from evoke_core.errors import BoardError, EvokeError
from evoke_core.storage.address import open_store
from evoke_pipelines.environment import (
    CONFIG_FOLDER,
    read_configuration,
    read_environment,
)

_SHARED = "shared"  # below EVOKE_HOME


def main(arguments: Sequence[str]) -> int:
    """Write the copy of a board; say where it lies, or in one line what failed."""
    asked = _parser().parse_args(arguments)
    try:
        page, left_out = _share(asked)
    except EvokeError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    for picture in left_out:
        sys.stdout.write(f"left out: {picture}\n")
    sys.stdout.write(f"{page}\n")
    return 0


def _share(asked: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    environment = read_environment()
    store = open_store(environment.store)
    cards = read_cards(store, list_boards(store))
    board_id = find_board(cards, asked.board)
    document = read_board(store, board_id)
    if document is None:
        raise BoardError(f"board {board_id} was removed just now; choose another")
    profile, _ = read_configuration(environment)
    rules = Rules(
        load_licences(CONFIG_FOLDER / "licences.yaml"),
        profile.licence_policy,
        leave_out=asked.leave_out,
    )
    copy = make_copy(document, store, rules, address=asked.address)
    target = open_store(asked.to or str(environment.home / _SHARED))
    return target.locate(send_copy(copy, target)), copy.left_out


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make share", description="Write a copy of a board that may be published."
    )
    parser.add_argument("board", help="id, folder of the board, or the song's title")
    parser.add_argument("--to", help="a folder or s3://bucket/prefix", default=None)
    parser.add_argument(
        "--address", help="web address of TO, for previews of links", default=None
    )
    parser.add_argument(
        "--leave-out",
        action="store_true",
        help="leave out pictures that may not be shown, instead of refusing",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
