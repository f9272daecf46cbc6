"""Songs heard together, so that short ones share the batches of a large model.

Songs are decoded and analysed one by one and wait until HELD_S of sound is there; then
one call encodes them all. Waiting samples lie in temporary files (waveform), so that
memory does not grow with them.

Not here: one song and everything a board asks of it (listen).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass

import numpy as np

from evoke_core.config.profile import AudioRules
from evoke_core.errors import TrackRefused
from evoke_core.music.analysis import TrackAnalysis, analyse
from evoke_core.music.cache import HeardRecord, recall, remember
from evoke_core.music.decode import AudioLimits, Track, decode_audio
from evoke_core.music.encode import BatchedMusicEncoder, MusicEncoder, TrackEmbedding
from evoke_core.storage.store import Store

HELD_S = 600.0  # of decoded sound that waits; 60 MB on disk at 24 kHz


def hear_together(
    songs: Iterable[Callable[[], bytes]],
    encoder: MusicEncoder,
    rules: AudioRules,
    store: Store,
    *,
    held_s: float = HELD_S,
) -> Iterator[HeardRecord | TrackRefused]:
    """Hear songs in groups; what this encoder heard before is only looked up.

    Args:
        songs: Each reads the bytes of a file, or raises TrackRefused.
        encoder: A BatchedMusicEncoder encodes a group at once, another song by song.
        rules: Lengths that are taken.
        store: Keeps what was heard.
        held_s: Seconds of sound that make a group; the song that completes one may
            reach beyond it.

    Yields:
        One record or refusal a song, in their order.
    """
    group = _Group(encoder, rules, store)
    for read in songs:
        group.take(read)
        if group.held_s >= held_s:
            yield from group.finish()
            group = _Group(encoder, rules, store)
    yield from group.finish()


def record_of(
    sha256: str, track: Track, analysis: TrackAnalysis, embedding: TrackEmbedding
) -> HeardRecord:
    """Take what is kept of a song, without its sound."""
    felt = [analysis.arc.overall, *analysis.arc.windows]
    return HeardRecord(
        sha256=sha256,
        duration_s=track.duration_s,
        embedding=embedding,
        affects=np.vstack([analysis.affect[None], analysis.window_affect]),
        profiles=np.array([astuple(each) for each in felt], np.float32),
    )


@dataclass(frozen=True, slots=True)
class _Waiting:
    sha256: str
    track: Track
    analysis: TrackAnalysis


class _Group:
    """Songs that will be encoded by one call; the same sound twice waits once."""

    def __init__(self, encoder: MusicEncoder, rules: AudioRules, store: Store) -> None:
        self._encoder, self._rules, self._store = encoder, rules, store
        self._order: list[str | TrackRefused] = []
        self._known: dict[str, HeardRecord] = {}
        self._waiting: dict[str, _Waiting] = {}

    @property
    def held_s(self) -> float:
        """Seconds of sound that wait."""
        return sum(song.track.duration_s for song in self._waiting.values())

    def take(self, read: Callable[[], bytes]) -> None:
        """Look a song up, or decode and analyse it; a refused one is a reason."""
        try:
            data = read()
            sha256 = hashlib.sha256(data).hexdigest()
            if not self._has(sha256):
                self._waiting[sha256] = self._prepare(data, sha256)
        except TrackRefused as refusal:
            self._order.append(refusal)
        else:
            self._order.append(sha256)

    def finish(self) -> Iterator[HeardRecord | TrackRefused]:
        """Encode what waits, keep it, and yield all in order."""
        waiting = list(self._waiting.values())
        for song, embedding in zip(waiting, self._encoded(waiting), strict=True):
            record = record_of(song.sha256, song.track, song.analysis, embedding)
            remember(self._store, self._encoder, record, self._rules)
            self._known[song.sha256] = record
        self._waiting = {}  # lets go of the samples
        for each in self._order:
            yield self._known[each] if isinstance(each, str) else each

    def _has(self, sha256: str) -> bool:
        if sha256 in self._waiting or sha256 in self._known:
            return True
        record = recall(self._store, self._encoder, sha256, self._rules)
        if record is not None:
            self._known[sha256] = record
        return record is not None

    def _prepare(self, data: bytes, sha256: str) -> _Waiting:
        limits = AudioLimits(min_s=self._rules.min_s, max_s=self._rules.max_s)
        rate = self._encoder.sample_rate
        track = decode_audio(data, sample_rate=rate, limits=limits)
        return _Waiting(sha256, track, analyse(track, fitted=self._rules.fitted))

    def _encoded(self, waiting: list[_Waiting]) -> list[TrackEmbedding]:
        songs = [(song.track, song.analysis) for song in waiting]
        if isinstance(self._encoder, BatchedMusicEncoder):
            return self._encoder.encode_songs(songs)
        return [self._encoder.encode(*song) for song in songs]
