"""Bytes of a picture become one upright RGB thumbnail, by one scaled decode.

JPEG is decoded at a reduced scale (Pillow's draft mode), so a 12-megapixel photograph
costs little more than its thumbnail. Whatever can be shown as RGB is converted
(modes); what can't is refused with a reason. What is measured on a thumbnail lives in
`facts` and `evoke_core.pixels`. Colour profiles are not applied: the perceptual hash
is defined on the stored values, and nearly every picture of the collections is sRGB.
"""

import codecs
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from evoke_core.corpus.modes import to_rgb
from evoke_core.errors import PictureRefused

Pixels = npt.NDArray[np.uint8]  # [H, W, 3], sRGB

THUMBNAIL_PX = 512

# Readers that need a helper program (EPS), a vendor's layers (PSD) or that hold no
# raster (WMF) stay shut: fewer doors for hostile files.
FORMATS = (
    "JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "JPEG2000",
)  # fmt: skip

# What Pillow documents for bad bytes, what its readers expect of themselves on a bad
# header (IndexError, TypeError, KeyError, struct.error), and what fuzzing brought out
# of its AVIF reader (RuntimeError). A test per format guards against our own mistakes
# hiding in so wide a net.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    RuntimeError,
    struct.error,
)

_ATTACHED = "MAX_TEXT"  # Pillow's name of its limit on what is packed into a PNG

_SWAPS_SIDES = frozenset({5, 6, 7, 8})  # EXIF orientations that turn by a quarter
_ORIENTATION = 0x0112

_HEADS_OF_TAKEN = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n",
    b"GIF8",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x0cjP  ",
    b"\xff\x4f\xff\x51",
)
_HEADS_OF_OTHERS = {
    b"8BPS": "Photoshop",
    b"%!PS": "PostScript",
    b"%PDF": "PDF",
    b"\0\0\1\0": "ICO",
}
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_MARKUP = (b"<?xml", b"<!", b"<svg")  # an SVG may open with what any XML does
_MARKUP_BYTES = 4096


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may cost and how small it may be; sides are those as stored."""

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 120_000_000
    min_side_px: int = 64


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """One picture, upright, as everything after the decode reads it.

    Attributes:
        rgb: uint8[H, W, 3], sRGB; longest side as asked for, never enlarged.
        width_px: Width of the upright original.
        height_px: Height of the upright original.
        note: What was changed on the way, None where nothing was.
    """

    rgb: Pixels
    width_px: int
    height_px: int
    note: str | None


def decode_picture(
    data: bytes,
    *,
    longest_px: int = THUMBNAIL_PX,
    limits: PictureLimits | None = None,
) -> DecodedPicture:
    """Decode a picture to its upright RGB thumbnail.

    Args:
        data: The whole file; its content decides the format, not its name.
        longest_px: Longest side of the result; a smaller picture keeps its size.
        limits: Caps; the defaults where None.

    Raises:
        PictureRefused: with reason empty_file, not_an_image, truncated, too_large,
            too_small or unsupported.
    """
    limits = limits or PictureLimits()
    if not data:
        raise PictureRefused("empty_file", "The file has 0 bytes; fetch it again.")
    require_size(len(data), limits=limits)
    with _pillow_warnings_off(), _open(data) as image:
        _check_size(image.size, limits)
        try:
            return _thumbnail(image, longest_px)
        except Image.DecompressionBombError as error:
            raise _bomb(error) from error
        except _BROKEN as error:
            raise PictureRefused(
                "truncated",
                f"The {image.format} data ends early or is damaged ({error}); "
                "fetch it again.",
            ) from error


def require_size(size_bytes: int, *, limits: PictureLimits | None = None) -> None:
    """Check that a file may be read whole.

    Raises:
        PictureRefused: too_large.
    """
    limits = limits or PictureLimits()
    if size_bytes > limits.max_bytes:
        raise PictureRefused(
            "too_large",
            f"The file has {size_bytes} bytes and the limit is {limits.max_bytes}; "
            "store a smaller copy or raise max_bytes.",
        )


def encode_jpeg(rgb: Pixels, *, longest_px: int, quality: int = 82) -> bytes:
    """Encode pixels as a JPEG, reduced where they are larger; the same bytes each time.

    Args:
        rgb: uint8[H, W, 3].
        longest_px: Longest side of the result; smaller pictures keep their size.
        quality: Pillow's JPEG quality, 1 to 95.
    """
    image = Image.fromarray(rgb)
    image.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    # Progressive files are 4 % smaller, and take 2.5 times as long to decode.
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


@contextmanager
def _pillow_warnings_off() -> Iterator[None]:
    """Silence Pillow alone: the size check and the note say what its warnings would."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        yield


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _bomb(error) from error
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except _BROKEN as error:
        if _ATTACHED in str(error):
            raise PictureRefused(
                "too_large",
                "A text or colour profile within it unpacks to megabytes; save the "
                "picture without it.",
            ) from error
        raise PictureRefused(
            "truncated", f"The header is damaged ({error}); fetch the file again."
        ) from error


