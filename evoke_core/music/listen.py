"""From the bytes of a song to everything the rest asks of it, in one pass."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from evoke_core.config import AudioRules
from evoke_core.music.analysis import TrackAnalysis, analyse
from evoke_core.music.decode import AudioLimits, Track, decode_audio
from evoke_core.music.emotion import affect
from evoke_core.music.encode import MusicEncoder, TrackEmbedding
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.vectors import Array, l2_normalize, weighted_mean
from evoke_core.workers import map_over_cores, with_progress


@dataclass(frozen=True, slots=True)
class Heard:
    """A song that was listened to.

    Args:
        sha256: Of its bytes.
        track: Decoded samples and tags.
        analysis: How it feels, window by window, and its form.
        embedding: Its vectors.
        embeddings: float32[1 + S, D], unit length: the whole, then each section.
        affects: float32[1 + S, 2]: valence and arousal of the same parts.
    """

    sha256: str
    track: Track
    analysis: TrackAnalysis
    embedding: TrackEmbedding
    embeddings: Array
    affects: Array


def listen(data: bytes, encoder: MusicEncoder, rules: AudioRules) -> Heard:
    """Decode, analyse and encode a song.

    Raises:
        TrackRefused: It can't be used; the reason says why.
    """
    limits = AudioLimits(min_s=rules.min_s, max_s=rules.max_s)
    track = decode_audio(data, sample_rate=encoder.sample_rate, limits=limits)
    analysis = analyse(track)
    embedding = encoder.encode(track, analysis)
    vectors, affects = _by_section(analysis, embedding)
    return Heard(
        sha256=hashlib.sha256(data).hexdigest(),
        track=track,
        analysis=analysis,
        embedding=embedding,
        embeddings=np.vstack([embedding.whole[None], vectors]),
        affects=np.vstack([analysis.affect[None], affects]),
    )


def survey_tracks(
    tracks: pl.DataFrame,
    encoder: MusicEncoder,
    rules: AudioRules,
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Listen to every track of the library.

    Returns:
        The tables `track_embeddings` and `track_profiles`.
    """
    work = partial(_survey_one, encoder=encoder, rules=rules, uri=store.uri)
    items = tracks.select("track_id", "location").to_dicts()
    heard = list(
        with_progress(
            map_over_cores(work, items), total=len(items), report=report, every=12
        )
    )
    return (
        _frame("track_embeddings", [part for parts, _ in heard for part in parts]),
        _frame("track_profiles", [part for _, parts in heard for part in parts]),
    )


def _by_section(
    analysis: TrackAnalysis, embedding: TrackEmbedding
) -> tuple[Array, Array]:
    """Average windows, by salience, over the section that each lies in the middle of.

    Returns:
        float32[S, D] and float32[S, 2].
    """
    middle = (analysis.starts_s + analysis.ends_s) / 2
    window_affect = affect(analysis.descriptors)
    vectors, affects = [], []
    for section in analysis.sections:
        inside = (middle >= section.start_s) & (middle < section.end_s)
        if not inside.any():  # shorter than the step between windows
            centre = (section.start_s + section.end_s) / 2
            inside = np.arange(len(middle)) == np.abs(middle - centre).argmin()
        weights = embedding.weights[inside]
        vectors.append(weighted_mean(embedding.windows[inside], weights))
        affects.append(weighted_mean(window_affect[inside], weights))
    return l2_normalize(np.stack(vectors)), np.stack(affects)


def _survey_one(
    row: dict[str, Any], *, encoder: MusicEncoder, rules: AudioRules, uri: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    heard = listen(open_store(uri).read(row["location"]), encoder, rules)
    analysis, embedding = heard.analysis, heard.embedding
    vectors = [embedding.whole, *embedding.windows]
    affects = [analysis.affect, *affect(analysis.descriptors)]
    starts = [0.0, *analysis.starts_s.tolist()]
    ends = [heard.track.duration_s, *analysis.ends_s.tolist()]
    spans = [
        {
            "track_id": row["track_id"],
            "part": part,
            "start_s": starts[part],
            "end_s": ends[part],
        }
        for part in range(len(vectors))
    ]
    parts = [
        {
            **span,
            "sha256": heard.sha256,
            "fingerprint": encoder.fingerprint,
            "valence": float(affects[part][0]),
            "arousal": float(affects[part][1]),
            "embedding": vectors[part].tolist(),
        }
        for part, span in enumerate(spans)
    ]
    felt = [analysis.arc.overall, *analysis.arc.windows]
    profiles = [{**span, **asdict(felt[part])} for part, span in enumerate(spans)]
    return parts, profiles


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    columns = TABLES[table].columns.items()
    return pl.DataFrame(rows, schema={name: column.dtype for name, column in columns})
