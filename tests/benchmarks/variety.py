"""Relevance, variety and consistency of the boards of a finished installation.

    EVOKE_HOME=folder python -m tests.benchmarks.variety [KIND ...]

Takes the store of a home whose release is published, listens to nothing and writes
nothing. KIND judges the boards of another projection than the one that serves, as the
last fit left it (`bridge`, `ridge`, `affect` ...). For each: what it measured, every
way of choosing tiles at the relevance of real boards, the balance at which the curve
bends, and how much of their boards the halves of a track share.

The distances that count are those of looks: tiles that feel alike were asked for.

Where EVOKE_SHARED names the research collections and the home holds rated clips and
pictures of them (below `music/` and `images/`), it also says what variety costs people:
the felt gain of a board is 1 less the mean distance of its rated tiles from the clip,
both as people placed them, over the mean of all rated pictures. It judges balances, so
no fit may have read those ratings.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.appraisal.exact_desk import exact_desk
from evoke_core.appraisal.library import read_parts, side_of
from evoke_core.appraisal.report import MEASURED, BoardReport, ask_all, report_boards
from evoke_core.appraisal.ways import judge_pool, mmr
from evoke_core.boards.desk import Desk
from evoke_core.bridge.projection import Projection
from evoke_core.config.loading import load_vocabulary
from evoke_core.evaluation import Figure, bootstrap
from evoke_core.latest import projection_key
from evoke_core.music.encoders import open_music_encoder
from evoke_core.storage.address import open_store
from evoke_core.storage.tables import read_arrays, read_table
from evoke_core.vectors import Array, Array64
from evoke_pipelines.environment import (
    CONFIG_FOLDER,
    read_configuration,
    read_environment,
)
from tests.benchmarks.rated import Rated, read_rating

_TRACKS = 48
_BALANCES = (1.0, 0.9, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.0)
_WIDE = 34


def main(kinds: Sequence[str]) -> int:
    """Print a table for each projection asked for."""
    for desk in _desks(kinds):
        report = report_boards(desk, tracks=_TRACKS)
        sys.stdout.write("\n".join([*_lines(desk, report), *_felt(desk)]) + "\n\n")
        sys.stdout.flush()
    return 0


def _desks(kinds: Sequence[str]) -> Iterator[Desk]:
    environment = read_environment()
    store = open_store(environment.store)
    profile, _ = read_configuration(environment)
    encoder = open_music_encoder(profile.music_encoder, environment.weights)
    desk = exact_desk(store, encoder, profile, load_vocabulary(CONFIG_FOLDER))
    if not kinds:
        yield desk
    for kind in kinds:
        arrays, card = read_arrays(store, projection_key(kind))
        release = replace(desk.release, kind=kind)
        projection = Projection(card["kind"], arrays)
        yield replace(desk, projection=projection, release=release)


def _lines(desk: Desk, report: BoardReport) -> Iterator[str]:
    """Write what was measured, the ways, the curve and the shared parts."""
    yield (
        f"{report.serves}: {len(report.curves['mmr'].distance)} tracks of "
        f"{desk.release.music_encoder}, {report.pictures} pictures of "
        f"{desk.release.image_encoder}"
    )
    yield _row("two tiles of a board", report.boards)
    yield _row("two tiles of a board by chance", report.random)
    for measure in MEASURED:
        yield f"{measure} at the relevance of real boards, and beyond mmr"
        for name, (value, more) in report.matched(measure).items():
            yield f"{_row('  ' + name, value)}   {_said(more, signed=True)}"
    yield from _curve(report)
    for name, figures in report.consistency.items():
        yield f"{name} (n = {figures.same.n}, one vector {report.one_vector})"
        for field in fields(figures):
            yield _row("  " + field.name, getattr(figures, field.name))


def _curve(report: BoardReport) -> Iterator[str]:
    curve, bent = report.curves["mmr"], report.knee()[0]
    yield "mmr: balance, relevance, distance, of looks, to the nearest tile"
    columns = (curve.relevance, curve.distance, curve.look_distance, curve.nearest)
    for place, balance in enumerate(curve.settings):
        values = "  ".join(f"{each[:, place].mean():6.3f}" for each in columns)
        said = "  boards" * (balance == report.balance) + "  knee" * (balance == bent)
        yield f"  {balance:<6g}{values}{said}"


def _felt(desk: Desk) -> Iterator[str]:
    """Write what each balance costs in felt gain, where ratings are at hand."""
    shared = os.environ.get("EVOKE_SHARED")
    if not shared:
        return
    rating = read_rating(Path(shared, "data"))
    clips = _by_id(desk, "track_manifest", "track_id", rating.clips)
    pictures = _by_id(desk, "source_manifests", "image_id", rating.pictures)
    gains = felt_gains(desk, clips, pictures)
    yield f"felt gain of {len(gains)} rated clips, {len(pictures)} rated pictures"
    for column, balance in enumerate(_BALANCES if len(gains) else ()):
        more = bootstrap(gains[:, column] - gains[:, 0])
        value = bootstrap(gains[:, column])
        yield f"  {balance:<6g}{_said(value)}   to 1: {_said(more, signed=True)}"


def felt_gains(
    desk: Desk, clips: Mapping[str, Array], pictures: Mapping[str, Array]
) -> Array64:
    """Judge the boards of rated clips by their rated tiles.

    Args:
        desk: Whose boards.
        clips: Where people placed a track, float32[2] by track_id.
        pictures: Where they placed a picture, by image_id.

    Returns:
        float64[clips, balances]; a clip without a rated tile at some balance is left
        out.
    """
    whole = (
        read_parts(desk.store)
        .filter((pl.col("part") == 0) & pl.col("track_id").is_in(list(clips)))
        .sort("track_id")
    )
    everything = np.array(list(pictures.values())).reshape(-1, 2)
    rows = []
    asked = zip(whole["track_id"], ask_all(side_of(whole), desk), strict=True)
    for track_id, (ids, pool, refinement) in asked:
        place, judged = clips[track_id], judge_pool(pool, refinement)
        usual = _distance(everything, place)
        boards = [mmr(judged, balance) for balance in _BALANCES]
        seen = [[pictures[ids[r]] for r in b if ids[r] in pictures] for b in boards]
        if all(seen):
            rows.append([1 - _distance(np.array(s), place) / usual for s in seen])
    return np.array(rows, np.float64).reshape(-1, len(_BALANCES))


def _distance(places: Array, place: Array) -> float:
    return float(np.linalg.norm(places - place, axis=1).mean())


def _by_id(desk: Desk, table: str, key: str, rated: Rated) -> dict[str, Array]:
    """Find the home's own ids of what was rated."""
    ids = dict(read_table(desk.store, table).select("source_key", key).iter_rows())
    named = zip((path.partition("/")[2] for path in rated.paths), rated.affect)  # noqa: B905
    return {ids[name]: place for name, place in named if name in ids}


def _row(name: str, figure: Figure) -> str:
    return f"{name:<{_WIDE}}{_said(figure)}"


def _said(figure: Figure, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{figure.value:{sign}.3f} [{figure.low:{sign}.3f}, {figure.high:{sign}.3f}]"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
