"""How far the sliders of a board reach with the candidates that travel.

In a dense corpus a small shift already brings other pictures, so that no few hundred
candidates hold what every setting would find. Boards are therefore drawn at many
settings at once, over all that was found near the song; what they show most often
travels, and the sliders reach as far as that carries to settings held out.

Not here: which pictures are near (`pool`), and the exact choice of tiles (`refine`).
These boards are counted, never shown, so they may be drawn in single precision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from evoke_core.boards.refine import Pool, Refinement
from evoke_core.config.fields import AXES
from evoke_core.vectors import Array, Array64, l2_normalize

COVERED = 0.98  # of tiles at settings held out; one that is missing brings in others,
# and pages promise .95 of a new retrieval
_TOLD, _HELD = 72, 32  # random settings, beside the ends and corners
_SEED = 43
_STEPS = 16  # reaches tried: the profile's, and down to a sixteenth of it
_STEPS_TO_HALF = 4
_DEEP = 300  # nearest pictures that a board is drawn from: 8 times its usual size,
_DEEP_SHARE = 0.08  # or so many of all; the denser, the farther down variety reaches
_PER_SOURCE = 8  # pictures looked at for each that a cap by source lets through
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Nearby:
    """Pictures near a song, ready for boards at many settings.

    Args:
        vectors: float32[N, D], unit length.
        asked: float32[N, 1 + S], inner products with the queries.
        along: float32[N, 4], inner products with the directions.
        groups: Codes int[N] and cap, by cluster, artist and source; -1 is unknown.
        refinement: Queries and rules.
    """

    vectors: Array
    asked: Array
    along: Array
    groups: tuple[tuple[Rows, int], ...]
    refinement: Refinement


def look_around(pool: Pool, refinement: Refinement) -> Nearby:
    """Prepare what was found near a song."""
    vectors = l2_normalize(pool.vectors.astype(np.float32))
    caps = (
        (pool.clusters, 1),
        (pool.artists, refinement.max_per_artist),
        (pool.sources, refinement.max_per_source),
    )
    return Nearby(
        vectors=vectors,
        asked=vectors @ refinement.queries.T.astype(np.float32),
        along=vectors @ refinement.directions.T.astype(np.float32),
        groups=tuple((_codes(names), cap) for names, cap in caps if cap is not None),
        refinement=refinement,
    )


def reach_of(nearby: Nearby, *, wanted: int, reserved: Sequence[int] = ()) -> float:
    """Find how far the sliders reach with so many candidates.

    Args:
        nearby: N pictures, of which `wanted` travel.
        wanted: Candidates.
        reserved: Rows that travel whatever boards show most often.

    Returns:
        The refinement's reach, or the widest of a few smaller ones at which those, and
        the candidates that boards at some settings show most often, hold at least
        COVERED of the tiles at others.
    """
    widest = nearby.refinement.reach
    if len(nearby.vectors) <= wanted:
        return widest
    told, held = _settings()
    low, high = -1, _STEPS  # the last step is taken without asking
    step = 0
    while high - low > 1:
        reach = widest * 2 ** (-step / _STEPS_TO_HALF)
        boards = draw_boards(nearby, np.vstack([told, held]), reach=reach)
        often = _most_frequent(boards[: len(told)])
        travels = list(dict.fromkeys((*reserved, *often.tolist())))[:wanted]
        if _covered(travels, boards[len(told) :]) >= COVERED:
            high = step
        else:
            low = step
        step = (low + high) // 2
    return float(widest * 2 ** (-high / _STEPS_TO_HALF))


def often_shown(nearby: Nearby) -> Rows:
    """Return the rows that boards at many settings show, most often shown first."""
    moves = np.vstack(_settings())
    boards = draw_boards(nearby, moves, reach=nearby.refinement.reach)
    return _most_frequent(boards)


def draw_boards(nearby: Nearby, moves: Array64, *, reach: float) -> Rows:
    """Draw a board at each setting, as `refine` would but for its last digits.

    Args:
        nearby: N pictures.
        moves: float64[M, 4], slider positions.
        reach: Shift at the end of a slider.

    Returns:
        int[M, size], rows; -1 where caps or pictures end first.
    """
    rules = nearby.refinement
    relevance = _relevance(nearby, moves, reach)
    near = _nearest(relevance, nearby)  # [M, K]
    worth = rules.balance * np.take_along_axis(relevance, near, axis=1)
    joined, places = np.unique(near, return_inverse=True)
    places = places.reshape(near.shape)
    likeness = nearby.vectors[joined] @ nearby.vectors[joined].T
    boards = np.full((len(moves), rules.size), -1, np.intp)
    every = np.arange(len(moves))
    most = np.full(near.shape, 0, np.float32)
    free = np.isfinite(worth)
    counts = [
        np.zeros((len(moves), codes.max() + 2), int) for codes, _ in nearby.groups
    ]
    for tile in range(min(rules.size, near.shape[1])):
        value = np.where(free, worth - (1 - rules.balance) * most, -np.inf)
        best = value.argmax(axis=1)
        there = free[every, best]
        row = near[every, best]
        boards[there, tile] = row[there]
        free[every, best] = False
        for (codes, cap), count in zip(nearby.groups, counts, strict=True):
            code = codes[row]
            count[every, code] += 1
            full = (code >= 0) & (count[every, code] >= cap)
            free &= ~(full[:, None] & (codes[near] == code[:, None]))
        like = likeness[places[every, best][:, None], places]
        most = like if tile == 0 else np.maximum(most, like)
    return boards


def _settings() -> tuple[Array64, Array64]:
    """Return settings to choose candidates by, and others to judge them by."""
    corners = np.array(list(product((-1.0, 1.0), repeat=len(AXES))))
    ends = np.vstack([np.eye(len(AXES)), -np.eye(len(AXES))])
    drawn = np.random.default_rng(_SEED).uniform(-1, 1, (_TOLD + _HELD, len(AXES)))
    rest = np.zeros((1, len(AXES)))
    return np.vstack([rest, ends, corners, drawn[:_TOLD]]), drawn[_TOLD:]


def _covered(travels: Sequence[int], held: Rows) -> float:
    shown = held[held >= 0]
    return float(np.isin(shown, travels).mean()) if shown.size else 1.0


def _most_frequent(boards: Rows) -> Rows:
    rows, counts = np.unique(boards[boards >= 0], return_counts=True)
    return rows[np.argsort(-counts, kind="stable")]


def _relevance(nearby: Nearby, moves: Array64, reach: float) -> Array:
    """Score all pictures at all settings, float32[M, N]."""
    rules = nearby.refinement
    shifts = reach * moves @ rules.directions
    moved = nearby.along @ (reach * moves.T).astype(np.float32)  # [N, M]
    scores: list[Array] = []
    for query, asked in zip(rules.queries, nearby.asked.T, strict=True):
        length = np.linalg.norm(query + shifts, axis=1).astype(np.float32)
        scores.append((asked[:, None] + moved).T / np.maximum(length, 1e-9)[:, None])
    if len(scores) == 1:
        return scores[0]
    whole, rest = np.float32(rules.whole_weight), np.float32(1 - rules.whole_weight)
    best = np.maximum.reduce(scores[1:])
    return np.asarray(whole * scores[0] + rest * best, np.float32)


def _nearest(relevance: Array, nearby: Nearby) -> Rows:
    """Return the rows that a board may show, int[M, K], in no order."""
    count = relevance.shape[1]
    deep = min(
        max(_DEEP, round(_DEEP_SHARE * count), 3 * nearby.refinement.size), count
    )
    per_source = nearby.refinement.max_per_source
    if per_source is not None:  # else one large source could hide the others
        relevance = _thinned(relevance, nearby.groups[-1][0], _PER_SOURCE * per_source)
    return np.argpartition(-relevance, deep - 1, axis=1)[:, :deep]


def _thinned(relevance: Array, codes: Rows, most: int) -> Array:
    thinned = relevance.copy()
    for code in range(codes.max() + 1):
        rows = np.flatnonzero(codes == code)
        if len(rows) > most:
            scores = relevance[:, rows]
            least = np.partition(scores, -most, axis=1)[:, -most]
            thinned[:, rows] = np.where(scores >= least[:, None], scores, -np.inf)
    return thinned


def _codes(names: Sequence[str | None]) -> Rows:
    """Number names from 0; one that is None is -1."""
    listed = np.array(names, object)
    known = listed != None  # noqa: E711 -- elementwise
    codes = np.full(len(listed), -1, np.intp)
    codes[known] = np.unique(listed[known].astype(str), return_inverse=True)[1]
    return codes
