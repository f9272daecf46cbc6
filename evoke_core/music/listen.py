"""From the bytes of a song to everything the rest asks of it, in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evoke_core.config.profile import AudioRules
from evoke_core.music.analysis import TrackAnalysis, analyse
from evoke_core.music.cache import HeardRecord, recall, remember
from evoke_core.music.decode import AudioLimits, Track, decode_audio
from evoke_core.music.encode import (
    MusicEncoder,
    NamedSongs,
    TrackEmbedding,
)
from evoke_core.music.readers import Recording, recording_sha256
from evoke_core.music.together import record_of
from evoke_core.storage.store import Store
from evoke_core.vectors import Array, l2_normalize, weighted_mean


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
    sha256 = recording_sha256(recording)
    limits = AudioLimits(min_s=rules.min_s, max_s=rules.max_s)
    track = decode_audio(recording, sample_rate=encoder.sample_rate, limits=limits)
    analysis = analyse(track, fitted=rules.fitted)
    known = recall(store, encoder, sha256, rules) if store else None
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
        remember(store, encoder, as_record(heard), rules)
    return heard


def _knowing(encoder: MusicEncoder, names: Sequence[str]) -> MusicEncoder:
    return encoder.named(names) if isinstance(encoder, NamedSongs) else encoder


def as_record(heard: Heard) -> HeardRecord:
    """Take what is kept of a song, without its sound."""
    return record_of(heard.sha256, heard.track, heard.analysis, heard.embedding)


def _by_section(
    analysis: TrackAnalysis, embedding: TrackEmbedding
) -> tuple[Array, Array]:
    """Average windows, by salience, over the section that each lies in the middle of.

    Returns:
        float32[S, D] and float32[S, 2].
    """
    middle = (analysis.starts_s + analysis.ends_s) / 2
    vectors, affects = [], []
    for section in analysis.sections:
        inside = (middle >= section.start_s) & (middle < section.end_s)
        if not inside.any():  # shorter than the step between windows
            centre = (section.start_s + section.end_s) / 2
            inside = np.arange(len(middle)) == np.abs(middle - centre).argmin()
        weights = embedding.weights[inside]
        vectors.append(weighted_mean(embedding.windows[inside], weights))
        affects.append(weighted_mean(analysis.window_affect[inside], weights))
    return l2_normalize(np.stack(vectors)), np.stack(affects)
