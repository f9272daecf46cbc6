"""Short stretches of a song, block by block, and their magnitudes.

Frames are centred on their time and taken in blocks, so that only curves grow with the
song. Not here: what is read from a spectrum (timbre, partials).
"""

from collections.abc import Iterator

import numpy as np

from evoke_core.music.decode import DEFAULT_RATE, Track
from evoke_core.music.waveform import WaveformWriter, blocks, release
from evoke_core.vectors import Array

ANALYSIS_RATE = DEFAULT_RATE  # Hz
FLOOR = 1e-8  # power; full scale is 1, so nothing lies below -80 dB
LOUDNESS_POWER = 0.3
BLOCK_FRAMES = 512


def at_analysis_rate(track: Track) -> Array:
    """Return the samples at ANALYSIS_RATE, float32[N]."""
    if track.sample_rate == ANALYSIS_RATE:
        return track.samples
    import soxr

    stream = soxr.ResampleStream(track.sample_rate, ANALYSIS_RATE, 1, dtype="float32")
    resampled = WaveformWriter()
    for block in blocks(track.samples):
        resampled.write(stream.resample_chunk(block))
    resampled.write(stream.resample_chunk(np.empty(0, np.float32), last=True))
    return resampled.finish()


def frame_blocks(samples: Array, frame: int, hop: int) -> Iterator[Array]:
    """Yield float32[B, frame], frame t centred on sample t * hop; zeros outside."""
    count = 1 + len(samples) // hop
    for first in range(0, count, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, count) - 1
        start, stop = first * hop - frame // 2, last * hop + frame // 2
        piece = samples[max(start, 0) : max(stop, 0)]
        before = max(-start, 0)
        padding = (before, stop - start - before - len(piece))
        piece = np.pad(piece, padding)  # a copy
        release(samples)
        yield np.lib.stride_tricks.sliding_window_view(piece, frame)[::hop]


def joined(parts: Iterator[dict[str, Array]], count: int) -> dict[str, Array]:
    """Join the curves of successive blocks, each at most count frames, without copies.

    Places that no block fills cost no memory: the system maps what is written.
    """
    curves: dict[str, Array] = {}
    filled: dict[str, int] = {}
    for part in parts:
        for name, values in part.items():
            if name not in curves:
                curves[name] = np.empty((count, *values.shape[1:]), np.float32)
            row = filled.get(name, 0)
            filled[name] = row + len(values)
            curves[name][row : filled[name]] = values
    return {name: curve[: filled[name]] for name, curve in curves.items()}


def magnitudes(frames: Array, first: int, last: int) -> Array:
    """Return float32[B, last - first] of bins; a full-scale sine peaks at 1."""
    size = frames.shape[1]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    spectrum = np.fft.rfft(frames * window, axis=1)[:, first:last]
    return np.abs(spectrum).astype(np.float32) * np.float32(4 / size)


def bin_range(frame: int, low_hz: float, high_hz: float) -> tuple[int, int]:
    """Return the first bin of a band of frequencies, and the one after its last."""
    width_hz = ANALYSIS_RATE / frame
    return int(np.ceil(low_hz / width_hz)), int(high_hz / width_hz) + 1
