"""The music that the bridge learns from: its tracks, their audio and their labels.

A folder's songs are labelled by a table at its top (any CSV or TSV that `label_tables`
can read) or by the one that the library names, such as MTG-Jamendo's
`autotagging_moodtheme.tsv` beside the folder of its audio.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from evoke_core.config.collections import MusicLibrary, Sources
from evoke_core.corpus.listed import storable
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.errors import SourceError, TrackRefused
from evoke_core.label_tables import Label, find_label, has_labels, read_labels
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

if TYPE_CHECKING:
    from evoke_core.music.sources.synthesized.catalogue import Piece

_TABLES = ("*.csv", "*.tsv")
DEFAULT_PER_MOOD = 4
ON_DISK = "file:"
MAX_BYTES = 2 * 1024**3  # of one song; three hours of a CD
_NOT_SONGS = frozenset(
    (".csv", ".txt", ".md", ".json", ".lrc", ".url", ".tsv", ".jpg", ".jpeg", ".png")
)


def list_tracks(
    sources: Sources,
    names: tuple[str, ...],
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> pl.DataFrame:
    """List the tracks of the named libraries; what is made in code is rendered once.

    Returns:
        The table `track_manifest`.

    Raises:
        SourceError: A folder is missing or holds no song.
    """
    rows: list[dict[str, Any]] = []
    for name in names:
        library = sources.music[name]
        if library.kind == "folder":
            rows += _folder_rows(library, name)
        else:
            rows += _rendered_rows(library, name, store, report)
    return TABLES["track_manifest"].frame(rows).sort("source", "source_key")


@dataclass(frozen=True, slots=True)
class LibraryLabels:
    """What people said of a library's songs.

    Args:
        labels: By source_key; songs that nobody labelled are absent.
        refusals: Why rows of its tables can't be used, one sentence each.
    """

    labels: Mapping[str, Label]
    refusals: tuple[str, ...]


def library_labels(library: MusicLibrary) -> LibraryLabels:
    """Read what the tables of a folder say of its songs.

    Returns:
        Nothing for a library without tables. Of two tables that name the same song,
        the one whose file name comes first counts.

    Raises:
        ConfigError: The table that the library names can't be read.
    """
    folder = Path(library.location or "")
    if library.kind != "folder" or not library.location:
        return LibraryLabels({}, ())
    keys = [_key(path, folder) for path in songs_below(folder)]
    labels: dict[str, Label] = {}
    refusals: list[str] = []
    for path in _label_files(library, folder):
        table = read_labels(path)
        said = {key: find_label(table.labels, folder.name, key) for key in keys}
        found = {key: named for key, named in said.items() if named}
        labels = {key: label for key, (_, label) in found.items()} | labels
        refusals += table.refusals
        unmatched = table.labels.keys() - {name for name, _ in found.values()}
        refusals += [
            f"{path.name}: no_such_song: {name}; put its file below {folder.name}/"
            for name in sorted(unmatched)
        ]
    return LibraryLabels(labels, tuple(refusals))


def audio_of(location: str, store: Store) -> bytes:
    """Read the bytes of a listed track.

    Raises:
        TrackRefused: It is no longer there, may not be read, or is no song's size.
    """
    if not location.startswith(ON_DISK):
        try:
            return store.read(location)
        except KeyError as gone:
            raise TrackRefused(
                "vanished",
                f"{location}: its audio is no longer in the store; run the job "
                "fit_bridge, which lists and renders the library again",
            ) from gone
    path = Path(location.removeprefix(ON_DISK))
    try:
        _require_size(path)
        return path.read_bytes()
    except OSError as wrong:
        raise TrackRefused(
            "unreadable_file",
            f"{path.name}: {wrong.strerror or wrong}; check its name and permissions",
        ) from wrong


def _require_size(path: Path) -> None:
    """Judge a file before its bytes are in memory."""
    size_bytes = path.stat().st_size
    if size_bytes > MAX_BYTES:
        raise TrackRefused(
            "too_large",
            f"{path.name}: {size_bytes} bytes, and the limit is {MAX_BYTES}; cut it, "
            "or save it as flac, ogg or mp3",
        )


def songs_below(folder: Path) -> list[Path]:
    """Find what may be songs below a folder, in the order of their paths.

    Whether they are is found out by listening; only what is plainly something else,
    as lists and covers are, is passed over.
    """
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and path.suffix.lower() not in _NOT_SONGS
    ]


def _folder_rows(library: MusicLibrary, name: str) -> list[dict[str, Any]]:
    folder = Path(library.location or "")
    songs = songs_below(folder) if library.location and folder.is_dir() else []
    if not songs:
        raise SourceError(
            f"music library {name}: no song in {library.location!r}; give "
            f"music.{name}.location in sources.yaml a folder of audio files"
        )
    said = library_labels(library).labels
    return [_song_row(path, _key(path, folder), library, name, said) for path in songs]


def _key(path: Path, folder: Path) -> str:
    """Return the key of a song; a name that is no UTF-8 leads to no file any more."""
    return storable(path.relative_to(folder).as_posix())


def _song_row(
    path: Path, key: str, library: MusicLibrary, name: str, said: Mapping[str, Label]
) -> dict[str, Any]:
    label = said.get(key, Label())
    valence, arousal = label.affect or (None, None)
    return {
        "track_id": track_id(name, key),
        "source": name,
        "source_key": key,
        "title": storable(path.stem).replace("_", " "),
        "licence": library.licence,
        "location": f"{ON_DISK}{storable(str(path.absolute()))}",
        "labels": list(label.words),
        "rated_valence": valence,
        "rated_arousal": arousal,
    }


def _label_files(library: MusicLibrary, folder: Path) -> list[Path]:
    """Find a library's tables of labels; what lies in its folder may be others."""
    if library.labels:
        return [Path(library.labels)]
    found = sorted(path for kind in _TABLES for path in folder.glob(kind))
    return [path for path in found if path.is_file() and has_labels(path)]


def _rendered_rows(
    library: MusicLibrary, name: str, store: Store, report: Callable[[int, int], None]
) -> list[dict[str, Any]]:
    from evoke_core.music.sources.synthesized.catalogue import list_pieces

    per_mood = library.quota or DEFAULT_PER_MOOD
    pieces = list_pieces(per_mood=per_mood, seed=library.seed)
    folder = f"tracks/{name}/{library.release}"
    missing = [p for p in pieces if not store.exists(f"{folder}/{p.key}")]
    rendered = map_over_cores(
        partial(_render_one, folder=folder, uri=store.uri), missing
    )
    for _ in with_progress(rendered, total=len(missing), report=report, every=12):
        pass
    return [_row(piece, library, name, folder) for piece in pieces]


def _render_one(piece: "Piece", *, folder: str, uri: str) -> None:
    from evoke_core.music.sources.synthesized.catalogue import encode_flac, render

    open_store(uri).write(f"{folder}/{piece.key}", encode_flac(render(piece)))


def _row(
    piece: "Piece", source: MusicLibrary, name: str, folder: str
) -> dict[str, Any]:
    return {
        "track_id": track_id(name, piece.key),
        "source": name,
        "source_key": piece.key,
        "title": piece.title,
        "licence": source.licence,
        "location": f"{folder}/{piece.key}",
        "labels": [],
        "family": piece.mood,
        "planted_valence": piece.valence,
        "planted_arousal": piece.arousal,
    }
