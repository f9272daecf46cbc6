"""The two libraries that open song files, brought to one face.

Both hand over what they could read, and say if the file broke off before its end; the
tags come out as clean single lines. Damage is no error here: what was read counts.

Not here: what is long and loud enough to be a song (decode).
"""

import hashlib
import io
import unicodedata
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evoke_core.errors import TrackRefused
from evoke_core.music.waveform import WaveformWriter
from evoke_core.vectors import Array

if TYPE_CHECKING:
    from av.container import InputContainer

Recording = bytes | Path  # a whole file: its bytes, or where it lies
Opened = io.BytesIO | io.BufferedReader

_USABLE_RATES = (2_000, 768_000)  # Hz; a header beyond them is forged or damaged
_BLOCK_VALUES = 1 << 18  # read at once, over all channels
_TAG_CHARACTERS = 200
_MISSING_SHARE = 0.02  # mp3 headers overstate a whole song by up to 0.3 %
_LENGTH_UNKNOWN = 2**62  # libsndfile says 2**63 - 1 where a file does not tell
_OGG_LAST_PAGE = 0x04  # bit of a page's header, RFC 3533
_OGG_HEADER_BYTES = 27  # then one length a segment, whose number is the last of them
_TAIL_BYTES = 1 << 17  # an Ogg page has at most 65,307
# Playlists (hls, concat, sdp) can name other files and hosts, so only plain containers.
CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,adts,asf,aiff,ape,wv,amr,caf,tta,w64,"
    "mpc,mpc8,avi,mpegts,mpeg,flv,wav,mp3,flac,ogg,ac3,eac3,dsf,au"
)
_GUESSED_LENGTHS = ("aac", "ac3", "amr", "eac3", "mp3", "mpeg", "mpegts")


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of a file.

    Args:
        samples: float32[N], mono, at the rate that was asked for; mapped from disk.
        is_whole: False where the file broke off or was damaged.
        title: Clean, or None.
        artist: Clean, or None.
    """

    samples: Array
    is_whole: bool
    title: str | None
    artist: str | None


def open_recording(recording: Recording) -> Opened:
    """Open a recording for reading; a file is read as it is needed."""
    if isinstance(recording, bytes):
        return io.BytesIO(recording)
    return recording.open("rb")


def recording_sha256(recording: Recording) -> str:
    """Return the SHA-256 of a whole file in hexadecimal, read in pieces."""
    with open_recording(recording) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_libsndfile(
    recording: Recording, sample_rate: int, max_s: float
) -> Reading | None:
    """Read wav, flac, ogg, mp3 and their like; None for anything else.

    Raises:
        TrackRefused: not_finite, too_long, or not_audio for an impossible rate.
    """
    import soundfile

    source = open_recording(recording)
    is_whole = not _breaks_off(source)
    try:
        file = soundfile.SoundFile(_Unfailing(source))
    except soundfile.SoundFileError:
        source.close()
        return None
    with source, file:
        sink = _Sink(file.samplerate, sample_rate, max_s)
        frames_read = 0
        frames = max(1, _BLOCK_VALUES // file.channels)
        try:
            while len(block := file.read(frames, dtype="float32", always_2d=True)):
                frames_read += len(block)
                sink.take(_mix_down(block))
        except soundfile.SoundFileError:
            is_whole = False
        if file.frames < _LENGTH_UNKNOWN:
            is_whole &= frames_read >= (1 - _MISSING_SHARE) * file.frames
        title, artist = _clean(file.title), _clean(file.artist)
    return Reading(sink.finish(), is_whole, title, artist)


def read_ffmpeg(recording: Recording, sample_rate: int, max_s: float) -> Reading:
    """Read the first audio stream of anything that FFmpeg knows.

    Raises:
        TrackRefused: not_audio, no_audio_stream, not_finite or too_long.
    """
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "pipe"}
    with ExitStack() as opened:
        source = opened.enter_context(open_recording(recording))
        try:
            container = opened.enter_context(
                av.open(source, "r", options=options, metadata_errors="ignore")
            )
        except (av.FFmpegError, ValueError) as error:
            message = "The file is no audio that FFmpeg knows; export it as mp3, ogg, "
            raise TrackRefused("not_audio", message + "flac or wav.") from error
        if not container.streams.audio:
            message = "The file has no audio stream; choose one that has sound."
            raise TrackRefused("no_audio_stream", message)
        return _read_stream(container, sample_rate, max_s)


class _Unfailing:
    """A file for libsndfile, which can't hear that a seek failed.

    A damaged header may name a place before the file's beginning; each such seek would
    leave a traceback on the standard error stream, and nothing else.
    """

    def __init__(self, file: Opened) -> None:
        self._file = file
        self.readinto, self.tell = file.readinto, file.tell
        self.read, self.write = file.read, file.write

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; stay where that is none."""
        with suppress(ValueError, OSError):
            self._file.seek(offset, whence)
        return self._file.tell()


