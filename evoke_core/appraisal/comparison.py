"""Two boards of one song, held against each other: what they share, what differs.

They may be of two versions of the bridge, or a board and its refinement. Drawing them
side by side is `pages.comparison_page`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evoke_core.appraisal.consistency import rank_biased_overlap
from evoke_core.boards.desk import small_picture
from evoke_core.boards.shelf import require_board
from evoke_core.errors import BoardError
from evoke_core.pages.comparison_page import render_comparison
from evoke_core.storage.store import Store

_TO_STORE = "../../"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two boards of one song.

    Args:
        left: Document of a board.
        right: Of another.
        shared: Pictures that are tiles of both, in the order of the left board.
        order: Rank-biased overlap of the two orders, 1 where they are equal.
    """

    left: Document
    right: Document
    shared: tuple[str, ...]
    order: float

    @property
    def comparison_id(self) -> str:
        """Return the name of its folder."""
        return f"{self.left['board_id']}--{self.right['board_id']}"

    @property
    def same_release(self) -> bool:
        """Say whether relevance means the same on both sides."""
        releases = {side["release"]["release_id"] for side in (self.left, self.right)}
        return len(releases) == 1


def compare_boards(left: Document, right: Document) -> Comparison:
    """Hold two boards against each other.

    Raises:
        BoardError: They are of different songs, or one and the same board.
    """
    names = [f"{one['track']['title']} ({one['board_id']})" for one in (left, right)]
    if left["track"]["sha256"] != right["track"]["sha256"]:
        raise BoardError(
            f"{names[0]} and {names[1]} are boards of different recordings; compare "
            "two boards of the same song"
        )
    if left["board_id"] == right["board_id"]:
        raise BoardError(
            f"{names[0]} is one board; compare it with another version or refinement"
        )
    ours, theirs = (_tile_ids(side) for side in (left, right))
    found = set(theirs)
    return Comparison(
        left=left,
        right=right,
        shared=tuple(image_id for image_id in ours if image_id in found),
        order=rank_biased_overlap(ours, theirs) if ours or theirs else 1.0,
    )


def shelve_comparison(
    store: Store, left_id: str, right_id: str
) -> tuple[str, Comparison]:
    """Compare two stored boards and store the page.

    Returns:
        Its store key, and what was found.

    Raises:
        BoardError: A board is not there, or they can't be compared.
    """
    comparison = compare_boards(
        *(require_board(store, one) for one in (left_id, right_id))
    )
    thumbnails = {
        str(tile["image_id"]): str(tile["thumbnail"]).removeprefix(_TO_STORE)
        for side in (comparison.left, comparison.right)
        for tile in side["tiles"]
    }
    page = render_comparison(
        comparison.left,
        comparison.right,
        comparison.shared,
        order=comparison.order,
        same_release=comparison.same_release,
        images={one: small_picture(store, key) for one, key in thumbnails.items()},
    )
    key = f"comparisons/{comparison.comparison_id}/comparison.html"
    store.write(key, page.encode())
    return key, comparison


def _tile_ids(board: Document) -> list[str]:
    return [str(tile["image_id"]) for tile in board["tiles"]]
