"""The tracks of a library as vectors of their stems, each heard once.

A vector is kept as soon as it is there (audio_vector_cache), so that hours of work that
break off go on where they stopped, and a track that is dropped later is known.

Not here: what the vectors are for (projection_fit).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.config.profile import AudioRules
from evoke_core.errors import TrackRefused
from evoke_core.memory.audio_vector import encode_stems
from evoke_core.memory.audio_vector_cache import recall_vector, remember_vector
from evoke_core.memory.stereo import decode_stereo
from evoke_core.memory.studio import Ears
from evoke_core.music.decode import AudioLimits
from evoke_core.music.library import ON_DISK, audio_of
from evoke_core.music.readers import Recording, recording_sha256
from evoke_core.storage.store import Store
from evoke_core.vectors import Array


@dataclass(frozen=True, slots=True)
class LibrarySounds:
    """What was heard of a library.

    Args:
        track_ids: Of those that could be heard, N of them.
        sounds: float32[N, D], see AudioVector.
        sha256: Of their bytes: tracks of the same bytes are one recording.
        refusals: Why the others could not, by track_id.
    """

    track_ids: tuple[str, ...]
    sounds: Array
    sha256: tuple[str, ...]
    refusals: Mapping[str, str]


def hear_library(
    tracks: pl.DataFrame,
    ears: Ears,
    audio: AudioRules,
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> LibrarySounds:
    """Hear every track in its stems, or recall what was heard before.

    Args:
        tracks: track_id and location, as in `track_manifest`.
        ears: Separate and encode.
        audio: Lengths that make a song.
        store: Keeps the vectors, in private.
        report: Called with how many are done, of how many.
    """
    heard: dict[str, tuple[str, Array]] = {}
    refusals: dict[str, str] = {}
    rows = tracks.select("track_id", "location").sort("track_id").rows()
    for done, (track_id, location) in enumerate(rows, start=1):
        try:
            heard[track_id] = _hear(_recording(location, store), ears, audio, store)
        except TrackRefused as refusal:
            refusals[track_id] = f"{refusal.reason}: {refusal}"
        report(done, len(rows))
    vectors = [vector for _, vector in heard.values()]
    sounds = np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
    hashes = tuple(sha256 for sha256, _ in heard.values())
    return LibrarySounds(tuple(heard), sounds, hashes, refusals)


def _recording(location: str, store: Store) -> Recording:
    if location.startswith(ON_DISK):
        path = Path(location.removeprefix(ON_DISK))
        if path.is_file():
            return path
    return audio_of(location, store)


def _hear(
    recording: Recording, ears: Ears, audio: AudioRules, store: Store
) -> tuple[str, Array]:
    sha256 = recording_sha256(recording)
    heard = recall_vector(store, ears.separator, ears.encoder, sha256)
    if heard is None:
        limits = AudioLimits(min_s=audio.min_s, max_s=audio.max_s)
        rate = ears.separator.sample_rate
        track = decode_stereo(recording, sample_rate=rate, limits=limits)
        heard = encode_stems(track, ears.separator, ears.encoder)
        remember_vector(store, ears.separator, ears.encoder, sha256, heard)
    return sha256, heard.vector
