"""The body of an answer becomes the bytes of a picture, or a reason why not.

What comes is counted as it arrives and as it unpacks; it is looked at after a few
bytes, so a web page is not read to its end. Whether the picture can be decoded is
found out in `evoke_core.corpus.decode`.
"""

import zlib
from typing import TYPE_CHECKING

from evoke_core.errors import PictureRefused

if TYPE_CHECKING:
    import httpx

_HEAD = 32  # bytes; enough for every mark below

_MARKS = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",  # TIFF
    b"MM\0*",
    b"II+\0",  # BigTIFF
    b"MM\0+",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
    b"\xff\x4f\xff\x51",
)
_BRANDS = (b"avif", b"avis", b"mif1", b"heic", b"heix", b"hevc", b"heim", b"heis")
_SPACE = b" \t\r\n"


def is_picture(head: bytes) -> bool:
    """Say whether bytes begin like a picture that may be decodable."""
    if head.startswith(_MARKS):
        return True
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        return head[8:12] in _BRANDS
    if len(head) < 3 or head[:1] != b"P":
        return False
    return head[1] in b"123456" and head[2] in _SPACE  # PPM and its kin


async def read_body(response: "httpx.Response", place: str, *, max_bytes: int) -> bytes:
    """Read a picture from an answer with status 200.

    Args:
        response: Opened for streaming, nothing read yet.
        place: Host and path, for people.
        max_bytes: Most bytes as sent, and most after unpacking.

    Raises:
        PictureRefused: `too_large`, `not_an_image`, `empty_file`, `incomplete`,
            `unexpected_answer` or `protocol_error`.
    """
    _check_declared(response.headers.get("content-length"), place, max_bytes)
    unpacker = _unpacker(response.headers.get("content-encoding", ""), place)
    data, sent_bytes, is_seen = bytearray(), 0, False
    async for chunk in response.aiter_raw():
        sent_bytes += len(chunk)
        room = max_bytes + 1 - len(data)
        data += chunk if unpacker is None else _unpack(unpacker, chunk, room, place)
        if max(sent_bytes, len(data)) > max_bytes:
            raise _too_large(place, f"more than {max_bytes}", max_bytes)
        if not is_seen and len(data) >= _HEAD:
            _check_head(bytes(data[:_HEAD]), place)
            is_seen = True
    if not data:
        raise PictureRefused(
            "empty_file", f"{place}: got 0 bytes; drop the row from the list"
        )
    if unpacker is not None and not unpacker.eof:
        raise PictureRefused(
            "incomplete", f"{place}: packed bytes end early; retry at the next refresh"
        )
    _check_head(bytes(data[:_HEAD]), place)
    return bytes(data)


def _check_declared(declared: str | None, place: str, max_bytes: int) -> None:
    if declared and declared.isdigit() and int(declared[:18]) > max_bytes:
        raise _too_large(place, declared[:18], max_bytes)


def _too_large(place: str, got: str, max_bytes: int) -> PictureRefused:
    return PictureRefused(
        "too_large",
        f"{place}: got {got} bytes, {max_bytes} are allowed; "
        "ask for a smaller version, or raise download.max_bytes",
    )


def _unpacker(encoding: str, place: str) -> "zlib._Decompress | None":
    # We ask for bytes as they are; some hosts pack them nevertheless.
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, by its header
    raise PictureRefused(
        "unexpected_answer",
        f"{place}: packed as {name[:40]!a}, which was not asked for; "
        "open the address in a browser",
    )


def _unpack(unpacker: "zlib._Decompress", chunk: bytes, room: int, place: str) -> bytes:
    """Unpack a piece, and stop at the limit: a bomb is never unpacked whole."""
    if unpacker.eof:  # what follows the packed picture is none of it
        return b""
    try:
        return unpacker.decompress(chunk, room)
    except zlib.error as wrong:
        raise PictureRefused(
            "protocol_error",
            f"{place}: can't be unpacked: {wrong}; retry at the next refresh",
        ) from wrong


def _check_head(head: bytes, place: str) -> None:
    if is_picture(head):
        return
    raise PictureRefused(
        "not_an_image",
        f"{place}: got {_looks_like(head)} instead of a picture; "
        "open the address in a browser",
    )


def _looks_like(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf" + _SPACE).lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")):
        return "a web page"
    if text.startswith(b"<svg"):
        return "an SVG drawing"
    if text.startswith(b"<"):
        return "XML"
    if text.startswith((b"{", b"[")):
        return "JSON"
    return f"bytes that begin with {head[:8].hex(' ')}"
