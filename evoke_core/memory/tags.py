"""Lyrics that a song's own file carries in its tags.

FFmpeg hands over ID3's USLT (as `lyrics-eng`), Vorbis comments and TXXX frames
(LYRICS, UNSYNCEDLYRICS), MP4's ©lyr and APE tags. ID3's SYLT, the words with times, it
leaves out; it is read here, after those.

Not here: what the text says (lyrics). Source: ID3 tag version 2.3.0 and 2.4.0, §3 and
§4.9 (SYLT); checked with FFmpeg 8 through PyAV 18.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from evoke_core.music.readers import CONTAINERS, Recording, open_recording

_KEYS = ("lyrics", "unsyncedlyrics", "unsynced lyrics", "syncedlyrics", "wm/lyrics")
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_HEADER_BYTES = 10
_MOST_TAG_BYTES = 1 << 25  # a tag with pictures; a forged length reads no more
_UNSYNCHRONISED, _EXTENDED = 0x80, 0x40
_PLAIN_FLAGS = 0x01  # of a 2.4 frame: a length precedes the content
_ALTERED_FLAGS = {3: 0xC0, 4: 0x0C}  # compressed or encrypted
_UNSYNCHRONISED_FRAME = 0x02
_SYLT_LYRICS = (1, 2)  # content types: lyrics, and their transcription


def embedded_lyrics(recording: Recording) -> str | None:
    """Return the lyrics in a file's tags as they stand there; None without any.

    Of several the one with most letters is taken: languages are not ranked. A file
    that can't be opened has none; whether it is a song is not judged here.

    Args:
        recording: The bytes of the whole file, or its path.
    """
    found = [*_from_ffmpeg(recording)]
    if not any(text.strip() for text in found):
        found = [*_from_sylt(recording)]
    texts = [text for text in found if text.strip()]
    return max(texts, key=len) if texts else None


def _from_ffmpeg(recording: Recording) -> Iterator[str]:
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "pipe"}
    with open_recording(recording) as source:
        try:
            with av.open(source, options=options, metadata_errors="replace") as opened:
                tags = [*opened.metadata.items()]
                for stream in opened.streams:
                    tags += stream.metadata.items()
        except (av.FFmpegError, ValueError):
            return
    for key, text in tags:
        name = key.casefold()
        if name in _KEYS or name.startswith("lyrics-"):
            yield text


@dataclass(frozen=True, slots=True)
class _Tag:
    """An ID3v2 tag: its version (3 or 4) and the bytes of its frames."""

    version: int
    content: bytes


def _from_sylt(recording: Recording) -> Iterator[str]:
    tag = _read_tag(recording)
    if tag is None:
        return
    for name, content in _frames(tag):
        if name == b"SYLT" and len(content) > 6 and content[5] in _SYLT_LYRICS:
            yield _synchronised_words(content)


def _read_tag(recording: Recording) -> _Tag | None:
    with open_recording(recording) as file:
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES or header[:3] != b"ID3":
            return None
        version, flags = header[3], header[5]
        content = file.read(min(_synchsafe(header[6:10]), _MOST_TAG_BYTES))
    if version not in _ALTERED_FLAGS:
        return None
    if flags & _UNSYNCHRONISED and version == 3:
        content = content.replace(b"\xff\x00", b"\xff")
    if flags & _EXTENDED:  # 2.3 leaves its own four length bytes out of its length
        length = content[:4]
        skipped = int.from_bytes(length) + 4 if version == 3 else _synchsafe(length)
        content = content[skipped:]
    return _Tag(version, content)


def _frames(tag: _Tag) -> Iterator[tuple[bytes, bytes]]:
    """Give name and content of every frame that is neither packed nor encrypted."""
    start = 0
    while start + _HEADER_BYTES <= len(tag.content):
        header = tag.content[start : start + _HEADER_BYTES]
        size = header[4:8]
        length = int.from_bytes(size) if tag.version == 3 else _synchsafe(size)
        start += _HEADER_BYTES
        if not header[:4].isalnum() or length == 0:  # padding
            return
        content = tag.content[start : start + length]
        start += length
        if header[9] & _ALTERED_FLAGS[tag.version]:
            continue
        if tag.version == 4:
            if header[9] & _PLAIN_FLAGS:
                content = content[4:]
            if header[9] & _UNSYNCHRONISED_FRAME:
                content = content.replace(b"\xff\x00", b"\xff")
        yield header[:4], content


def _synchronised_words(content: bytes) -> str:
    """Join the words of a SYLT frame; each ends in a zero and four bytes of time."""
    encoding = _ENCODINGS.get(content[0], "latin-1")
    width = 2 if encoding.startswith("utf-16") else 1
    words = []
    start = _after_zero(content, 6, width)  # past the description
    while start < len(content):
        end = _after_zero(content, start, width)
        words.append(content[start : end - width].decode(encoding, errors="replace"))
        start = end + 4
    # By the standard a word brings its own spaces and ends of lines; some taggers write
    # bare lines.
    is_bare = not any(word != word.strip() for word in words)
    return ("\n" if is_bare else "").join(words)


def _after_zero(content: bytes, start: int, width: int) -> int:
    for place in range(start, len(content) - width + 1, width):
        if not any(content[place : place + width]):
            return place + width
    return len(content) + width


def _synchsafe(size: bytes) -> int:
    """Read an integer of seven bits a byte."""
    return sum((byte & 0x7F) << 7 * (len(size) - 1 - n) for n, byte in enumerate(size))
