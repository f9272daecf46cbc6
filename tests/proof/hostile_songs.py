"""Over 200 songs that mean harm or are merely odd, made by code from a seed.

Each says how it may end: served, or refused for one of the reasons it names. Playlists
name a file and a host that only a reader that follows them would ever touch. Not here:
what is claimed of them (test_hostile_songs).
"""

import gzip
import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

from tests.proof.hostile_sounds import (
    BY_FFMPEG,
    BY_LIBSNDFILE,
    DAMAGED,
    RATE,
    SERVED,
    HostileSong,
    Sound,
    by_ffmpeg,
    by_libsndfile,
    film,
    id3,
    refused,
    served,
    syncsafe,
    tune,
    wav,
)

_NO_SONG = ("not_audio", "unknown_format", "no_samples", "too_short", "silent")


def make_songs(seed: int = 0) -> Iterator[HostileSong]:
    """Make every hostile song, each of some seconds, the same for the same seed."""
    rng = np.random.default_rng(seed)
    wholes = {suffix: by_libsndfile(tune(), suffix) for suffix in BY_LIBSNDFILE}
    wholes |= {suffix: by_ffmpeg(tune(48_000), suffix) for suffix in BY_FFMPEG}
    yield from _whole(wholes)
    yield from _cut_short(wholes)
    yield from _of_every_shape()
    yield from _odd_sounds(rng)
    yield from _lying_heads()
    yield from _odd_mp3s(wholes["mp3"], rng)
    yield from _other_files(wholes, rng)
    yield from _flipped(wholes, rng)


def make_long_songs() -> Iterator[HostileSong]:
    """Make songs of three hours, in few bytes and in many."""
    rate = 8_000
    hours = np.tile(tune(rate, seconds=10), 3 * 360)
    yield refused("three-hours.flac", by_libsndfile(hours, "flac", rate), "too_long")
    samples = (hours * 32_767).astype("<i2")
    yield refused("three-hours.wav", wav(samples.tobytes(), rate=rate), "too_long")
    blank = by_libsndfile(np.zeros_like(hours), "flac", rate)
    yield refused("three-silent-hours.flac", blank, "too_long", "silent")


def playlists(secret: str, port: int) -> Iterator[HostileSong]:
    """Name another file and a host in every way that FFmpeg could follow.

    Args:
        secret: Path of a song that must stay closed.
        port: Of 127.0.0.1, where nobody must call.
    """
    where = f"http://127.0.0.1:{port}"
    xml = "<?xml version='1.0'?>"
    keyed = f'#EXT-X-KEY:METHOD=AES-128,URI="{where}/key"\n#EXTINF'
    radio = f"v=0\nc=IN IP4 127.0.0.1\nm=audio {port} RTP/AVP 0\n"
    dash = f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{where}</BaseURL>'
    for name, text in (
        ("plain.m3u", f"{secret}\n"),
        ("files.m3u8", _hls(f"file://{secret}")),
        ("paths.m3u8", _hls(secret)),
        ("hosts.m3u8", _hls(f"{where}/song.ts")),
        ("crypto.m3u8", _hls(f"crypto+file://{secret}")),
        ("concat.m3u8", _hls(f"concat:{secret}|{secret}")),
        ("subfile.m3u8", _hls(f"subfile,,start,0,end,0,,:{secret}")),
        ("key.m3u8", _hls(secret).replace("#EXTINF", keyed)),
        ("named.mp3", _hls(secret)),
        ("named.wav", _hls(f"{where}/song.ts")),
        ("list.ffconcat", f"ffconcat version 1.0\nfile '{secret}'\n"),
        ("concat.txt.mp3", f"ffconcat version 1.0\nfile '{where}/a.mp3'\n"),
        ("list.pls", f"[playlist]\nNumberOfEntries=1\nFile1={secret}\n"),
        ("list.asx", f'<asx version="3.0"><entry><ref href="{where}"/></entry></asx>'),
        ("old.asx", f"[Reference]\nRef1={where}/song.wma\n"),
        ("list.xspf", f"{xml}<playlist><location>{where}</location></playlist>"),
        ("dash.mpd", f"{xml}{dash}<Period></Period></MPD>"),
        ("radio.sdp", radio),
        ("sheet.cue", f'FILE "{secret}" WAVE\n TRACK 01 AUDIO\n'),
        ("meta.ffmeta", f";FFMETADATA1\ntitle={secret}\n"),
        ("rtsp.ram", f"rtsp://127.0.0.1:{port}/song.rm\n"),
    ):
        yield refused(name, text.encode(), "not_audio")
    ends = (*_NO_SONG, "no_audio_stream")
    yield refused("reference.mov", _reference_movie(secret), *ends)
    yield HostileSong("outside.m4a", _outside_media(secret), DAMAGED)


