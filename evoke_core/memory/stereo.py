"""Decode a song to stereo at one rate; the samples lie on disk.

What makes a song, and why one is refused, is said by `music.decode`, which reads it
first; here its channels are kept. Mono becomes two equal channels; of more than two
the libraries' own reading is taken (FFmpeg's down-mix, libsndfile's mean).

Not here: stems (stems), windows and spectra (openl3_features).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from evoke_core.errors import TrackRefused
from evoke_core.music.decode import AudioLimits, decode_audio
from evoke_core.music.readers import Recording, open_recording
from evoke_core.music.waveform import WaveformWriter, blocks
from evoke_core.vectors import Array

if TYPE_CHECKING:
    from av import AudioFrame

_BLOCK_FRAMES = 1 << 17
_WHOLE_SHARE = 0.98  # of the length that decode_audio found; readers differ a little


@dataclass(frozen=True, slots=True)
class StereoTrack:
    """A decoded song, left and right.

    Args:
        samples: float32[N, 2] in [-1, 1]; usually mapped from disk (music.waveform).
        sample_rate: Hz.
        duration_s: N / sample_rate.
        mean: Of both channels over the song.
        deviation: Standard deviation of the mean of both channels; > 0.
        note: What a reader should know, such as a file that broke off; else None.
    """

    samples: Array
    sample_rate: int
    duration_s: float
    mean: float
    deviation: float
    note: str | None = None


def decode_stereo(
    recording: Recording, *, sample_rate: int, limits: AudioLimits | None = None
) -> StereoTrack:
    """Decode a song to two channels at sample_rate.

    Memory does not grow with length: an hour at 44,100 Hz takes 1.6 GB of the folder
    for temporary files. A peak above 1 scales the whole song down to 1.

    Args:
        recording: The bytes of the whole file, or its path.
        sample_rate: Hz of the result.
        limits: Length and level that make a song; the defaults of AudioLimits.

    Raises:
        TrackRefused: With one of `music.decode.REASONS`.
    """
    heard = decode_audio(recording, limits=limits)
    wanted = _WHOLE_SHARE * heard.duration_s * sample_rate
    samples = _spool(_read_libsndfile(recording), sample_rate)
    if len(samples) < wanted:  # libsndfile does not know it, or stops early
        found = _spool(_read_ffmpeg(recording), sample_rate)
        samples = max(samples, found, key=len)
    if not len(samples):
        message = "The channels of the file can't be decoded; export it as wav or flac."
        raise TrackRefused("no_samples", message)
    return as_stereo(samples, sample_rate, note=heard.note)


def as_stereo(
    samples: Array, sample_rate: int, *, note: str | None = None
) -> StereoTrack:
    """Take samples for a song: measure them, and scale them down to full scale.

    Args:
        samples: float32[N, 2], N >= 1; changed in place where its peak is above 1.
        sample_rate: Hz.
        note: See StereoTrack.
    """
    peak, total, squares = 0.0, 0.0, 0.0
    for block in blocks(samples):
        middle = block.mean(axis=1, dtype=np.float64)
        peak = max(peak, float(np.abs(block).max()))
        total += float(middle.sum())
        squares += float(middle @ middle)
    scale = max(1.0, peak)
    if scale > 1.0:
        for block in blocks(samples):
            block /= scale  # noqa: PLW2901 (in place, through the view)
    count = len(samples)
    mean = total / count
    variance = max(0.0, squares / count - mean**2)
    return StereoTrack(
        samples=samples,
        sample_rate=sample_rate,
        duration_s=count / sample_rate,
        mean=mean / scale,
        deviation=float(np.sqrt(variance)) / scale,
        note=note,
    )


_Piece = tuple[int, Array]  # Hz, float32[N, 2]


def _spool(pieces: Iterator[_Piece], sample_rate: int) -> Array:
    """Resample pieces to one rate and put them on disk, float32[N, 2]."""
    import soxr

    waveform, stream = WaveformWriter(), None
    for rate, piece in pieces:
        if rate == sample_rate:
            waveform.write(piece.ravel())
            continue
        if stream is None:
            stream = soxr.ResampleStream(rate, sample_rate, 2, dtype="float32")
        waveform.write(stream.resample_chunk(piece).ravel())
    if stream is not None:
        rest = stream.resample_chunk(np.empty((0, 2), np.float32), last=True)
        waveform.write(rest.ravel())
    return waveform.finish().reshape(-1, 2)


def _read_libsndfile(recording: Recording) -> Iterator[_Piece]:
    """Yield what libsndfile reads of a file, up to where it is damaged."""
    import soundfile

    with ExitStack() as opened:
        source = opened.enter_context(open_recording(recording))
        try:
            file = opened.enter_context(soundfile.SoundFile(source))
            while len(read := file.read(_BLOCK_FRAMES, np.float32, always_2d=True)):
                yield file.samplerate, _two_channels(read)
        except soundfile.SoundFileError:
            return


def _read_ffmpeg(recording: Recording) -> Iterator[_Piece]:
    """Yield the first audio stream that FFmpeg finds, up to where it is damaged."""
    import av

    from evoke_core.music.readers import CONTAINERS

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "pipe"}
    with ExitStack() as opened:
        source = opened.enter_context(open_recording(recording))
        try:
            container = opened.enter_context(
                av.open(source, "r", options=options, metadata_errors="ignore")
            )
            mixer = None
            for frame in container.decode(container.streams.audio[0]):
                if mixer is None:
                    layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
                    mixer = av.AudioResampler("fltp", layout, frame.sample_rate)
                for mixed in mixer.resample(frame):
                    yield frame.sample_rate, _two_channels(_planes(mixed).T)
        except (av.FFmpegError, ValueError, IndexError):
            return


def _planes(frame: "AudioFrame") -> Array:
    """Return float32[C, N] of a frame in planes of float32."""
    planes: Array = frame.to_ndarray().astype(np.float32, copy=False)
    return planes


def _two_channels(block: Array) -> Array:
    """Return float32[N, 2] of float32[N, C]."""
    if block.shape[1] == 2:
        return np.ascontiguousarray(block)
    middle = block.mean(axis=1, dtype=np.float32)
    return cast("Array", np.stack([middle, middle], axis=1))
