"""The bytes of hostile songs: containers, codecs, tags, and the tune that they hold.

Not here: which there are (hostile_songs).
"""

import io
import struct
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
import soundfile

Sound = npt.NDArray[np.float32]  # [N] or [N, channels]

SERVED = "served"
REFUSED = (
    "empty_file", "archive", "not_audio", "unknown_format", "no_audio_stream",
    "no_samples", "too_short", "too_long", "silent", "not_finite",
)  # fmt: skip
# What damaged bytes may become: whatever could be read of a song counts.
DAMAGED = frozenset((SERVED, *REFUSED))
RATE = 22_050
# Suffix to libsndfile's names of container and coding.
BY_LIBSNDFILE = {
    "wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"), "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"), "caf": ("CAF", "PCM_16"), "w64": ("W64", "PCM_16"),
}  # fmt: skip
# Suffix to FFmpeg's names of container and codec.
BY_FFMPEG = {
    "m4a": ("ipod", "aac"), "aac": ("adts", "aac"), "wma": ("asf", "wmav2"),
    "mka": ("matroska", "pcm_s16le"), "webm": ("webm", "libopus"),
    "ac3": ("ac3", "ac3"), "ts": ("mpegts", "mp2"), "opus": ("ogg", "libopus"),
    "flv": ("flv", "aac"), "wv": ("wv", "wavpack"),
    "avi": ("avi", "mp2"), "tta": ("tta", "tta"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class HostileSong:
    """A file, and how it may end.

    Attributes:
        name: Of its file.
        data: Its bytes.
        ends: SERVED, or the reasons that it may be refused for.
        is_tune: What is read of it is the tune, beginning with its 440 Hz.
    """

    name: str
    data: bytes
    ends: frozenset[str]
    is_tune: bool = False


def served(name: str, data: bytes, *, is_tune: bool = True) -> HostileSong:
    """Claim that a song is served, and that it is the tune."""
    return HostileSong(name, data, frozenset((SERVED,)), is_tune)


def refused(name: str, data: bytes, *reasons: str) -> HostileSong:
    """Claim that a song is refused for one of these reasons."""
    return HostileSong(name, data, frozenset(reasons))


def tune(rate: int = RATE, *, seconds: float = 5.0, level: float = 0.4) -> Sound:
    """Play a tone of 440 Hz that swells, float32[seconds * rate]."""
    time = np.arange(int(seconds * rate)) / rate
    swell = 0.75 + 0.25 * np.sin(2 * np.pi * 0.7 * time)
    return (level * swell * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def by_libsndfile(
    sound: Sound, suffix: str, rate: int = RATE, *, coding: str | None = None
) -> bytes:
    """Encode by libsndfile as what a suffix stands for."""
    kind, usual = BY_LIBSNDFILE[suffix]
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, rate, format=kind, subtype=coding or usual)
    return buffer.getvalue()


def by_ffmpeg(sound: Sound, suffix: str, rate: int = 48_000, **tags: str) -> bytes:
    """Encode mono by FFmpeg as what a suffix stands for; 48 kHz, which all take."""
    kind, codec = BY_FFMPEG[suffix]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        stream.bit_rate = 96_000
        frame = av.AudioFrame.from_ndarray(sound[None], "fltp", "mono")
        frame.sample_rate = rate
        for part in (frame, None):
            container.mux(stream.encode(part))
    return buffer.getvalue()


def film(*, sound: Sound | None) -> bytes:
    """Write a film of black, with or without sound at 48 kHz."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        voice = container.add_stream("aac", rate=48_000) if sound is not None else None
        if voice is not None:
            voice.layout = "mono"
        black = np.zeros((64, 64, 3), np.uint8)
        for shot in [av.VideoFrame.from_ndarray(black)] * 5:
            container.mux(picture.encode(shot))
        container.mux(picture.encode(None))
        if voice is not None:
            frame = av.AudioFrame.from_ndarray(sound[None], "fltp", "mono")
            frame.sample_rate = 48_000
            for part in (frame, None):
                container.mux(voice.encode(part))
    return buffer.getvalue()


def wav(
    data: bytes, *, rate: int = RATE, channels: int = 1, bits: int = 16, coding: int = 1
) -> bytes:
    """Write a WAV header that may say anything before some bytes."""
    align = max(1, channels * bits // 8) & 0xFFFF
    told = struct.pack(
        "<HHIIHH", coding, channels, rate, min(rate * align, 2**32 - 1), align, bits
    )
    body = b"WAVEfmt " + struct.pack("<I", 16) + told
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def id3(size: int, kind: bytes = b"APIC") -> bytes:
    """Write an ID3v2.3 tag of one frame of such a size."""
    head = kind + struct.pack(">I", size) + b"\0\0"
    text = b"\0image/png\0\3\0" if kind == b"APIC" else b"\0"
    body = head + (text + bytes(size))[:size]
    return b"ID3\3\0\0" + syncsafe(len(body)) + body


def syncsafe(number: int) -> bytes:
    """Write a number in four bytes of seven bits, as ID3 does."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
