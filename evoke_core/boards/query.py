"""What a song asks of the pictures: one query for the whole, one for each section.

One regressed point would make every board its neighbourhood and no more (Diff4Steer
shows the same for music), so a board has several seeds.
"""

import numpy as np

from evoke_core.boards.desk import Desk
from evoke_core.boards.refine import Refinement
from evoke_core.bridge.projection import Side
from evoke_core.moods import score_moods
from evoke_core.music.listen import Heard
from evoke_core.vectors import Array64

_DIGITS = 6  # what board.json carries, and what both page and Python compute with


def ask(heard: Heard, desk: Desk) -> Refinement:
    """Project a song into image space, ready for search and refinement."""
    rules = desk.run_profile
    moods = score_moods(heard.affects, desk.vocabulary, rules.tags)
    music = Side(heard.embeddings, moods, heard.affects)
    queries = desk.projection.project(music)
    if len(queries) == 2:  # a single section is the whole, asked twice
        queries = queries[:1]
    return Refinement(
        queries=_rounded(queries),
        whole_weight=rules.board.whole_weight,
        directions=_rounded(desk.directions),
        reach=rules.refinement.reach,
        balance=rules.board.balance,
        size=rules.board.size,
        max_per_artist=rules.board.max_per_artist,
        max_per_source=rules.board.max_per_source,
    )


def _rounded(vectors: np.ndarray) -> Array64:
    return np.asarray(np.round(vectors.astype(np.float64), _DIGITS))
