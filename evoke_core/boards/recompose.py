"""Make a stored board anew with other options; the song is not heard again.

What the song asks stands in the document: its queries, moods, course and sections. What
the index would bring for them now, moved by the sliders and through the filters, is
retrieved as for a new board.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evoke_core.boards.board import describe_release, describe_selection
from evoke_core.boards.compose import Board, draw
from evoke_core.boards.desk import Desk
from evoke_core.boards.options import BoardOptions
from evoke_core.boards.pool import require_pictures, select
from evoke_core.boards.query import refinement_of
from evoke_core.boards.refine import Refinement
from evoke_core.errors import BoardError

_DIGITS = 8  # of the options' digest in the name of the new board


def recompose(document: Mapping[str, Any], desk: Desk, options: BoardOptions) -> Board:
    """Compose a stored board again with slider positions, a size and filters.

    Args:
        document: `board.json` of a board; refining a refined one starts from its song,
            as refining the first one does.
        desk: What boards are made with now.
        options: What the listener wants; nothing of older options is kept.

    Returns:
        A board of its own: `refined_from` names the one of the plain song, and its
        board_id ends in a digest of the options.

    Raises:
        BoardError: No picture passes the filters, or the document was made with other
            encoders than the release.
    """
    _require_same_space(document, desk)
    require_pictures(options.filters, desk)
    refinement = _asked_anew(document, desk, options)
    selection = select(refinement, desk, options)
    origin = document.get("refined_from", document["board_id"])
    # the cover is a file beside the origin's page
    again = {
        **{name: document[name] for name in document if name != "cover"},
        "board_id": f"{origin}--{options.digest()[:_DIGITS]}",
        "refined_from": origin,
        **describe_selection(
            selection, desk, _mood_strengths(document), _notes_of_song(document)
        ),
        "release": _release(document, desk),
    }
    return draw(again, desk)


def _require_same_space(document: Mapping[str, Any], desk: Desk) -> None:
    made, ours = document["release"], desk.release
    parts = (
        ("image encoder", made["image_encoder"], ours.image_encoder),
        ("music encoder", made["music_encoder"], ours.music_encoder),
        (
            "vectors of length",
            document["refinement"]["dimension"],
            desk.embeddings.shape[1],
        ),
    )
    for what, asked, served in parts:
        if asked != served:
            raise BoardError(
                f"board {document['board_id']} was made with {what} {asked}, the "
                f"release has {served}; compose the song again"
            )


def _asked_anew(
    document: Mapping[str, Any], desk: Desk, options: BoardOptions
) -> Refinement:
    queries = [query["vector"] for query in document["refinement"]["queries"]]
    return refinement_of(np.array(queries, np.float64), desk, size=options.size)


def _mood_strengths(document: Mapping[str, Any]) -> list[dict[str, float]]:
    """Read how much of each mood the song has; older documents name the leading."""
    named = {mood["mood"]: mood["score"] for mood in document["moods"]}
    return list(document.get("mood_scores", [named]))


def _notes_of_song(document: Mapping[str, Any]) -> list[str]:
    note = document["track"]["note"]
    return [note] if note else []


def _release(document: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
    """Name the release that the pictures come from, and the bridge that asked."""
    asked_by = {name: document["release"][name] for name in ("bridge", "truth")}
    return describe_release(desk) | asked_by
