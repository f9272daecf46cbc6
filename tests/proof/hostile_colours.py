"""Hostile pictures that are well formed and merely rare: turned, deep, inked, clear.

All are served, and all but a few resemble the one scene that they were made from.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.proof.hostile_bytes import (
    HostilePicture,
    Pixels,
    encoded,
    packed_rows,
    png,
    served,
    suffix_of,
)

_STORED_UNDER = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def make_turned(plain: Pixels) -> Iterator[HostilePicture]:
    """Store a scene under every EXIF orientation of five formats."""
    image = Image.fromarray(plain)
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        for orientation in range(1, 9):
            turn = _STORED_UNDER.get(orientation)
            stored = image if turn is None else image.transpose(turn)
            exif = Image.Exif()
            exif[0x0112] = orientation
            data = encoded(stored, kind, exif=exif)
            yield served(f"turned-{orientation}.{suffix_of(kind)}", data, plain)
    for orientation in (0, 9, 65_535):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(image, "JPEG", exif=exif)
        yield served(f"turned-nowhere-{orientation}.jpg", data, plain)


def make_modes(plain: Pixels) -> Iterator[HostilePicture]:
    """Store a scene with inks, palettes, deep samples and alpha."""
    image = Image.fromarray(plain)
    grey = np.asarray(image.convert("L"))
    as_rgb = np.repeat(grey[..., None], 3, axis=2)
    cmyk = image.convert("CMYK")
    yield served("cmyk.jpg", encoded(cmyk, "JPEG"), plain)
    yield served("cmyk.tiff", encoded(cmyk, "TIFF"), plain)
    yield served("ycck.jpg", _ycck(cmyk), plain)
    yield served("lab.tiff", encoded(_to_lab(image), "TIFF"), plain)
    yield served("ycbcr.tiff", encoded(image.convert("YCbCr"), "TIFF"), plain)
    yield served("grey.jpg", encoded(image.convert("L"), "JPEG"), as_rgb)
    for colours in (2, 16, 256):
        palette = image.quantize(colours, dither=Image.Dither.NONE)
        like = np.asarray(palette.convert("RGB"))
        for kind in ("PNG", "GIF", "BMP", "TIFF"):
            name = f"palette-{colours}.{suffix_of(kind)}"
            yield served(name, encoded(palette, kind), like)
    yield from _deep(plain, grey, as_rgb)
    yield from _clear(image, plain)


def _deep(plain: Pixels, grey: Pixels, as_rgb: Pixels) -> Iterator[HostilePicture]:
    """More than 8 bits a sample."""
    height, width = grey.shape
    size = (width, height)
    full = np.full_like(grey[..., None], 255)
    for colour, samples, like in (
        (0, grey[..., None], as_rgb),
        (2, plain, plain),
        (4, np.concatenate([grey[..., None], full], axis=2), as_rgb),
        (6, np.concatenate([plain, full], axis=2), plain),
    ):
        wide = (samples.reshape(height, -1).astype(">u2") * 257).astype(">u2")
        yield served(
            f"deep-{colour}.png", png(size, 16, colour, packed_rows(wide)), like
        )
    for name, wide in (
        ("i16", grey.astype(np.uint16) * 257),
        ("i16-signed-range", grey.astype(np.int32) * 257),
        ("f32", grey.astype(np.float32) / 255),
    ):
        data = encoded(Image.fromarray(wide), "TIFF")
        yield served(f"deep-{name}.tiff", data, as_rgb)
    broken = (grey.astype(np.float32) / 255).copy()
    broken[:4, :4] = np.nan
    broken[4:6, :4] = np.inf
    yield served("deep-nan.tiff", encoded(Image.fromarray(broken), "TIFF"), as_rgb)


def _clear(image: Image.Image, plain: Pixels) -> Iterator[HostilePicture]:
    """Transparent in every way that formats know."""
    half = image.copy()
    half.putalpha(128)
    veiled = ((plain.astype(np.int64) * 128 + 255 * 127) // 255).astype(np.uint8)
    for kind in ("PNG", "WEBP", "TIFF", "AVIF", "JPEG2000"):
        yield served(f"half-clear.{suffix_of(kind)}", encoded(half, kind), veiled)
    solid = image.copy()
    solid.putalpha(255)
    yield served("opaque-alpha.png", encoded(solid, "PNG"), plain)
    nothing = image.copy()
    nothing.putalpha(0)
    white = np.full_like(plain, 255)
    yield served("all-clear.png", encoded(nothing, "PNG"), white)
    palette = image.quantize(16, dither=Image.Dither.NONE)
    yield served("palette-clear.png", encoded(palette, "PNG", transparency=3))
    keyed = encoded(image, "PNG", transparency=(1, 2, 3))
    yield served("colour-key.png", keyed, plain)
    later = [Image.new("RGB", image.size, c) for c in ("red", "blue")]
    for kind in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        data = encoded(image, kind, save_all=True, append_images=later)
        looks = None if kind == "GIF" else plain  # its palette is what Pillow chooses
        yield served(f"animated.{suffix_of(kind)}", data, looks)


def _ycck(cmyk: Image.Image) -> bytes:
    """Save inks as luma and chroma, as Photoshop does: Adobe's transform 2."""
    cyan, magenta, yellow, black = cmyk.split()
    luma = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr")
    inverted = [plane.point(lambda value: 255 - value) for plane in luma.split()]
    data = encoded(Image.merge("CMYK", (*inverted, black)), "JPEG", quality=95)
    place = data.index(b"Adobe") + 11
    return data[:place] + b"\2" + data[place + 1 :]


def _to_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    profiles = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    turned = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    if turned is None:
        raise AssertionError("profileToProfile changed nothing")
    return turned
