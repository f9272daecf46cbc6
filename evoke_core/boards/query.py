"""What a song asks of the pictures: one query for the whole, one for each section.

One regressed point would make every board its neighbourhood and no more (Diff4Steer
shows the same for music), so a board has several seeds.
"""

import numpy as np

from evoke_core.boards.desk import Desk
from evoke_core.boards.refine import Refinement
from evoke_core.bridge.projection import Side, in_shared_space
from evoke_core.music.listen import Heard
from evoke_core.music.tags import score_music
from evoke_core.vectors import Array, Array64

_DIGITS = 6  # what board.json carries, and what both page and Python compute with


def ask(heard: Heard, desk: Desk, *, size: int | None = None) -> Refinement:
    """Project a song into image space, ready for search and refinement.

    Args:
        heard: The song.
        desk: What its board is made with.
        size: Tiles, None for what the profile says.
    """
    music = Side(heard.embeddings, song_moods(heard, desk), heard.affects)
    queries = desk.projection.project(in_shared_space(music))
    if len(queries) == 2:  # a single section is the whole, asked twice
        queries = queries[:1]
    return refinement_of(queries, desk, size=size)


def refinement_of(
    queries: Array | Array64, desk: Desk, *, size: int | None = None
) -> Refinement:
    """Put queries, float[1 + S, D], under the rules of the desk's boards."""
    rules = desk.run_profile
    return Refinement(
        queries=_rounded(queries),
        whole_weight=rules.board.whole_weight,
        directions=_rounded(desk.directions),
        reach=rules.refinement.reach,
        balance=rules.board.balance,
        size=size or rules.board.size,
        max_per_artist=rules.board.max_per_artist,
        max_per_source=rules.board.max_per_source,
    )


def song_moods(heard: Heard, desk: Desk) -> Array:
    """Say how strongly each mood applies, as if the song were one of the library.

    Returns:
        float32[1 + S, T], rows sum to 1: the whole, then each section.
    """
    return score_music(
        heard.embeddings,
        heard.affects,
        desk.calibration,
        desk.vocabulary,
        desk.run_profile.tags,
    )


def _rounded(vectors: np.ndarray) -> Array64:
    return np.asarray(np.round(vectors.astype(np.float64), _DIGITS))
