"""The bytes of hostile pictures: how they are put together, chunk by chunk.

Not here: which there are (hostile_pictures, hostile_colours).
"""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

SERVED = "served"
# What damaged bytes may become: who reads what is left of a picture need not refuse it.
DAMAGED = frozenset((
    SERVED, "truncated", "not_an_image", "too_large", "too_small", "unsupported",
))  # fmt: skip
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")
# A folder lists what is named like a picture; it is the content that decides.
_SUFFIX = {"JPEG": "jpg", "JPEG2000": "jp2", "PPM": "ppm.jpg"}


@dataclass(frozen=True, slots=True, eq=False)
class HostilePicture:
    """A file, and how it may end.

    Attributes:
        name: Of its file.
        data: Its bytes.
        ends: SERVED, or the reasons that it may be refused for.
        looks: uint8[H, W, 3] that a served one resembles; None where nobody can say.
    """

    name: str
    data: bytes
    ends: frozenset[str]
    looks: Pixels | None = None


def scene(rng: np.random.Generator, *, width: int = 200, height: int = 150) -> Pixels:
    """Paint smooth colours without any symmetry, uint8[height, width, 3]."""
    coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    size = (width, height)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))


def encoded(pixels: Pixels | Image.Image, kind: str, **options: object) -> bytes:
    """Encode pixels or an image as a file of a kind that Pillow writes."""
    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(
    size: tuple[int, int], depth: int, colour: int, rows: bytes, more: bytes = b""
) -> bytes:
    """Write a PNG of any depth and colour type; `more` goes between head and data."""
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    chunks = [chunk(b"IHDR", head), more, chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def packed_rows(samples: npt.NDArray[np.generic]) -> bytes:
    """Pack samples [H, W * channels] as a PNG's unfiltered rows."""
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in samples), 1)


def blank_rows(row_bytes: int, count: int) -> bytes:
    """Pack rows of zeros without ever holding them."""
    packer, row = zlib.compressobj(9), bytes(row_bytes + 1)
    parts = [packer.compress(row) for _ in range(count)]
    return b"".join(parts) + packer.flush()


def served(name: str, data: bytes, looks: Pixels | None = None) -> HostilePicture:
    return HostilePicture(name, data, frozenset((SERVED,)), looks)


def refused(name: str, data: bytes, *reasons: str) -> HostilePicture:
    return HostilePicture(name, data, frozenset(reasons))


def suffix_of(kind: str) -> str:
    return _SUFFIX.get(kind, kind.lower())


def with_segment(photo: bytes, marker: int, data: bytes) -> bytes:
    return (
        photo[:2] + struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data + photo[2:]
    )
