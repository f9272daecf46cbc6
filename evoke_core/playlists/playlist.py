"""Reverse mode: pictures ask, tracks of the library answer; schema evoke.playlist/1.

Not here: where the pictures come from (`asked`), how tracks are scored (`matching`),
what the page looks like (`pages.playlist_page`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import numpy as np
import polars as pl

from evoke_core.appraisal.library import read_parts, side_of
from evoke_core.boards.board import describe_release
from evoke_core.boards.desk import Desk
from evoke_core.boards.library_song import is_named_after, stored_boards
from evoke_core.boards.shelf import read_board
from evoke_core.bridge.projection import in_shared_space
from evoke_core.config.collections import Sources
from evoke_core.errors import BoardError, IndexUnavailable, TrackRefused
from evoke_core.moods import name_moods
from evoke_core.music.library import ON_DISK
from evoke_core.pages.captions import count
from evoke_core.pages.playlist_page import SCHEMA, render_playlist
from evoke_core.playlists.asked import Asked
from evoke_core.playlists.matching import Matches, Variety, match_tracks
from evoke_core.playlists.sketch import Sketch, sketch_track
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table
from evoke_core.vectors import Array, l2_normalize

_TO_STORE = "../../"  # from playlists/<id>/ to the top of the store
_MOODS_ASKED = 6  # of the pictures, of which a track may share some
_MOODS_SHARED = 3
_AVERAGE = 0.0  # a track that any picture is as near to is no answer
_LOOKED_AT = 4  # times the length: beyond that a library's files are missing, or alike


@dataclass(frozen=True, slots=True)
class PlaylistRules:
    """How long a playlist is, and how much of one hand it holds.

    Args:
        length: Tracks wanted.
        max_per_artist: By the artist that a file names, where it does.
        max_per_family: By planted mood; other libraries have none.
    """

    length: int = 16
    max_per_artist: int = 2
    max_per_family: int = 3


STANDARD = PlaylistRules()


@dataclass(frozen=True, slots=True)
class Playlist:
    """A finished playlist.

    Args:
        document: What `playlist.json` holds.
        page: `playlist.html`, works alone; it holds no sound.
    """

    document: dict[str, Any]
    page: str


@dataclass(frozen=True)  # no slots: what few ask for is read late
class _Library:
    """The tracks that may answer, in the order of their ids."""

    tracks: Sequence[Mapping[str, Any]]  # track_manifest and the whole's tags
    queries: Sequence[Array]  # float32[1 + W, D] each
    parts: pl.DataFrame
    store: Store

    @cached_property
    def profiles(self) -> pl.DataFrame:
        return read_table(self.store, "track_profiles")

    @cached_property
    def boards(self) -> list[str]:
        return stored_boards(self.store)


def make_playlist(
    asked: Asked, desk: Desk, sources: Sources, rules: PlaylistRules = STANDARD
) -> Playlist:
    """Find the library's tracks that match pictures; equal inputs give equal bytes.

    Raises:
        BoardError: The library holds no track that can be used.
        IndexUnavailable: Its vectors are another encoder's.
    """
    library = _read_library(desk)
    matches = match_tracks(
        library.queries,
        asked.vectors,
        l2_normalize(desk.embeddings),
        whole_weight=desk.run_profile.board.whole_weight,
        board_size=desk.run_profile.board.size,
    )
    chosen, refused = _choose(library, matches, desk, rules)
    moods = name_moods(
        asked.moods.mean(axis=0)[None], list(desk.vocabulary.moods), count=_MOODS_ASKED
    )[0]
    document = {
        "schema": SCHEMA,
        "playlist_id": asked.asked_id,
        "asked": _asked(asked),
        "moods": moods,
        "tracks": [
            _track(library, row, sketch, matches, moods)
            | _terms(library.tracks[row], sketch, sources)
            for row, sketch in chosen
        ],
        "refusals": [asdict(one) for one in asked.unused] + refused,
        "library_size": len(library.tracks),
        "notes": _notes(len(chosen), rules, len(library.tracks)),
        "release": describe_release(desk),
    }
    return Playlist(document, render_playlist(document, images=asked.images))


def shelve_playlist(store: Store, playlist: Playlist) -> str:
    """Store a playlist; its JSON is written last and says that it is whole.

    Returns:
        The store key of the page.
    """
    folder = f"playlists/{playlist.document['playlist_id']}"
    store.write(f"{folder}/playlist.html", playlist.page.encode())
    text = json.dumps(playlist.document, ensure_ascii=False, separators=(",", ":"))
    store.write(f"{folder}/playlist.json", text.encode())
    return f"{folder}/playlist.html"


def _read_library(desk: Desk) -> _Library:
    parts = read_parts(desk.store).sort("track_id", "part")
    if not parts.height:
        raise BoardError(
            "the music library holds no track that can be heard; run the job "
            "fit_bridge with at least one"
        )
    for fingerprint in parts["fingerprint"].unique():
        if fingerprint != desk.release.music_encoder:
            raise IndexUnavailable(
                f"the library was heard by {fingerprint}, the release was made with "
                f"{desk.release.music_encoder}; run fit_bridge and publish_release"
            )
    queries = desk.projection.project(in_shared_space(side_of(parts)))
    starts = np.flatnonzero(parts["part"].to_numpy() == 0)
    tracks = (
        parts.filter(pl.col("part") == 0)
        .select("track_id", "sha256", "moods")
        .join(read_table(desk.store, "track_manifest"), on="track_id", how="left")
        .sort("track_id")
    )
    return _Library(tracks.to_dicts(), np.split(queries, starts[1:]), parts, desk.store)


def _choose(
    library: _Library, matches: Matches, desk: Desk, rules: PlaylistRules
) -> tuple[list[tuple[int, Sketch]], list[dict[str, str]]]:
    """Go down the order; pass over copies, and over what there is enough of."""
    most = {
        "sha256": 1, "artist": rules.max_per_artist, "family": rules.max_per_family
    }  # fmt: skip
    variety = Variety(most)
    chosen: list[tuple[int, Sketch]] = []
    refused: list[dict[str, str]] = []
    looked_at, most_looked_at = 0, _LOOKED_AT * rules.length
    for row in np.argsort(-matches.score, kind="stable").tolist():
        track = library.tracks[row]
        names = {"sha256": track["sha256"], "family": track["family"]}
        is_full = len(chosen) == rules.length or looked_at == most_looked_at
        if is_full or matches.score[row] <= _AVERAGE:
            break
        if not variety.has_room(names):
            continue
        looked_at += 1
        try:
            sketch = sketch_track(track["location"], track["sha256"], desk)
        except TrackRefused as refusal:
            refused.append(_refused(track, refusal))
            continue
        names["artist"] = sketch.artist
        if variety.has_room(names):
            variety.count(names)
            chosen.append((row, sketch))
    return chosen, refused


def _refused(track: Mapping[str, Any], refusal: TrackRefused) -> dict[str, str]:
    return {
        "name": track["title"], "reason": refusal.reason, "message": str(refusal)
    }  # fmt: skip


def _asked(asked: Asked) -> dict[str, Any]:
    board = asked.board_id
    return {
        "name": asked.name,
        "board_id": board,
        "board": f"{_TO_STORE}boards/{quote(board)}/board.html" if board else None,
        "pictures": [dict(picture) for picture in asked.pictures],
    }


def _track(
    library: _Library,
    row: int,
    sketch: Sketch,
    matches: Matches,
    asked_moods: Sequence[str],
) -> dict[str, Any]:
    track = library.tracks[row]
    shared = [mood for mood in track["moods"] if mood in asked_moods]
    board = _board_of(track, library)
    in_store = not track["location"].startswith(ON_DISK)
    return {
        "track_id": track["track_id"],
        "source": track["source"],
        "source_key": track["source_key"],
        "title": sketch.title or track["title"],
        "artist": sketch.artist,
        "duration_s": sketch.duration_s,
        "score": round(float(matches.score[row]), 6),
        "passage": _passage(library, track["track_id"], int(matches.passage[row])),
        "moods": list(track["moods"]),
        "why": shared[:_MOODS_SHARED],
        "peaks": list(sketch.peaks),
        "arc": list(_arc(library, track["track_id"])),
        "audio": _TO_STORE + quote(track["location"]) if in_store else None,
        "board": f"{_TO_STORE}boards/{quote(board)}/board.html" if board else None,
    }


def _terms(
    track: Mapping[str, Any], sketch: Sketch, sources: Sources
) -> dict[str, str | None]:
    """Say whose a track is; a library that is no longer configured credits itself."""
    library = sources.music.get(track["source"])
    template = library.attribution if library else "{title}, from {source}"
    credit = template.format(
        title=sketch.title or track["title"],
        artist=sketch.artist or "unknown",
        source_key=track["source_key"],
        source=track["source"],
    )
    return {"attribution": credit, "licence": track["licence"]}


def _passage(library: _Library, track_id: str, part: int) -> dict[str, float] | None:
    if not part:
        return None
    at = (pl.col("track_id") == track_id) & (pl.col("part") == part)
    start, end = library.parts.filter(at).select("start_s", "end_s").row(0)
    return {"start_s": round(start, 3), "end_s": round(end, 3)}


def _arc(library: _Library, track_id: str) -> Iterator[dict[str, float]]:
    names = ("start_s", "end_s", "energy", "valence")
    at = (pl.col("track_id") == track_id) & (pl.col("part") > 0)
    for row in library.profiles.filter(at).sort("part").select(names).iter_rows():
        yield dict(zip(names, (round(value, 4) for value in row), strict=True))


def _board_of(track: Mapping[str, Any], library: _Library) -> str | None:
    """Find a stored board of the same audio, dropped or of the library."""
    for board_id in library.boards:
        if not is_named_after(board_id, track["source_key"], track["title"]):
            continue
        board = read_board(library.store, board_id)
        if board is not None and board["track"]["sha256"] == track["sha256"]:
            return board_id
    return None


def _notes(found: int, rules: PlaylistRules, known: int) -> list[str]:
    if found == rules.length:
        return []
    wanted = f"{count(found, 'track')} instead of {rules.length}"
    caps = f"{rules.max_per_artist} of an artist and {rules.max_per_family} of a family"
    near = "nearer to these pictures than to the average one"
    return [f"{wanted}: of the library's {known}, those {near}, at most {caps}"]
