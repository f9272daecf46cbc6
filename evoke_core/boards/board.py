"""What a board says: the document `board.json`, schema evoke.board/1.

Everything that a reader, the page or a later refinement needs stands in it, with the
credit and licence of every picture and the release it was made from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from evoke_core.boards.desk import Desk
from evoke_core.boards.pool import Selection
from evoke_core.boards.query import song_moods
from evoke_core.boards.refine import Pool, Refinement, encode_vector
from evoke_core.boards.stored import as_tile
from evoke_core.config.fields import AXES
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.index.filters import NO_FILTERS, Filters
from evoke_core.moods import name_moods
from evoke_core.music.decode import waveform_peaks
from evoke_core.music.listen import Heard
from evoke_core.vectors import Array, mean_pairwise_distance

SCHEMA = "evoke.board/1"
_TO_STORE = "../../"  # from boards/<id>/ to the top of the store
_MOODS_SHOWN = 6
_LEAST_SHARED = 0.25  # of the strongest mood; below it a song hardly has that mood
_PALETTE_TILES = 12  # the tiles whose colours stand for the board


@dataclass(frozen=True, slots=True)
class Song:
    """Where a song came from.

    Args:
        board_id: Folder of its board.
        source: Library or "drops".
        source_key: Native key, such as the path below the drops folder.
        title: From the file's name; an embedded title is preferred to it.
        audio_key: Store key of the audio if the page may link it, else None.
    """

    board_id: str
    source: str
    source_key: str
    title: str
    audio_key: str | None


def describe_board(
    song: Song, heard: Heard, desk: Desk, selection: Selection
) -> dict[str, Any]:
    """Write down a board.

    Args:
        song: Where it came from.
        heard: What was heard in it.
        desk: What it was made with.
        selection: Its candidates and tiles.
    """
    names = list(desk.vocabulary.moods)
    scores = song_moods(heard, desk)
    moods = _mood_scores(scores[0], names)
    strengths = [
        {mood["mood"]: mood["score"] for mood in _mood_scores(part, names)}
        for part in scores[: len(selection.refinement.queries)]
    ]
    notes = [heard.track.note] if heard.track.note else []
    return {
        "schema": SCHEMA,
        "board_id": song.board_id,
        "track": _track(song, heard),
        "moods": moods[:_MOODS_SHOWN],
        "mood_scores": strengths,
        "emotion_profile": _rounded(asdict(heard.analysis.arc.overall)),
        "arc": _arc(heard),
        "sections": _sections(heard, selection.refinement),
        **describe_selection(selection, desk, strengths, notes),
        "release": describe_release(desk),
    }


def describe_selection(
    selection: Selection,
    desk: Desk,
    strengths: Sequence[Mapping[str, float]],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Write down what of a board depends on options: pictures, sliders, figures.

    Args:
        selection: Candidates and tiles.
        desk: What they were chosen with.
        strengths: How much of each mood the whole song has, the strongest 1, and each
            of its sections where they are asked for.
        notes: What is already to be said of the board.
    """
    refinement, pool = selection.refinement, selection.pool
    parts = _nearest_section(pool, refinement)
    candidates = [
        {
            **_picture(image_id, desk),
            "score": round(float(selection.relevance[row]), 6),
            "section": parts[row],
            "why": _shared_moods(desk.pictures[image_id], strengths, parts[row]),
            "vector": encode_vector(pool.vectors[row]),
        }
        for row, image_id in enumerate(selection.image_ids)
    ]
    tiles = [as_tile(candidates[row]) for row in selection.chosen]
    vectors = pool.vectors[selection.chosen].astype(np.float32)
    return {
        "palette": _board_palette(tiles),
        "tiles": tiles,
        "candidates": candidates,
        "refinement": _refinement(refinement, desk)
        | {
            "setting": selection.options.moved(),
            "filters": _filters(selection.options.filters),
        },
        "relevance": round(float(selection.relevance[selection.chosen].mean()), 6),
        "diversity": round(mean_pairwise_distance(vectors), 6),
        "notes": [*notes, *_shortfall(selection)],
    }


def _track(song: Song, heard: Heard) -> dict[str, Any]:
    track = heard.track
    peaks = waveform_peaks(track.samples)
    # a file name that is no UTF-8 reaches Python as lone surrogates
    key = song.audio_key and quote(song.audio_key, errors="surrogateescape")
    audio = f"{_TO_STORE}{key}" if key else None
    return {
        "track_id": song.board_id,
        "source": song.source,
        "source_key": song.source_key,
        "title": track.title or song.title,
        "artist": track.artist,
        "duration_s": round(track.duration_s, 3),
        "sha256": heard.sha256,
        "audio": audio,
        "peaks": [round(float(peak), 3) for peak in peaks],
        "note": track.note,
    }