def _bomb(error: Image.DecompressionBombError) -> PictureRefused:
    return PictureRefused("too_large", f"{error} Store a smaller copy of the picture.")


def _unidentified(data: bytes) -> PictureRefused:
    head = data[:_MARKUP_BYTES].removeprefix(codecs.BOM_UTF8).lstrip()
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand in _HEIF_BRANDS:
        return _unsupported("HEIF")
    if head.startswith(_MARKUP) and b"<svg" in head:
        return _unsupported("SVG")
    for magic, name in _HEADS_OF_OTHERS.items():
        if head.startswith(magic) or data.startswith(magic):
            return _unsupported(name)
    if data.startswith(_HEADS_OF_TAKEN) or brand in _AVIF_BRANDS:
        return PictureRefused(
            "truncated", f"Only {len(data)} bytes of a picture; fetch it again."
        )
    return PictureRefused(
        "not_an_image",
        "The content is no picture that Evoke reads; give a JPEG or PNG.",
    )


def _unsupported(name: str) -> PictureRefused:
    return PictureRefused(
        "unsupported", f"{name} files are not read; convert it to JPEG or PNG."
    )


def _check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    """Judge a picture by its header, before a pixel of it is decoded."""
    width, height = size
    if width * height > limits.max_pixels:
        raise PictureRefused(
            "too_large",
            f"{width} x {height} pixels exceed {limits.max_pixels}; "
            "store a smaller copy or raise max_pixels.",
        )
    if min(width, height) < limits.min_side_px:
        raise PictureRefused(
            "too_small",
            f"{width} x {height}: the shorter side is below {limits.min_side_px} px; "
            "find a larger copy.",
        )


def _thumbnail(image: Image.Image, longest_px: int) -> DecodedPicture:
    width, height = image.size
    notes = ["animated: first frame"] if _has_frames(image) else []
    image.draft("RGB", (longest_px, longest_px))
    image.load()
    flat, how = to_rgb(image, longest_px=longest_px)
    notes += how
    orientation = _orientation(image)
    if max(flat.size) > longest_px:
        # reducing_gap 3 keeps LANCZOS' look at a fraction of its cost on big originals
        flat.thumbnail(
            (longest_px, longest_px), Image.Resampling.LANCZOS, reducing_gap=3.0
        )
    if orientation in _SWAPS_SIDES:
        width, height = height, width
    return DecodedPicture(
        rgb=np.ascontiguousarray(_upright(flat, orientation)),
        width_px=width,
        height_px=height,
        note="; ".join(notes) or None,
    )


def _has_frames(image: Image.Image) -> bool:
    # MPO holds a second view of the same photograph, which is no animation.
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation; damaged EXIF leaves the picture as it is."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(flat: Image.Image, orientation: int) -> Pixels:
    if orientation != 1:
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        flat.info = {"exif": exif.tobytes()}
        flat = ImageOps.exif_transpose(flat)
    return cast("Pixels", np.asarray(flat, dtype=np.uint8))
