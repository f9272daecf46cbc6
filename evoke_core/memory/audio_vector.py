"""A song as one vector: what OpenL3 hears in its four stems, over time.

For each stem in the order of STEMS (vocals, drums, bass, other) come the mean over time
of its embeddings, then their standard deviation: 4 x (512 + 512) = float32[4096]. The
song is read once; nothing grows with its length.

Not here: separating (stems), encoding (openl3), keeping (audio_vector_cache), and what
the vector does to words (fusion).
Source: the moments' update is that of Chan, Golub & LeVeque 1979.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evoke_core.memory.demucs_model import STEMS
from evoke_core.memory.openl3 import OpenL3Encoder
from evoke_core.memory.openl3_features import SAMPLE_RATE, WindowStream
from evoke_core.memory.stems import StemBlock, StemSeparator, StemTally
from evoke_core.memory.stereo import StereoTrack
from evoke_core.vectors import Array, Array64


@dataclass(frozen=True, slots=True)
class AudioVector:
    """What was heard in a song's stems.

    Args:
        vector: float32[8 * D], [4096] as published: a stem's mean, then its deviation,
            stem after stem; not normalised.
        windows: How many embeddings of each stem it summarises.
        levels_db: Mean level of each stem, dB of full scale. OpenL3 does not hear
            level: the vector says as much of a stem that is nearly silent.
        snr_db: Power of the mix over that of the mix less the sum of stems.
        duration_s: Length of the song.
    """

    vector: Array
    windows: int
    levels_db: tuple[float, ...]
    snr_db: float
    duration_s: float


class StemSink(Protocol):
    """What else wants the stems while they pass by, such as StemFiles."""

    def take(self, block: StemBlock) -> None:
        """Take the next block."""
        ...


def encode_stems(
    track: StereoTrack,
    separator: StemSeparator,
    encoder: OpenL3Encoder,
    *,
    sinks: Sequence[StemSink] = (),
) -> AudioVector:
    """Separate a song, hear each stem, and summarise it over time, in one pass.

    Args:
        track: At the separator's sample rate.
        separator: Gives the stems.
        encoder: Hears them, its hop included.
        sinks: Each gets every block, in order.

    Raises:
        ConfigError: Weights don't fit, or the track has another sample rate.
    """
    tally = StemTally()
    ears = [_Ear(encoder, track.sample_rate) for _ in STEMS]
    for block in separator.separate(track):
        for taker in (tally, *sinks):
            taker.take(block)
        for ear, stem in zip(ears, block.stems, strict=True):
            ear.listen(stem)
    for ear in ears:
        ear.finish()
    moments = [part for ear in ears for part in (ear.heard.mean, ear.heard.deviation)]
    return AudioVector(
        vector=np.concatenate(moments).astype(np.float32),
        windows=ears[0].heard.count,
        levels_db=tally.levels_db,
        snr_db=tally.snr_db,
        duration_s=track.duration_s,
    )


class RunningMoments:
    """Mean and standard deviation of rows that come in batches, in float64.

    Args:
        dimension: Numbers in a row.
    """

    def __init__(self, dimension: int) -> None:
        self.count = 0
        self.mean: Array64 = np.zeros(dimension)
        self._squares: Array64 = np.zeros(dimension)

    @property
    def deviation(self) -> Array64:
        """Of the rows so far (over n, not n - 1); zero for none."""
        spread: Array64 = np.sqrt(self._squares / max(1, self.count))
        return spread

    def add(self, rows: Array) -> None:
        """Add float32[N, dimension], any N."""
        if not len(rows):
            return
        wide = rows.astype(np.float64)
        mean = wide.mean(axis=0)
        total = self.count + len(rows)
        apart = mean - self.mean
        self._squares += np.square(wide - mean).sum(axis=0)
        self._squares += np.square(apart) * self.count * len(rows) / total
        self.mean = self.mean + apart * len(rows) / total
        self.count = total


class _Ear:
    """Hears one stem: mono, at 48 kHz, window by window."""

    def __init__(self, encoder: OpenL3Encoder, sample_rate: int) -> None:
        import soxr

        self.heard = RunningMoments(encoder.dimension)
        self._encoder = encoder
        self._windows = WindowStream(encoder.hop_s)
        self._resampler = soxr.ResampleStream(
            sample_rate, SAMPLE_RATE, 1, dtype="float32"
        )

    def listen(self, stem: Array, *, last: bool = False) -> None:
        """Take float32[N, 2]."""
        mono = stem.mean(axis=1, dtype=np.float32)
        sound = self._resampler.resample_chunk(mono, last=last)
        self.heard.add(self._encoder.encode_windows(self._windows.push(sound)))

    def finish(self) -> None:
        """Hear what is left."""
        self.listen(np.empty((0, 2), np.float32), last=True)
        self.heard.add(self._encoder.encode_windows(self._windows.finish()))