def _picture(image_id: str, desk: Desk) -> dict[str, Any]:
    picture = desk.pictures[image_id]
    said = (
        "source", "source_key", "title", "artist", "attribution", "licence",
        "licence_url", "url", "width_px", "height_px", "palette", "cluster_id",
    )  # fmt: skip
    return {
        "image_id": image_id,
        **{name: picture[name] for name in said},
        "thumbnail": _TO_STORE + thumbnail_key(picture["sha256"]),
    }


def _mood_scores(scores: Array, names: list[str]) -> list[dict[str, Any]]:
    """List moods strongest first, the strongest as 1."""
    order = name_moods(scores[None], names, count=len(names))[0]
    top = float(scores.max())
    return [
        {"mood": name, "score": round(float(scores[names.index(name)]) / top, 4)}
        for name in order
    ]


def _shared_moods(
    picture: Mapping[str, Any],
    strengths: Sequence[Mapping[str, float]],
    section: int | None,
) -> list[str]:
    """Name the two moods that a picture shares most with song or section.

    Moods of the picture that neither has are no reason, so there may be fewer.
    """
    parts = [strengths[0]]
    if section is not None:
        parts += strengths[section + 1 : section + 2]
    shared = {
        mood: max(part.get(mood, 0.0) for part in parts) for mood in picture["moods"]
    }
    named = [mood for mood in shared if shared[mood] >= _LEAST_SHARED]
    return sorted(named, key=lambda mood: -shared[mood])[:2]


def _nearest_section(pool: Pool, refinement: Refinement) -> list[int | None]:
    """Say which section's query each candidate is nearest to; None for one section."""
    if len(refinement.queries) < 3:
        return [None] * len(pool.clusters)
    nearest = pool.vectors.astype(np.float64) @ refinement.queries[1:].T
    return [int(section) for section in nearest.argmax(axis=1)]


def _arc(heard: Heard) -> list[dict[str, float]]:
    arc = heard.analysis.arc
    spans = zip(arc.starts_s.tolist(), arc.ends_s.tolist(), arc.windows, strict=True)
    return [
        _rounded({"start_s": start, "end_s": end, **asdict(window)})
        for start, end, window in spans
    ]


def _sections(heard: Heard, refinement: Refinement) -> list[dict[str, Any]]:
    asked = len(refinement.queries) > 1
    return [
        {
            "index": number,
            "start_s": round(float(section.start_s), 3),
            "end_s": round(float(section.end_s), 3),
            "label": section.label,
            "query_index": number + 1 if asked else 0,
        }
        for number, section in enumerate(heard.analysis.sections)
    ]


def _refinement(refinement: Refinement, desk: Desk) -> dict[str, Any]:
    queries = [
        {
            "name": "whole" if row == 0 else f"section {row}",
            "weight": refinement.whole_weight if row == 0 else 1.0,
            "vector": query.tolist(),
        }
        for row, query in enumerate(refinement.queries)
    ]
    axes = [
        {
            "name": name,
            "low": desk.vocabulary.axes[name].low,
            "high": desk.vocabulary.axes[name].high,
            "direction": direction.tolist(),
        }
        for name, direction in zip(AXES, refinement.directions, strict=True)
    ]
    return {
        "dimension": int(refinement.queries.shape[1]),
        "board_size": refinement.size,
        "balance": refinement.balance,
        "reach": refinement.reach,
        "max_per_artist": refinement.max_per_artist,
        "max_per_source": refinement.max_per_source,
        "queries": queries,
        "axes": axes,
    }


def _board_palette(tiles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Pick five colours of the leading tiles that differ most from each other."""
    colours = [c for tile in tiles[:_PALETTE_TILES] for c in tile["palette"][:3]]
    distinct = list(dict.fromkeys(colours))
    values = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in distinct])
    chosen = [0] if distinct else []
    while len(chosen) < min(5, len(distinct)):
        gaps = np.linalg.norm(values[:, None] - values[chosen][None], axis=2).min(
            axis=1
        )
        chosen.append(int(gaps.argmax()))
    return [distinct[row] for row in chosen]


def _filters(filters: Filters) -> dict[str, list[str]]:
    return {name: list(values) for name, values in asdict(filters).items()}


def _shortfall(selection: Selection) -> list[str]:
    tiles, wanted = len(selection.chosen), selection.refinement.size
    if tiles >= wanted:
        return []
    held = "the corpus holds no more"
    if selection.options.filters != NO_FILTERS:
        held = "no more pass its filters"
    return [f"{tiles} tiles instead of {wanted}: {held}"]


def describe_release(desk: Desk) -> dict[str, Any]:
    """Write down the release that a board is made from."""
    release = desk.release
    return {
        "release_id": release.release_id,
        "collection": release.collection,
        "bridge": release.kind,
        "truth": release.truth,
        "made_at": release.made_at,
        "image_encoder": release.image_encoder,
        "music_encoder": release.music_encoder,
        "licence": release.licence,
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in values.items()}
