"""Decode any song to mono samples at one rate; its content decides, not its name.

libsndfile reads wav, flac, ogg and mp3, FFmpeg what it does not know. Blocks are mixed
down, resampled and put aside as they come, so that memory does not grow with length.
What can't be used is a `TrackRefused` with one of `REASONS`.

Not here: the two readers (readers), where samples lie (waveform), spectra, features.
"""

import codecs
from dataclasses import dataclass

import numpy as np

from evoke_core.errors import TrackRefused
from evoke_core.music.readers import (
    Reading,
    Recording,
    open_recording,
    read_ffmpeg,
    read_libsndfile,
)
from evoke_core.music.waveform import blocks, release
from evoke_core.vectors import Array

DEFAULT_RATE = 22_050  # Hz; music's pitch, beat and timbre live below 11 kHz
REASONS = (
    "empty_file", "archive", "not_audio", "unknown_format", "no_audio_stream",
    "no_samples", "too_short", "too_long", "silent", "not_finite",
)  # fmt: skip

# An mp3 stored in an archive would be found and taken for the whole of it.
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
_HEAD_BYTES = 512
_IN_TEXT = frozenset("\t\n\r\f\x1b")  # the control characters that texts hold


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What counts as a song.

    Args:
        min_s: Shortest length in seconds.
        max_s: Longest length in seconds.
        silence_db: Least level of the loudest second, dB of full scale.
    """

    min_s: float = 3.0
    max_s: float = 5400.0
    silence_db: float = -60.0


@dataclass(frozen=True, slots=True)
class Track:
    """A decoded song.

    Args:
        samples: float32[N], mono, in [-1, 1]; usually mapped from disk (waveform).
        sample_rate: Hz.
        duration_s: N / sample_rate.
        note: What a reader should know, such as a file that broke off; else None.
        title: From the embedded tags, one clean line; None where there is none.
        artist: Likewise.
    """

    samples: Array
    sample_rate: int
    duration_s: float
    note: str | None = None
    title: str | None = None
    artist: str | None = None


def decode_audio(
    recording: Recording,
    *,
    sample_rate: int = DEFAULT_RATE,
    limits: AudioLimits | None = None,
) -> Track:
    """Decode a song to mono at sample_rate.

    Channels are averaged; a peak above 1 scales the whole song down to 1. A file that
    breaks off is used, with a note, as long as the limits are met.

    Args:
        recording: The bytes of the whole file, or its path.
        sample_rate: Hz of the result.
        limits: Length and level that make a song; the defaults of AudioLimits.

    Raises:
        TrackRefused: With one of REASONS.
    """
    limits = limits or AudioLimits()
    head = _head(recording)
    if not head:
        raise TrackRefused("empty_file", "The file has no bytes; upload it again.")
    if head.startswith(_ARCHIVES):
        message = "The file is an archive; unpack it and use the songs in it."
        raise TrackRefused("archive", message)
    try:
        reading = _read(recording, sample_rate, limits)
    except TrackRefused as refusal:
        if refusal.reason != "not_audio" or _is_text(head):
            raise
        raise TrackRefused("unknown_format", str(refusal)) from refusal
    duration_s = len(reading.samples) / sample_rate
    if duration_s == 0:
        message = "The file has a header and no sound behind it; export it again."
        raise TrackRefused("no_samples", message)
    if duration_s < limits.min_s:
        message = f"Only {duration_s:.1f} s of sound could be read; a song needs at "
        raise TrackRefused("too_short", message + f"least {limits.min_s:g} s.")
    samples = _within_full_scale(reading.samples)
    _require_sound(samples, sample_rate, limits.silence_db)
    note = f"truncated: {duration_s:.0f} s of music were read"
    return Track(
        samples=samples,
        sample_rate=sample_rate,
        duration_s=duration_s,
        note=None if reading.is_whole else note,
        title=reading.title,
        artist=reading.artist,
    )


def waveform_peaks(samples: Array, *, count: int = 800) -> Array:
    """Measure the largest magnitude in each of count equal stretches.

    Args:
        samples: float32[N] in [-1, 1], N >= 1.
        count: Number of stretches; where it exceeds N, samples repeat.

    Returns:
        float32[count] in [0, 1].
    """
    starts = (np.arange(count) * len(samples)) // count
    stops = np.maximum(np.append(starts[1:], len(samples)), starts + 1)
    peaks = np.empty(count, np.float32)
    for row, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        stretch = samples[start:stop]
        peaks[row] = max(stretch.max(), -stretch.min())
        release(samples)
    return np.clip(peaks, 0.0, 1.0)


def _head(recording: Recording) -> bytes:
    with open_recording(recording) as file:
        return file.read(_HEAD_BYTES)


def _is_text(head: bytes) -> bool:
    """Say if a file begins as a text, a page or a playlist does."""
    try:  # the last character may have been cut in two, which is not final
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in _IN_TEXT for sign in text)


def _read(recording: Recording, sample_rate: int, limits: AudioLimits) -> Reading:
    """Read by libsndfile; FFmpeg finds more where that knows or finds too little."""
    reading = read_libsndfile(recording, sample_rate, limits.max_s)
    if reading and len(reading.samples) >= limits.min_s * sample_rate:
        return reading
    try:
        found = read_ffmpeg(recording, sample_rate, limits.max_s)
    except TrackRefused:
        if reading is None:
            raise
        return reading
    if reading is None or len(found.samples) > len(reading.samples):
        return found
    return reading


def _within_full_scale(samples: Array) -> Array:
    peak = max(max(block.max(), -block.min()) for block in blocks(samples))
    if peak > 1.0:  # lossy decoders overshoot, float files may use any scale
        for block in blocks(samples):
            block /= peak  # noqa: PLW2901 (in place, through the view)
    return samples


def _require_sound(samples: Array, sample_rate: int, silence_db: float) -> None:
    loudest = max(
        float(np.square(second).mean(dtype=np.float64))
        for second in blocks(samples, sample_rate)
    )
    level_db = 10 * np.log10(loudest + 1e-20)
    if level_db < silence_db:
        message = f"The loudest second lies at {level_db:.0f} dB, below "
        remedy = f"{silence_db:g} dB; check the recording and its level."
        raise TrackRefused("silent", message + remedy)
