"""The music that the bridge learns from: its tracks, and where their audio lies."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from evoke_core.config import MusicLibrary, Sources
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

if TYPE_CHECKING:
    from evoke_core.music.sources.synthesized.catalogue import Piece

DEFAULT_PER_MOOD = 4


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
    """
    from evoke_core.music.sources.synthesized.catalogue import list_pieces

    rows: list[dict[str, Any]] = []
    for name in names:
        source = sources.music[name]
        pieces = list_pieces(
            per_mood=source.quota or DEFAULT_PER_MOOD, seed=source.seed
        )
        folder = f"tracks/{name}/{source.release}"
        missing = [p for p in pieces if not store.exists(f"{folder}/{p.key}")]
        work = partial(_render_one, folder=folder, uri=store.uri)
        rendered = map_over_cores(work, missing)
        for _ in with_progress(rendered, total=len(missing), report=report, every=12):
            pass
        rows.extend(_row(piece, source, name, folder) for piece in pieces)
    schema = {name: c.dtype for name, c in TABLES["track_manifest"].columns.items()}
    return pl.DataFrame(rows, schema=schema).sort("source", "source_key")


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
        "family": piece.mood,
        "planted_valence": piece.valence,
        "planted_arousal": piece.arousal,
    }
