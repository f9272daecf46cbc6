"""What boards give of relevance and of variety, and whether like songs share them."""

import json
from collections.abc import Iterator

import dagster as dg
import polars as pl

from evoke_core.appraisal.exact_desk import exact_desk
from evoke_core.appraisal.report import BoardReport, report_boards
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.evaluation import Figure
from evoke_core.music.encode import MusicEncoder
from evoke_core.plots import tradeoff_plot
from evoke_core.storage.store import Store, digest
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.shown import as_markdown, picture

KEY = "reports/board_report.json"
_TRACKS, _SEED = 48, 0
_LABELS = (
    "relevance: 1 is the most relevant board, 0 a draw from the candidates",
    "mean cosine distance of two tiles",
)


@dg.asset(
    group_name="boards",
    kinds={"numpy"},
    deps=["release", "track_embeddings", "track_tags", "curated_images", "image_tags"],
    code_version="2",
)
def board_report(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    music_encoder: dg.ResourceParam[MusicEncoder],
) -> dg.MaterializeResult[None]:
    """Variety and consistency of boards, over up to 48 tracks of the library.

    Relevance against distance for several ways of choosing tiles under the same caps,
    and how much of their boards the two halves of a track share.
    """

    def make() -> Made:
        desk = exact_desk(store, music_encoder, run_profile, vocabulary)
        report = report_boards(desk, tracks=_TRACKS, seed=_SEED)
        text = json.dumps(report.as_json(), indent=1, sort_keys=True, allow_nan=False)
        packed = text.encode()
        store.write(KEY, packed)
        done = digest(packed)
        return Made(done, _show(report), {KEY: done})

    settings = [run_profile.board, run_profile.refinement, _TRACKS, _SEED]
    return refresh(context, store, make, settings=settings)


def _show(report: BoardReport) -> dict[str, object]:
    shown: dict[str, object] = {
        "tracks": len(report.curves["mmr"].distance),
        "pictures": report.pictures,
        "diversity": f"{_said(report.boards)} between two tiles of a board; "
        f"{_said(report.random)} of boards drawn from all pictures",
        "consistency": "md:" + as_markdown(pl.DataFrame(list(_shares(report)))),
        "at_equal_relevance": "md:" + as_markdown(pl.DataFrame(list(_ways(report)))),
    }
    if report.boards.n:
        shown["plot"] = picture(_plot(report))
    return shown


def _plot(report: BoardReport) -> bytes:
    relevance, distance = (float(value) for value in report.chosen())
    balance, place = report.knee()
    title = (
        f"At balance {report.balance:g} boards keep {relevance:.0%} of relevance at "
        f"distance {distance:.2f}; the curve bends at {balance:g}"
    )
    marks = {
        f"boards, {report.balance:g}": (relevance, distance),
        f"knee, {balance:g}": (float(place[0]), float(place[1])),
    }
    courses = {name: curve.points() for name, curve in report.curves.items()}
    return tradeoff_plot(courses, marks, title=title, labels=_LABELS)


def _shares(report: BoardReport) -> Iterator[dict[str, str | int]]:
    for name, figures in report.consistency.items():
        yield {
            "shared": name,
            "halves of one track": _said(figures.same),
            "with the nearest track": _said(figures.near),
            "with the farthest": _said(figures.far),
            "with any other": _said(figures.chance),
            "n": figures.same.n,
        }


def _ways(report: BoardReport) -> Iterator[dict[str, str]]:
    distance, nearest = (report.matched(name) for name in ("distance", "nearest"))
    for name in report.curves:
        yield {
            "way": name,
            "distance of two tiles": _said(distance[name][0]),
            "beyond mmr": _said(distance[name][1], digits=3),
            "distance to the nearest tile": _said(nearest[name][0]),
        }


def _said(figure: Figure, *, digits: int = 2) -> str:
    if not figure.n:
        return "not measured"
    value, low, high = (
        f"{each:.{digits}f}" for each in (figure.value, figure.low, figure.high)
    )
    return f"{value} ({low} to {high})"
