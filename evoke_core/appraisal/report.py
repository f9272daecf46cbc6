"""How varied and how consistent boards are, over a sample of the music library.

Boards are asked for as those of dropped songs are, but from what the library's tables
hold, without sections, and by exact search over the stored vectors (`exact_desk`):
nothing is listened to, and the index stays closed.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from evoke_core.appraisal.consistency import (
    PERSISTENCE,
    Consistency,
    consistency_of,
)
from evoke_core.appraisal.library import Halves, halves_of, read_parts, side_of
from evoke_core.appraisal.variety import Curve, knee, trace_curves
from evoke_core.boards.desk import Desk
from evoke_core.boards.pool import gather
from evoke_core.boards.query import refinement_of
from evoke_core.boards.refine import Pool, Refinement, choose_tiles
from evoke_core.bridge.projection import Side, in_shared_space
from evoke_core.errors import BoardError
from evoke_core.evaluation import Figure, bootstrap
from evoke_core.storage.store import Store
from evoke_core.vectors import Array, Array64, mean_pairwise_distance

Measure = Literal["distance", "look_distance", "nearest"]
MEASURED: tuple[Measure, ...] = get_args(Measure)


@dataclass(frozen=True, slots=True)
class BoardReport:
    """What was measured.

    Args:
        release_id: That the boards were made from.
        serves: Kind of its projection.
        pictures: That boards may show.
        curves: Relevance against distance, by way of choosing.
        balance: Of `mmr` on real boards.
        boards: Mean distance of two tiles of a board.
        random: Of two tiles of boards drawn from all pictures.
        consistency: By measure.
        one_vector: Tracks among those of consistency whose halves have one vector, as
            where somebody brings vectors of whole tracks: only their feeling differs.
    """

    release_id: str
    serves: str
    pictures: int
    curves: dict[str, Curve]
    balance: float
    boards: Figure
    random: Figure
    consistency: dict[str, Consistency]
    one_vector: int

    def chosen(self) -> Array64:
        """Return mean relevance and distance of real boards."""
        points = self.curves["mmr"].points()
        return np.asarray(points[self._column()])

    def knee(self) -> tuple[float, Array64]:
        """Return the balance at which the curve bends most, and its point."""
        curve = self.curves["mmr"]
        row = knee(curve.points())
        return curve.settings[row], curve.points()[row]

    def matched(
        self, measure: Measure = "distance"
    ) -> dict[str, tuple[Figure, Figure]]:
        """Return each way's distance at no less relevance than real boards have.

        Returns:
            The distance, and how much more it is than that of `mmr`, by way; over the
            tracks for which the way reaches that relevance.
        """
        ours = self.curves["mmr"]
        level = ours.relevance[:, self._column()]
        base = ours.most_at(level, getattr(ours, measure))
        found = {}
        for name, curve in self.curves.items():
            most = curve.most_at(level, getattr(curve, measure))
            reached = np.isfinite(most)
            more = (most - base)[reached]
            found[name] = (bootstrap(most[reached]), bootstrap(more))
        return found

    def _column(self) -> int:
        return self.curves["mmr"].settings.index(self.balance)

    def as_json(self) -> dict[str, Any]:
        """Return plain data for a file; what could not be measured is null."""
        balance, point = self.knee()
        plain = {
            "release_id": self.release_id,
            "serves": self.serves,
            "pictures": self.pictures,
            "tracks": len(self.curves["mmr"].distance),
            "chosen": _named(self.balance, self.chosen()),
            "knee": _named(balance, point),
            "curves": {name: _as_rows(curve) for name, curve in self.curves.items()},
            "at_equal_relevance": {
                measure: {
                    name: {"value": asdict(value), "beyond_mmr": asdict(more)}
                    for name, (value, more) in self.matched(measure).items()
                }
                for measure in MEASURED
            },
            "diversity": {"boards": asdict(self.boards), "random": asdict(self.random)},
            "consistency": {n: asdict(f) for n, f in self.consistency.items()},
            "one_vector": self.one_vector,
            "persistence": PERSISTENCE,
        }
        return dict(_finite(plain))


def report_boards(desk: Desk, *, tracks: int, seed: int = 0) -> BoardReport:
    """Make boards of library tracks, and of their halves, and measure them.

    Args:
        desk: Current release, see `exact_desk.exact_desk`.
        tracks: Most tracks looked at; they are drawn from the library.
        seed: Of the draw and of all that is random.

    Raises:
        BoardError: The library has no track, or no picture may be shown.
    """
    parts = _sampled(desk.store, tracks, seed)
    whole = parts.filter(pl.col("part") == 0).sort("track_id")
    if not whole.height:
        raise BoardError(
            "no track of the library can be asked for a board; run the job fit_bridge "
            "with at least one track that can be heard"
        )
    balance = desk.run_profile.board.balance
    asked = [(pool, rules) for _, pool, rules in ask_all(side_of(whole), desk)]
    curves = trace_curves(asked, balances=[balance], seed=seed)
    halves = _heard_apart(halves_of(parts), desk)
    firsts, seconds = (_boards(side, desk) for side in (halves.first, halves.second))
    same = (halves.first.embedding == halves.second.embedding).all(axis=1)
    varied = curves["mmr"].distance[:, curves["mmr"].settings.index(balance)]
    return BoardReport(
        release_id=desk.release.release_id,
        serves=desk.release.kind,
        pictures=len(desk.pictures),
        curves=curves,
        balance=balance,
        boards=bootstrap(varied, seed=seed),
        random=bootstrap(_random_boards(desk, len(asked), seed), seed=seed),
        consistency=consistency_of(firsts, seconds, halves.whole.embedding, seed=seed),
        one_vector=int(same.sum()),
    )


def ask_all(music: Side, desk: Desk) -> Iterator[tuple[list[str], Pool, Refinement]]:
    """Yield picture ids, candidates and rules for each row of a side, best first."""
    if not len(music):
        return
    for query in _project(music, desk):
        refinement = refinement_of(query[None], desk)
        image_ids, pool, _ = gather(refinement, desk)
        yield image_ids, pool, refinement


def _sampled(store: Store, tracks: int, seed: int) -> pl.DataFrame:
    parts = read_parts(store)
    known = np.array(sorted(parts["track_id"].unique()), object)
    drawn = np.random.default_rng(seed).permutation(len(known))[:tracks]
    return parts.filter(pl.col("track_id").is_in(known[drawn].tolist()))


def _heard_apart(halves: Halves, desk: Desk) -> Halves:
    """Leave out tracks whose halves ask for the same, to the last digit."""
    if not halves.track_ids:
        return halves
    first, second = (_project(side, desk) for side in (halves.first, halves.second))
    return halves.rows(np.flatnonzero((first != second).any(axis=1)))


def _project(music: Side, desk: Desk) -> Array:
    return desk.projection.project(in_shared_space(music))


def _boards(music: Side, desk: Desk) -> list[list[str]]:
    return [
        [image_ids[row] for row in choose_tiles(pool, refinement, {})]
        for image_ids, pool, refinement in ask_all(music, desk)
    ]


def _random_boards(desk: Desk, count: int, seed: int) -> Array64:
    rng = np.random.default_rng(seed)
    size = min(desk.run_profile.board.size, len(desk.embeddings))
    drawn = [rng.permutation(len(desk.embeddings))[:size] for _ in range(count)]
    return np.array([mean_pairwise_distance(desk.embeddings[rows]) for rows in drawn])


def _as_rows(curve: Curve) -> list[dict[str, Any]]:
    return [
        {
            "setting": setting,
            **{
                name: asdict(bootstrap(getattr(curve, name)[:, column]))
                for name in ("relevance", *MEASURED)
            },
        }
        for column, setting in enumerate(curve.settings)
    ]


def _named(balance: float, point: Array64) -> dict[str, float]:
    relevance, distance = (float(value) for value in point)
    return {"balance": balance, "relevance": relevance, "distance": distance}


def _finite(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
