"""From the bytes of a song to everything the rest asks of it, in one pass."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from evoke_core.config import AudioRules
from evoke_core.music.analysis import TrackAnalysis, analyse
from evoke_core.music.cache import HeardRecord, recall, remember
from evoke_core.music.decode import AudioLimits, Track, decode_audio
from evoke_core.music.emotion import EmotionProfile, affect
from evoke_core.music.encode import (
    BatchedMusicEncoder,
    MusicEncoder,
    NamedSongs,
    TrackEmbedding,
)
from evoke_core.music.readers import Recording, open_recording
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


def listen(
    recording: Recording,
    encoder: MusicEncoder,
    rules: AudioRules,
    *,
    store: Store | None = None,
    names: Sequence[str] = (),
) -> Heard:
    """Decode, analyse and encode a song; memory does not grow with its length.

    Args:
        recording: The bytes of its file, or the file's path, which spares the bytes.
        encoder: Makes its vectors.
        rules: Lengths that are taken.
        store: Keeps what was heard; a song that this encoder knows is not encoded
            again. None keeps nothing.
        names: What a file of vectors may list the song under, beside its SHA-256.

    Raises:
        TrackRefused: It can't be used; the reason says why.
    """
    with open_recording(recording) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    limits = AudioLimits(min_s=rules.min_s, max_s=rules.max_s)
    track = decode_audio(recording, sample_rate=encoder.sample_rate, limits=limits)
    analysis = analyse(track)
    known = recall(store, encoder, sha256) if store else None
    if known and np.array_equal(known.embedding.starts_s, analysis.starts_s):
        embedding = known.embedding
    else:
        known = None
        ears = _knowing(encoder, (sha256, *names))
        embedding = ears.encode(track, analysis)
    vectors, affects = _by_section(analysis, embedding)
    heard = Heard(
        sha256=sha256,
        track=track,
        analysis=analysis,
        embedding=embedding,
        embeddings=np.vstack([embedding.whole[None], vectors]),
        affects=np.vstack([analysis.affect[None], affects]),
    )
    if store and not known:
        remember(store, encoder, _record(heard))
    return heard


def survey_tracks(
    tracks: pl.DataFrame,
    encoder: MusicEncoder,
    rules: AudioRules,
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Listen to every track of the library that this encoder has not heard yet.

    Returns:
        The tables `track_embeddings` and `track_profiles`.
    """
    work = partial(_survey_one, encoder=encoder, rules=rules, uri=store.uri)
    items = tracks.select("track_id", "source_key", "location").to_dicts()
    done = _spread(work, items, encoder)
    heard = list(with_progress(done, total=len(items), report=report, every=12))
    return (
        _frame("track_embeddings", [part for parts, _ in heard for part in parts]),
        _frame("track_profiles", [part for _, parts in heard for part in parts]),
    )


def _knowing(encoder: MusicEncoder, names: Sequence[str]) -> MusicEncoder:
    return encoder.named(names) if isinstance(encoder, NamedSongs) else encoder


def _record(heard: Heard) -> HeardRecord:
    analysis = heard.analysis
    felt = [analysis.arc.overall, *analysis.arc.windows]
    return HeardRecord(
        sha256=heard.sha256,
        duration_s=heard.track.duration_s,
        embedding=heard.embedding,
        affects=np.vstack([analysis.affect[None], affect(analysis.descriptors)]),
        profiles=np.array([astuple(each) for each in felt], np.float32),
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


_Rows = list[dict[str, Any]]


def _spread(
    work: Callable[[dict[str, Any]], tuple[_Rows, _Rows]],
    items: Sequence[dict[str, Any]],
    encoder: MusicEncoder,
) -> Iterator[tuple[_Rows, _Rows]]:
    """Give each core a process; a large model stays here and uses the cores itself."""
    if isinstance(encoder, BatchedMusicEncoder):
        return map(work, items)
    return map_over_cores(work, items)


def _survey_one(
    row: dict[str, Any], *, encoder: MusicEncoder, rules: AudioRules, uri: str
) -> tuple[_Rows, _Rows]:
    store = open_store(uri)
    data = store.read(row["location"])
    known = recall(store, encoder, hashlib.sha256(data).hexdigest())
    if known is None:
        names = (row["source_key"],)
        heard = listen(data, encoder, rules, store=store, names=names)
        known = _record(heard)
    return _rows(row["track_id"], known, encoder.fingerprint)


def _rows(track_id: str, heard: HeardRecord, fingerprint: str) -> tuple[_Rows, _Rows]:
    """Return a track's rows of `track_embeddings` and of `track_profiles`."""
    embedding = heard.embedding
    vectors = [embedding.whole, *embedding.windows]
    starts = [0.0, *embedding.starts_s.tolist()]
    ends = [heard.duration_s, *embedding.ends_s.tolist()]
    spans = [
        {"track_id": track_id, "part": part, "start_s": start, "end_s": end}
        for part, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    parts = [
        {
            **span,
            "sha256": heard.sha256,
            "fingerprint": fingerprint,
            "valence": float(heard.affects[part][0]),
            "arousal": float(heard.affects[part][1]),
            "embedding": vectors[part].tolist(),
        }
        for part, span in enumerate(spans)
    ]
    names = [field.name for field in fields(EmotionProfile)]
    profiles = [
        {**span, **dict(zip(names, values, strict=True))}
        for span, values in zip(spans, heard.profiles.tolist(), strict=True)
    ]
    return parts, profiles


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    columns = TABLES[table].columns.items()
    return pl.DataFrame(rows, schema={name: column.dtype for name, column in columns})