def _hls(address: str) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n"


def _atom(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def _reference_movie(secret: str) -> bytes:
    url = secret.encode()
    told = _atom(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(url)) + url)
    movie = _atom(b"moov", _atom(b"rmra", _atom(b"rmda", told)))
    return _atom(b"ftyp", b"qt  " + bytes(4) + b"qt  ") + movie


def _outside_media(secret: str) -> bytes:
    """Say that the samples of a film's sound lie in another file, by an old alias."""
    whole = by_ffmpeg(tune(48_000), "m4a")
    inside = _atom(b"url ", b"\0\0\0\1")  # flag 1: in this very file
    path = secret.encode()
    parts = b"".join(
        struct.pack(">HH", kind, len(path)) + path + bytes(len(path) % 2)
        for kind in (2, 18)
    )
    alias = bytes(146) + b"\0\0\0\0" + parts + b"\xff\xff\0\0"
    outside = _atom(b"alis", bytes(4) + bytes(6) + alias)
    more = len(outside) - len(inside)
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = whole.index(kind) - 4
        size = int.from_bytes(whole[place : place + 4], "big") + more
        whole = whole[:place] + struct.pack(">I", size) + whole[place + 4 :]
    return whole.replace(inside, outside)


def _whole(wholes: dict[str, bytes]) -> Iterator[HostileSong]:
    for suffix, data in wholes.items():
        yield served(f"whole.{suffix}", data)
        yield served(f"{suffix}-named.txt.mp3", data)
    yield served("no-suffix", wholes["flac"])
    yield served("line\nbreak \u202e🎷.mp3", wholes["mp3"])
    yield served("long-" + "ø" * 115 + ".ogg", wholes["ogg"])
    yield served("chained.ogg", wholes["ogg"] * 3)
    yield served("chained-rates.ogg", wholes["ogg"] + wholes["opus"])
    other = by_libsndfile(tune(44_100), "mp3", 44_100)
    yield served("joined-rates.mp3", wholes["mp3"] + other)
    yield served("film.mp4", film(sound=tune(48_000)))
    yield refused("film-without-sound.mp4", film(sound=None), "no_audio_stream")


def _cut_short(wholes: dict[str, bytes]) -> Iterator[HostileSong]:
    for suffix, data in wholes.items():
        for part in (0.02, 0.4, 0.9):
            name = f"cut-{part * 100:.0f}.{suffix}"
            yield HostileSong(name, data[: int(len(data) * part)], DAMAGED)
    for size in (1, 4, 12, 43, 44):
        head = wholes["wav"][:size]
        yield refused(f"head-{size}.wav", head, *_NO_SONG)


def _of_every_shape() -> Iterator[HostileSong]:
    """Rates, channels and codings of samples, all of them whole songs."""
    for rate in (8_000, 11_025, 16_000, 44_100, 48_000, 88_200, 96_000, 192_000):
        for suffix in ("wav", "flac"):
            data = by_libsndfile(tune(rate), suffix, rate)
            yield served(f"rate-{rate}.{suffix}", data)
    for channels in range(1, 9):
        many = np.repeat(tune()[:, None], channels, axis=1)
        for suffix in ("wav", "flac", "ogg"):
            data = by_libsndfile(many, suffix)
            yield served(f"channels-{channels}.{suffix}", data)
    for coding in ("PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW",
                   "IMA_ADPCM", "MS_ADPCM", "GSM610"):  # fmt: skip
        rate = 8_000 if coding == "GSM610" else RATE
        data = by_libsndfile(tune(rate), "wav", rate, coding=coding)
        yield served(f"coding-{coding}.wav", data)
    yield served("coding-PCM_24.flac", by_libsndfile(tune(), "flac", coding="PCM_24"))