class _Sink:
    """Collects mono blocks at the wanted rate; refuses what can't become a song."""

    def __init__(self, source_rate: int, sample_rate: int, max_s: float) -> None:
        import soxr

        low, high = _USABLE_RATES
        if not low <= source_rate <= high:
            message = f"The file claims a sample rate of {source_rate} Hz; export it "
            raise TrackRefused("not_audio", message + "at 44,100 Hz.")
        self._is_resampled = source_rate != sample_rate
        self._resampler = soxr.ResampleStream(
            source_rate, sample_rate, 1, dtype="float32"
        )
        self._waveform = WaveformWriter()
        self._max_s = max_s
        self._max_samples = max_s * sample_rate

    def take(self, block: Array, *, last: bool = False) -> None:
        """Add float32[N] at the source's rate."""
        if self._is_resampled:
            block = self._resampler.resample_chunk(block, last=last)
        if not np.isfinite(block).all():
            message = "The file holds samples that are no numbers (NaN or infinite); "
            raise TrackRefused("not_finite", message + "export it again.")
        self._waveform.write(block)
        if self._waveform.count > self._max_samples:
            message = f"The song is longer than {self._max_s:.0f} s; cut it, or raise "
            raise TrackRefused("too_long", message + "the limit in the configuration.")

    def finish(self) -> Array:
        """Flush the resampler and hand over float32[N], without a copy."""
        self.take(np.empty(0, np.float32), last=True)
        return self._waveform.finish()


def _read_stream(
    container: "InputContainer", sample_rate: int, max_s: float
) -> Reading:
    import av

    stream = container.streams.audio[0]
    sink: _Sink | None = None
    is_whole = True
    try:
        for frame in container.decode(stream):
            if sink is None:
                sink = _Sink(frame.sample_rate, sample_rate, max_s)
                mixer = av.AudioResampler("fltp", "mono", frame.sample_rate)
            for mixed in mixer.resample(frame):
                sink.take(mixed.to_ndarray()[0])
    # PyAV does not find the streams that a damaged MPEG-TS announces on the way.
    except (av.FFmpegError, ValueError, IndexError):
        is_whole = False
    if sink is None:
        message = "The audio stream can't be decoded; export it as mp3, ogg, flac "
        raise TrackRefused("not_audio", message + "or wav.")
    samples = sink.finish()
    told_s = _told_length_s(container)
    is_whole &= len(samples) >= (1 - _MISSING_SHARE) * told_s * sample_rate
    tags = {**stream.metadata, **container.metadata}
    named = {key.lower(): value for key, value in tags.items()}
    title, artist = _clean(named.get("title")), _clean(named.get("artist"))
    return Reading(samples, is_whole, title, artist)


def _told_length_s(container: "InputContainer") -> float:
    """Return the seconds of sound that the container tells; 0 where it only guesses."""
    import av

    stream = container.streams.audio[0]
    if container.format.name in _GUESSED_LENGTHS:
        return 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and not container.streams.video:
        return container.duration / av.time_base
    return 0.0


def _mix_down(block: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):  # the sink refuses infinities
        mono: Array = block.mean(axis=1, dtype=np.float32)
    return mono


def _breaks_off(source: Opened) -> bool:
    """Say if a container is shorter than its own structure tells; then rewind."""
    head, size = source.read(8), source.seek(0, io.SEEK_END)
    source.seek(max(0, size - _TAIL_BYTES))
    tail = source.read() if head[:4] == b"OggS" else b""
    source.seek(0)
    if head[:4] == b"RIFF":
        told = int.from_bytes(head[4:8], "little") + 8
        is_streamed = told in (8, 2**32 + 7)  # unknown when it was written
        return not is_streamed and told > size + 1
    if head[:4] == b"OggS":
        start = tail.rfind(b"OggS")
        page = tail[start:]
        if start < 0 or len(page) < _OGG_HEADER_BYTES or not page[5] & _OGG_LAST_PAGE:
            return True
        lengths = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + page[26]]
        return len(page) < _OGG_HEADER_BYTES + page[26] + sum(lengths)
    return False


def _clean(text: str | None) -> str | None:
    """Make one line of a tag: no control, format, private or unassigned characters."""
    kept = []
    for character in text or "":
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif not category.startswith("C"):
            kept.append(character)
    return " ".join("".join(kept).split())[:_TAG_CHARACTERS].strip() or None
