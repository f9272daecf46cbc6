"""Listen to a whole library: its tracks as rows, and a reason for each that can't be.

A track that was heard by this encoder before is neither decoded nor encoded again. A
small encoder has a process on each core, which a track may kill without harm to the
others; for a large model, tracks share batches.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import polars as pl

from evoke_core.config.profile import AudioRules
from evoke_core.errors import TrackRefused
from evoke_core.music.cache import HeardRecord, recall
from evoke_core.music.emotion import EmotionProfile
from evoke_core.music.encode import BatchedMusicEncoder, MusicEncoder
from evoke_core.music.library import audio_of
from evoke_core.music.listen import as_record, listen
from evoke_core.music.together import hear_together
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_guarded, with_progress

_Row = dict[str, Any]
_TIMEOUT_S = 900.0  # the longest song allowed takes about a minute


@dataclass(frozen=True, slots=True)
class Survey:
    """A library that was listened to.

    Args:
        embeddings: The table `track_embeddings`.
        profiles: The table `track_profiles`.
        refusals: The table `track_refusals`; every other track is in the two above.
    """

    embeddings: pl.DataFrame
    profiles: pl.DataFrame
    refusals: pl.DataFrame


def survey_tracks(
    tracks: pl.DataFrame,
    encoder: MusicEncoder,
    rules: AudioRules,
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> Survey:
    """Listen to every track of the library that this encoder has not heard yet.

    Args:
        tracks: Columns track_id, source_key, location of `track_manifest`.
        encoder: Its fingerprint decides what is known.
        rules: Lengths that are taken.
        store: Holds the tracks, and keeps what was heard.
        report: Is told (done, total).
    """
    items = tracks.select("track_id", "source_key", "location").to_dicts()
    if isinstance(encoder, BatchedMusicEncoder):
        done = _together(items, encoder, rules, store)
    else:
        work = partial(_survey_one, encoder=encoder, rules=rules, uri=store.uri)
        done = map_guarded(work, items, timeout_s=_TIMEOUT_S, lost=_lost)
    heard = list(with_progress(done, total=len(items), report=report, every=12))
    return Survey(
        *(
            TABLES[table].frame([row for tables in heard for row in tables[place]])
            for place, table in enumerate(
                ("track_embeddings", "track_profiles", "track_refusals")
            )
        )
    )


_Tables = tuple[list[_Row], list[_Row], list[_Row]]


def _together(
    items: Sequence[_Row], encoder: MusicEncoder, rules: AudioRules, store: Store
) -> Iterator[_Tables]:
    """Keep the model in this process, where it uses the cores itself."""
    songs = (partial(audio_of, row["location"], store) for row in items)
    heard = hear_together(songs, encoder, rules, store)
    for row, known in zip(items, heard, strict=True):
        if isinstance(known, TrackRefused):
            yield _refused(row, known)
        else:
            yield (*_rows(row["track_id"], known, encoder.fingerprint), [])


def _survey_one(
    row: _Row, *, encoder: MusicEncoder, rules: AudioRules, uri: str
) -> _Tables:
    store = open_store(uri)
    try:
        data = audio_of(row["location"], store)
        known = recall(store, encoder, hashlib.sha256(data).hexdigest(), rules)
        if known is None:
            names = (row["source_key"],)
            heard = listen(data, encoder, rules, store=store, names=names)
            known = as_record(heard)
    except TrackRefused as refusal:
        return _refused(row, refusal)
    return (*_rows(row["track_id"], known, encoder.fingerprint), [])


def _lost(row: _Row, why: str) -> _Tables:
    """Account for a track that a worker process did not survive."""
    message = f"hearing it {why}; leave it out or save it anew"
    return _refused(row, TrackRefused("hostile", message))


def _refused(row: _Row, refusal: TrackRefused) -> _Tables:
    named = {name: row[name] for name in ("track_id", "source_key")}
    return [], [], [{**named, "reason": refusal.reason, "detail": str(refusal)}]


def _rows(
    track_id: str, heard: HeardRecord, fingerprint: str
) -> tuple[list[_Row], list[_Row]]:
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