def _odd_sounds(rng: np.random.Generator) -> Iterator[HostileSong]:
    def kept(name: str, sound: Sound, *ends: str) -> HostileSong:
        data = by_libsndfile(sound.astype(np.float32), "wav", coding="FLOAT")
        return HostileSong(f"{name}.wav", data, frozenset(ends))

    plain = tune()
    for name, value in (("nan", np.nan), ("inf", np.inf), ("minus-inf", -np.inf)):
        for place in (0, len(plain) // 2, len(plain) - 1):
            sound = plain.copy()
            sound[place] = value
            yield kept(f"{name}-{place}", sound, "not_finite")
    yield kept("all-nan", np.full_like(plain, np.nan), "not_finite")
    yield kept("huge", plain * 1e30, SERVED)
    yield kept("largest", np.sign(plain) * 3.4e38, SERVED, "not_finite")
    yield kept("subnormal", plain * 1e-40, "silent")
    yield kept("silence", plain * 0, "silent")
    yield kept("almost-silence", plain * 1e-5, "silent")
    yield kept("constant", plain * 0 + 0.5, SERVED, "silent")
    yield kept("offset", plain * 0.2 + 0.7, SERVED)
    yield kept("clipped", np.clip(plain * 50, -1, 1), SERVED)
    yield kept("noise", rng.normal(0, 0.2, len(plain)), SERVED)
    click = plain * 0
    click[len(click) // 2] = 1
    yield kept("one-click", click, SERVED, "silent")
    yield kept("nyquist", np.tile([0.5, -0.5], len(plain) // 2), SERVED, "silent")
    yield kept("too-short", plain[: 2 * RATE], "too_short")
    yield kept("one-sample", plain[:1], "too_short")
    apart = np.stack([plain, -plain], axis=1)
    yield HostileSong(
        "cancels.wav", by_libsndfile(apart, "wav"), frozenset(("silent",))
    )


def _lying_heads() -> Iterator[HostileSong]:
    """WAV headers that lie of length, rate, channels, or coding."""
    sound = (tune() * 32_767).astype("<i2").tobytes()
    whole = wav(sound)
    for name, told in (("most", 2**32 - 1), ("twice", len(sound) * 2), ("none", 0),
                       ("half", len(sound) // 2), ("odd", len(sound) - 1)):  # fmt: skip
        data = whole[:40] + struct.pack("<I", told) + whole[44:]
        yield HostileSong(f"length-{name}.wav", data, DAMAGED)
    for rate in (0, 1, 7, 1_999, 1_000_000, 2**31 - 1, 2**32 - 1):
        yield refused(f"rate-{rate}.wav", wav(sound, rate=rate), *_NO_SONG)
    for channels in (0, 200, 1_024, 1_025, 65_535):
        data = wav(sound, channels=channels)
        yield HostileSong(f"told-{channels}-channels.wav", data, DAMAGED - {SERVED})
    for bits in (0, 1, 7, 64, 65_535):
        yield HostileSong(f"told-{bits}-bits.wav", wav(sound, bits=bits), DAMAGED)
    for coding in (0, 2, 0x11, 0x55, 0xFFFE, 0xFFFF):
        data = wav(sound, coding=coding)
        yield HostileSong(f"told-coding-{coding}.wav", data, DAMAGED)
    flac = by_libsndfile(tune(), "flac")
    most = bytearray(flac)
    most[21] |= 0x0F  # STREAMINFO's 36 bits of the number of samples
    most[22:26] = b"\xff" * 4
    yield HostileSong("length-most.flac", bytes(most), DAMAGED)


def _odd_mp3s(mp3: bytes, rng: np.random.Generator) -> Iterator[HostileSong]:
    yield served("cover-of-20-mb.mp3", id3(20_000_000) + mp3)
    yield served("text-of-20-mb.mp3", id3(20_000_000, b"TIT2") + mp3)
    yield served("two-tags.mp3", id3(900) + id3(900) + mp3)
    lies = b"ID3\3\0\0" + syncsafe(2**28 - 1)
    yield HostileSong("tag-without-end.mp3", lies + mp3, DAMAGED)
    yield HostileSong("tag-shorter.mp3", b"ID3\3\0\0" + syncsafe(5) + mp3, DAMAGED)
    yield HostileSong("tag-of-noise.mp3", id3(900)[:20] + rng.bytes(900) + mp3, DAMAGED)
    for name, told in (("most", b"\xff" * 8), ("none", bytes(8))):
        for kind in (b"Xing", b"VBRI"):
            data = _with_vbr_head(mp3, kind, told)
            yield served(f"vbr-{name}-{kind.decode()}.mp3", data)
    yield served("noise-before.mp3", bytes(5_000) + mp3)
    yield HostileSong("noise-within.mp3", mp3[:9_000] + rng.bytes(5_000) + mp3[9_000:],
                      DAMAGED)  # fmt: skip
    tail = b"TAG" + "Ünïcödé\0\n<script>".encode("latin-1").ljust(125, b"\xff")
    yield served("old-tag.mp3", mp3 + tail)
    yield refused("tag-alone.mp3", id3(9_000), *_NO_SONG, "no_audio_stream")


def _with_vbr_head(mp3: bytes, kind: bytes, told: bytes) -> bytes:
    """Put a frame before the song that tells its frames and bytes wrongly."""
    size = 144 * 64_000 // 44_100  # of a frame of MPEG-1 layer III, 64 kbit/s, mono
    head = b"\xff\xfb\x50\xc4"
    place = 4 + (17 if kind == b"Xing" else 32)
    more = kind + (b"\0\0\0\3" + told if kind == b"Xing" else bytes(6) + told)
    return (head + bytes(place - 4) + more).ljust(size, b"\0") + mp3


def _other_files(
    wholes: dict[str, bytes], rng: np.random.Generator
) -> Iterator[HostileSong]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("song.mp3", wholes["mp3"])
    yield refused("zip.mp3", buffer.getvalue(), "archive")
    yield refused("gzip.wav", gzip.compress(wholes["wav"], mtime=0), "archive")
    yield served("zip-behind.wav", wholes["wav"] + buffer.getvalue())
    yield refused("empty.mp3", b"", "empty_file")
    yield refused("zeros.mp3", bytes(50_000), *_NO_SONG)
    yield refused("ones.mp3", b"\xff" * 50_000, *_NO_SONG)
    yield refused("diary.mp3", b"Dear diary. " * 999, "not_audio")
    yield refused("page.mp3", b"<html><script>x()</script></html>", "not_audio")
    yield refused("script.wav", b"#!/bin/sh\nrm -rf ~\n", "not_audio")
    yield refused("program.mp3", b"\x7fELF\2\1\1" + bytes(9_000), *_NO_SONG)
    yield refused("pickle.wav", b"\x80\x04cposix\nsystem\n(S'ls'\ntR.", *_NO_SONG)
    for turn in range(6):
        yield HostileSong(f"noise-{turn}.mp3", rng.bytes(20_000), DAMAGED)


def _flipped(
    wholes: dict[str, bytes], rng: np.random.Generator
) -> Iterator[HostileSong]:
    """Bytes changed at random, in the head and everywhere."""
    for suffix, whole in wholes.items():
        for turn in range(6):
            data = bytearray(whole)
            reach = (64, 600, len(data))[turn % 3]
            for place in rng.integers(0, min(reach, len(data)), 2 + 3 * turn):
                data[place] = rng.integers(256)
            yield HostileSong(f"flipped-{turn}.{suffix}", bytes(data), DAMAGED)
