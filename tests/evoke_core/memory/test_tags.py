import io
import struct

import av
import numpy as np
import pytest
import soundfile

from evoke_core.memory.tags import embedded_lyrics

TEXT = "líne one\nline two"


def mp3() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(22_050, np.float32), 22_050, format="MP3")
    return buffer.getvalue()


def synchsafe(size: int) -> bytes:
    return bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))


def with_id3(*frames: tuple[bytes, bytes], version: int = 3) -> bytes:
    """Write frames of ID3 2.3 or 2.4 by hand before a silent mp3."""
    body = b""
    for name, content in frames:
        size = len(content)
        length = struct.pack(">I", size) if version == 3 else synchsafe(size)
        body += name + length + b"\0\0" + content
    body += bytes(32)  # padding
    return b"ID3" + bytes([version, 0, 0]) + synchsafe(len(body)) + body + mp3()


def with_tag(kind: str, codec: str, key: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        container.metadata[key] = TEXT
        stream = container.add_stream(codec, rate=44_100, layout="mono")
        shape, dtype = (1, 4410), np.float32 if codec == "aac" else np.int16
        sound = av.AudioFrame.from_ndarray(
            np.zeros(shape, dtype), "fltp" if codec == "aac" else "s16", "mono"
        )
        sound.rate = 44_100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def sylt(words: list[bytes], *, encoding: int = 0, kind: int = 1) -> bytes:
    zero = b"\0\0" if encoding in (1, 2) else b"\0"
    timed = b"".join(
        word + zero + struct.pack(">I", 500 * number)
        for number, word in enumerate(words)
    )
    return bytes([encoding]) + b"eng" + bytes([2, kind]) + zero + timed


@pytest.mark.parametrize("version", [3, 4])
def test_unsynchronised_lyrics_of_id3_are_found(version):
    frame = b"\1eng" + "".encode("utf-16") + b"\0\0" + TEXT.encode("utf-16")
    assert embedded_lyrics(with_id3((b"USLT", frame), version=version)) == TEXT


@pytest.mark.parametrize(
    ("kind", "codec", "key"),
    [("mp4", "aac", "lyrics"), ("flac", "flac", "LYRICS"),
     ("flac", "flac", "UNSYNCEDLYRICS")],
)  # fmt: skip
def test_lyrics_of_other_containers_are_found(kind, codec, key):
    assert embedded_lyrics(with_tag(kind, codec, key)) == TEXT


def test_a_file_on_disk_is_read_in_place(tmp_path):
    path = tmp_path / "song.flac"
    path.write_bytes(with_tag("flac", "flac", "LYRICS"))
    assert embedded_lyrics(path) == TEXT


@pytest.mark.parametrize("version", [3, 4])
def test_synchronised_lyrics_of_id3_are_joined(version):
    words = [b"Hel", b"lo", b" world", b"\nagain"]
    song = with_id3((b"TIT2", b"\0x"), (b"SYLT", sylt(words)), version=version)
    assert embedded_lyrics(song) == "Hello world\nagain"


def test_synchronised_lines_without_their_ends_are_parted():
    lines = [part.encode("utf-16") for part in TEXT.split("\n")]
    song = with_id3((b"SYLT", sylt(lines, encoding=1)))
    assert embedded_lyrics(song) == TEXT


def test_synchronised_chords_are_no_lyrics():
    assert embedded_lyrics(with_id3((b"SYLT", sylt([b"Am", b"F"], kind=5)))) is None


def test_the_longest_of_several_is_taken():
    frames = [
        (b"USLT", b"\0eng\0short"),
        (b"USLT", b"\0fra\0plus longue"),
    ]
    assert embedded_lyrics(with_id3(*frames)) == "plus longue"


def test_files_without_lyrics_have_none():
    assert embedded_lyrics(mp3()) is None
    assert embedded_lyrics(b"no song at all") is None
    assert embedded_lyrics(b"") is None
    assert embedded_lyrics(b"#EXTM3U\n#EXT-X-VERSION:3\nhttp://localhost/x.ts") is None


def test_a_broken_tag_is_none_or_text_and_never_an_error():
    whole = with_id3((b"SYLT", sylt([b"one", b" two"])), version=4)
    for end in range(3, 80):
        embedded_lyrics(whole[:end])
    rng = np.random.default_rng(0)
    for _ in range(50):
        forged = bytearray(whole)
        for place in rng.integers(3, 70, 4):
            forged[place] = rng.integers(256)
        embedded_lyrics(bytes(forged))
