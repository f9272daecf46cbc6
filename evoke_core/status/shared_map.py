"""The map: pictures as thumbnails, tracks as dots, songs as paths through sections.

Where a vector falls is `plane`; how the map looks is the page's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evoke_core.appraisal.library import side_of
from evoke_core.bridge.projection import Projection, in_shared_space
from evoke_core.release import Release
from evoke_core.status.plane import Plane, fit_plane
from evoke_core.status.served import Served
from evoke_core.status.stored import read_known
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_arrays
from evoke_core.vectors import Array, Array64

_FITTED = 4000  # pictures
_DOTS = 1200
_CELLS = (17, 11)  # of the map, each with one thumbnail at most
_TRACKS = 200
_WALKS = 6
_STEPS = 24  # windows or sections of a path
_HEARD = ["track_id", "part", "start_s", "embedding"]
_TAGGED = ["track_id", "part", "valence", "arousal", "scores"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Walk:
    """A song's path.

    Args:
        title: Of the song.
        stops: Where each section lies, in order of time.
        labels: Of the sections, or "" where they are plain windows.
    """

    title: str
    stops: tuple[Point, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedMap:
    """What is drawn; all places in percent of the map, from its top left.

    Args:
        thumbnails: Place by row of the served pictures.
        dots: Of other pictures.
        tracks: Of the library, by title.
        walks: Songs whose path can be looked at: of the latest boards, then of the
            library; those that wander farthest first.
        plane: That they lie on.
    """

    thumbnails: Mapping[int, Point]
    dots: tuple[Point, ...]
    tracks: tuple[tuple[str, Point], ...]
    walks: tuple[Walk, ...]
    plane: Plane


@dataclass(frozen=True, slots=True)
class _Course:
    """A song before it is placed: its title, vectors in order of time, and labels."""

    title: str
    vectors: Array
    labels: tuple[str, ...]


def draw_map(
    store: Store,
    served: Served,
    release: Release | None,
    documents: Sequence[Mapping[str, Any]],
) -> SharedMap | None:
    """Place pictures, the library and the songs of boards on one plane.

    Args:
        store: Where the library and the projection lie.
        served: Pictures.
        release: Whose projection brings tracks to where they ask; without it only
            pictures are placed.
        documents: Boards, schema evoke.board/1; those of other vectors are left out.

    Returns:
        None where there are too few pictures for a plane.
    """
    if not len(served):
        return None
    dimension = served.vectors.shape[1]
    library = _library(store, release, dimension) if release else []
    boards = [course for each in documents if (course := _asked(each, dimension))]
    wholes = [course.vectors[:1] for course in library]
    heard = [*wholes, *(course.vectors for course in boards)]
    music = np.vstack(heard) if heard else np.empty((0, dimension), np.float32)
    rows = spread(len(served), _FITTED)
    plane = fit_plane(served.vectors[rows], served.affect[rows], music)
    if plane is None:
        return None
    places = plane.place(served.vectors[rows])
    chosen = _one_a_cell(places)
    dots = [at for at in spread(len(rows), _DOTS) if at not in chosen]
    played = [_Course(c.title, c.vectors[1:], c.labels) for c in library]
    return SharedMap(
        thumbnails={int(rows[at]): _point(places[at]) for at in sorted(chosen)},
        dots=tuple(_point(places[at]) for at in dots),
        tracks=tuple(
            (course.title, _point(plane.place(course.vectors[:1])[0]))
            for course in library
        ),
        walks=_walks(plane, [*_most_moved(boards), *_most_moved(played)]),
        plane=plane,
    )


def spread(count: int, most: int) -> Array64:
    """Return up to so many row numbers, int64, spread evenly over all."""
    return np.unique(
        np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.int64)
    )


def _library(store: Store, release: Release, dimension: int) -> list[_Course]:
    """Bring tracks to where they ask: the whole first, then the windows in order."""
    try:
        arrays, card = read_arrays(store, release.projection)
    except (KeyError, ValueError):
        return []
    heard = read_known(store, "track_embeddings", _HEARD).join(
        read_known(store, "track_tags", _TAGGED), on=["track_id", "part"]
    )
    wholes = heard.filter(part=0)["track_id"].sort()
    ids = wholes.gather(spread(len(wholes), _TRACKS).tolist())
    parts = heard.filter(pl.col("track_id").is_in(ids.implode())).sort(
        "track_id", "part"
    )
    if not parts.height:
        return []
    projection = Projection(str(card["kind"]), arrays)
    try:
        asked = projection.project(in_shared_space(side_of(parts)))
    except ValueError:  # tracks were heard by another encoder since
        return []
    if asked.shape[1] != dimension:
        return []
    titles = dict(
        read_known(store, "track_manifest", ["track_id", "title"]).iter_rows()
    )
    numbered = (
        parts.select("track_id")
        .with_row_index()
        .group_by("track_id", maintain_order=True)
    )
    return [
        _Course(
            str(titles.get(track_id, track_id)),
            asked[rows["index"].to_numpy()],
            ("",) * (rows.height - 1),
        )
        for (track_id,), rows in numbered
    ]


def _asked(document: Mapping[str, Any], dimension: int) -> _Course | None:
    """Read what a board asked for in each section of its song."""
    try:
        queries = [query["vector"] for query in document["refinement"]["queries"]]
        sections = sorted(document["sections"], key=lambda one: float(one["start_s"]))
        sections = [one for one in sections if one["query_index"] is not None]
        vectors = np.array(
            [queries[int(one["query_index"])] for one in sections], np.float32
        )
        labels = tuple(str(one["label"]) for one in sections)
        title = str(document["track"]["title"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    if vectors.shape != (len(labels), dimension) or not np.isfinite(vectors).all():
        return None
    return _Course(title, vectors, labels)


def _walks(plane: Plane, courses: Sequence[_Course]) -> tuple[Walk, ...]:
    walks = []
    for course in courses:
        if len(course.vectors) < 2:
            continue
        rows = spread(len(course.vectors), _STEPS)
        stops = tuple(_point(each) for each in plane.place(course.vectors[rows]))
        walks.append(
            Walk(course.title, stops, tuple(course.labels[row] for row in rows))
        )
    return tuple(walks[:_WALKS])


def _most_moved(courses: Sequence[_Course]) -> list[_Course]:
    """Order songs by how far they wander, the farthest first."""

    def wandered(course: _Course) -> float:
        return float(np.linalg.norm(np.diff(course.vectors, axis=0), axis=1).sum())

    return sorted(courses, key=lambda course: (-wandered(course), course.title))


def _one_a_cell(places: Array64) -> set[int]:
    """Choose the picture nearest to the middle of each cell that has one."""
    columns, rows = _CELLS
    size = np.array([100 / columns, 100 / rows])
    cells = np.minimum(places // size, [columns - 1, rows - 1])
    off = np.linalg.norm((places - (cells + 0.5) * size) / size, axis=1)
    nearest: dict[tuple[int, int], int] = {}
    for at in np.argsort(off, kind="stable").tolist():
        nearest.setdefault((int(cells[at, 0]), int(cells[at, 1])), at)
    return set(nearest.values())


def _point(place: Array64) -> Point:
    return round(float(place[0]), 2), round(float(place[1]), 2)
