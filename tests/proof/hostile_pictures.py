"""Over 300 pictures that mean harm or are merely odd, made by code from a seed.

Each says how it may end: served, or refused for one of the reasons it names; a served
one may say what it should look like. Files that are no plain files (pipes, links that
go in circles) are laid into a folder by `lay_snares`. Not here: what is claimed of them
(test_hostile_pictures).
"""

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tests.proof.hostile_bytes import (
    DAMAGED,
    FORMATS,
    SERVED,
    HostilePicture,
    Pixels,
    blank_rows,
    chunk,
    encoded,
    packed_rows,
    png,
    refused,
    scene,
    served,
    suffix_of,
    with_segment,
)
from tests.proof.hostile_colours import make_modes, make_turned

_LARGEST = 10_900  # its square lies just below the limit of 120 million pixels
_LONG_NAME = "ø" * 120 + ".jpg"  # 244 bytes of the 255 that file systems take


def make_pictures(seed: int = 0) -> Iterator[HostilePicture]:
    """Make every hostile picture, the same for the same seed."""
    rng = np.random.default_rng(seed)
    plain = scene(rng)
    yield from _cut_short(plain, rng)
    yield from make_turned(plain)
    yield from make_modes(plain)
    yield from _polyglots(plain)
    yield from _with_odd_attachments(plain, rng)
    yield from _other_formats(plain)
    yield from _of_odd_sizes()
    yield from _bombs()
    yield from _with_odd_names(plain)
    yield from _flipped(plain, rng)


def lay_snares(folder: Path, good: bytes) -> dict[str, str | None]:
    """Lay what is no plain file into a folder; returns how each path may end.

    A path with None is passed over by a listing, as it is no picture at all.
    """
    (folder / "outside").mkdir()
    inside, outside = folder / "inside", folder / "outside" / "secret.txt"
    inside.mkdir()
    outside.write_text("root:x:0:0\n" * 40)
    (inside / "directory.jpg").mkdir()
    (inside / "directory.jpg" / "within.jpg").write_bytes(good)
    (inside / "loop").symlink_to(inside)
    (inside / "circle.jpg").symlink_to(inside / "circle.jpg")
    (inside / "dangling.jpg").symlink_to(folder / "nowhere.jpg")
    (inside / "outside.jpg").symlink_to(outside)
    (inside / "device.png").symlink_to("/dev/zero")
    os.mkfifo(inside / "pipe.png")
    with (inside / "sparse.jpg").open("wb") as file:
        file.truncate(20 * 1024**3)  # 20 GB that take no room
    return {
        "directory.jpg/within.jpg": SERVED,
        "loop/directory.jpg/within.jpg": None,
        "circle.jpg": "unreadable_file",
        "dangling.jpg": "unreadable_file",
        "outside.jpg": "not_an_image",
        "device.png": "unreadable_file",
        "pipe.png": "unreadable_file",
        "sparse.jpg": "too_large",
    }


def _cut_short(plain: Pixels, rng: np.random.Generator) -> Iterator[HostilePicture]:
    grain = rng.integers(0, 40, plain.shape, dtype=np.uint8)
    rough = (plain // 2 + grain).astype(np.uint8)
    wholes = {(kind, ""): encoded(rough, kind) for kind in FORMATS}
    wholes["JPEG", "progressive-"] = encoded(rough, "JPEG", progressive=True)
    wholes["TIFF", "lzw-"] = encoded(rough, "TIFF", compression="tiff_lzw")
    for (kind, how), data in wholes.items():
        for tenth in range(1, 10):
            part = data[: len(data) * tenth // 10]
            name = f"cut-{how}{tenth}0.{suffix_of(kind)}"
            # OpenJPEG decodes what there is; its format is made for that.
            partly = kind == "JPEG2000"
            yield HostilePicture(
                name, part, DAMAGED if partly else frozenset(("truncated",))
            )


def _polyglots(plain: Pixels) -> Iterator[HostilePicture]:
    photo, drawing = encoded(plain, "JPEG"), encoded(plain, "GIF")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil.sh", "rm -rf ~")
    archived = buffer.getvalue()
    like = np.asarray(Image.open(io.BytesIO(drawing)).convert("RGB"))
    script = b"<html><script>alert(1)</script></html>"
    yield served("zip-behind.jpg", photo + archived, plain)
    yield served("html-behind.gif", drawing + script, like)
    yield served("pdf-within.jpg", with_segment(photo, 0xFE, b"%PDF-1.4 obj"), plain)
    yield served("php-within.jpg", with_segment(photo, 0xFE, b"<?php x();"), plain)
    yield served("elf-behind.png", encoded(plain, "PNG") + b"\x7fELF" * 99, plain)
    yield refused("zip-before.jpg", archived + photo, "not_an_image")
    yield refused("pdf-before.jpg", b"%PDF-1.4\n" + photo, "unsupported")
    yield refused("html-before.gif", script + drawing, "not_an_image")
    comment = HostilePicture("script.gif", b"GIF89a/*" + script * 9 + b"*/", DAMAGED)
    yield comment
    yield refused("shell.jpg", b"#!/bin/sh\nrm -rf ~\n" * 9, "not_an_image")
    yield refused("pickle.png", b"\x80\x04cposix\nsystem\n(S'ls'\ntR.", "not_an_image")


def _with_odd_attachments(
    plain: Pixels, rng: np.random.Generator
) -> Iterator[HostilePicture]:
    """EXIF, colour profiles and text chunks that are damaged, huge or packed tight."""
    photo = encoded(plain, "JPEG")
    for name, exif in (
        ("noise", rng.bytes(300)),
        ("bare", b""),
        ("no-directory", b"II*\0\xff\xff\xff\xff"),
        ("in-a-circle", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
        ("many-entries", b"MM\0*\0\0\0\x08\xff\xff" + bytes(900)),
        ("text-for-orientation", _exif_with_text()),
    ):
        data = with_segment(photo, 0xE1, b"Exif\0\0" + exif)
        yield served(f"exif-{name}.jpg", data, plain)
    for name, profile in (
        ("noise", rng.bytes(3000)),
        ("empty", b"\0"),
        ("huge", rng.bytes(4_000_000)),
        ("lies", struct.pack(">I", 2**31) + b"\0" * 200),
    ):
        for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
            data = encoded(plain, kind, icc_profile=profile)
            file = f"icc-{name}.{suffix_of(kind)}"
            # Pillow unpacks no more than a megabyte of what is attached to a PNG.
            if (name, kind) == ("huge", "PNG"):
                yield refused(file, data, "too_large")
            else:
                yield served(file, data, plain)
    rows = packed_rows(plain.reshape(len(plain), -1))
    size = (plain.shape[1], plain.shape[0])
    packed = blank_rows(2**20, 300)  # 300 MB in 300 kB
    for name, kind, head in (
        ("text", b"zTXt", b"Comment\0\0"),
        ("profile", b"iCCP", b"icc\0\0"),
        ("unicode", b"iTXt", b"Comment\0\1\0\0\0"),
    ):
        data = png(size, 8, 2, rows, chunk(kind, head + packed))
        yield refused(f"bomb-{name}.png", data, "too_large")
    many = b"".join(chunk(b"tEXt", b"k%d\0v" % turn) for turn in range(20_000))
    yield served("many-chunks.png", png(size, 8, 2, rows, many), plain)
    segments = b"\xff\xfe\0\x04hi" * 50_000
    yield served("many-segments.jpg", photo[:2] + segments + photo[2:], plain)


def _exif_with_text() -> bytes:
    entry = struct.pack("<HHI4s", 0x0112, 2, 4, b"six\0")
    return b"II*\0\x08\0\0\0\1\0" + entry + bytes(4)


def _other_formats(plain: Pixels) -> Iterator[HostilePicture]:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>"
    spying = b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + drawing
    declared = b"<?xml version='1.0' encoding='UTF-8'?>\n<!-- by hand -->\n" + drawing
    for name, data in (
        ("plain.svg", drawing),
        ("declared.svg", declared),
        ("marked.svg", b"\xef\xbb\xbf" + declared),
        ("spying.svg", spying),
        ("wrong.svg", declared),
        *((f"{brand}.heic", _boxed(brand)) for brand in ("heic", "heix", "mif1")),
        ("paint.psd", b"8BPS\0\1" + bytes(200)),
        ("print.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run\n"),
        ("icon.ico", encoded(Image.fromarray(plain), "ICO")),
        ("page.pdf", encoded(plain, "PDF")),
    ):
        yield refused(f"{name}.jpg", data, "unsupported")
    yield refused("packed.svgz.jpg", gzip.compress(drawing, mtime=0), "not_an_image")
    yield refused("film.mp4.jpg", _boxed("isom"), "not_an_image")
    for brand in ("avif", "avis"):
        yield refused(f"{brand}-head.avif", _boxed(brand), "truncated", "not_an_image")


def _boxed(brand: str) -> bytes:
    told = brand.encode()
    return struct.pack(">I4s4sI4s", 24, b"ftyp", told, 0, b"mif1") + bytes(400)


def _of_odd_sizes() -> Iterator[HostilePicture]:
    for width, height in ((1, 1), (1, 20_000), (20_000, 1), (63, 64), (2, 2)):
        for kind in ("PNG", "JPEG", "BMP"):
            data = encoded(Image.new("RGB", (width, height)), kind)
            name = f"of-{width}x{height}.{suffix_of(kind)}"
            yield refused(name, data, "too_small")
    for size in ((64, 60_000), (60_000, 64), (64, 64)):
        yield served(
            f"of-{size[0]}x{size[1]}.png", encoded(Image.new("RGB", size), "PNG")
        )
    none = ("truncated", "not_an_image", "too_small")
    yield refused(
        "of-nothing.png", png((0, 0), 8, 2, packed_rows(np.zeros((0, 0)))), *none
    )
    yield refused("of-no-width.png", png((0, 80), 8, 2, b""), *none)
    yield refused("of-nothing.ppm.jpg", b"P6 0 0 255\n", *none)
    yield refused("of-minus.ppm.jpg", b"P6 -80 -80 255\n" + bytes(9000), *none)
    yield refused("of-nothing.gif", b"GIF89a" + bytes(7) + b";", *none)
    bitmap = encoded(Image.new("RGB", (80, 80)), "BMP")
    for name, side in (("nothing", 0), ("minus", 2**32 - 80), ("most", 2**31 - 1)):
        told = side.to_bytes(4, "little")
        data = bitmap[:18] + told + told + bitmap[26:]
        yield HostilePicture(f"of-{name}.bmp", data, DAMAGED - {SERVED})


def _bombs() -> Iterator[HostilePicture]:
    """Few bytes that tell of many pixels; those within the limit are served."""
    for side in (12_000, 60_000, 2**31 - 1):
        header = png((side, side), 8, 6, zlib.compress(bytes(999)))
        yield refused(f"bomb-{side}.png", header, "too_large", "truncated")
    wide = png((40_000, 40_000), 1, 0, blank_rows(5_000, 40_000))
    yield refused("bomb-bits.png", wide, "too_large")
    yield refused(
        "bomb.gif",
        b"GIF89a" + b"\xff" * 4 + b"\xf7" + bytes(900),
        "too_large",
        "truncated",
    )
    yield refused("bomb.ppm.jpg", b"P5 99999 99999 255\n", "too_large")
    photo = encoded(np.zeros((80, 80, 3), np.uint8), "JPEG")
    place = photo.index(b"\xff\xc0") + 5
    for side in (10_000, 65_535):
        told = struct.pack(">HH", side, side)
        data = photo[:place] + told + photo[place + 4 :]
        # libjpeg makes up what is missing before the mark of the end.
        ends = SERVED if side == 10_000 else "too_large"
        yield refused(f"bomb-{side}.jpg", data, ends)


def make_dear_pictures() -> Iterator[HostilePicture]:
    """Make the largest that are served: seconds and hundreds of megabytes each."""
    side = _LARGEST
    for name, depth, colour, channels in (
        ("rgba", 8, 6, 4), ("grey-16", 16, 0, 2), ("rgba-16", 16, 6, 8),
        ("grey-alpha", 8, 4, 2), ("palette", 8, 3, 1),
    ):  # fmt: skip
        more = chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(256))
        rows = blank_rows(side * channels, side)
        data = png((side, side), depth, colour, rows, more if colour == 3 else b"")
        yield served(f"largest-{name}.png", data)


def make_endless(side: int = 2_000, count: int = 5_000) -> HostilePicture:
    """Repeat the last pass over a progressive JPEG: minutes of work in a few MB."""
    photo = encoded(Image.new("RGB", (side, side)), "JPEG", progressive=True)
    last = photo.rindex(b"\xff\xda")
    data = photo[:-2] + photo[last:-2] * count + photo[-2:]
    return refused("endless.jpg", data, "hostile")


def _with_odd_names(plain: Pixels) -> Iterator[HostilePicture]:
    photo, screen = encoded(plain, "JPEG"), encoded(plain, "PNG")
    for name in (
        "line\nbreak.jpg", "tab\there.jpg", "\u202egpj.exe.jpg", "מודעות.jpg",
        "🎷🌆.jpg", "'; DROP TABLE pictures;--.jpg", "<img src=x onerror=alert(1)>.jpg",
        "$(id).jpg", "%2e%2e%2fetc.jpg", "con.jpg", " .jpg", "-rf.jpg", "a=b&c#d?e.jpg",
        "back\\slash.jpg", "nfd-e\u0301.jpg", "nfc-\u00e9.jpg", _LONG_NAME,
    ):  # fmt: skip
        yield served(name, photo, plain)
    yield served("photo-named.png", photo, plain)
    yield served("screen-named.jpg", screen, plain)
    yield served("SHOUTED.JPG", photo, plain)
    yield refused("empty.jpg", b"", "empty_file")
    yield refused("one-byte.jpg", b"\xff", "not_an_image")
    yield refused("zeros.jpg", bytes(5000), "not_an_image")
    yield refused("diary.jpg", b"Dear diary. " * 99, "not_an_image")


def _flipped(plain: Pixels, rng: np.random.Generator) -> Iterator[HostilePicture]:
    """Bytes changed at random, most of them in the head."""
    for kind in FORMATS:
        whole = encoded(plain, kind)
        for turn in range(12):
            data = bytearray(whole)
            reach = (64, 400, len(data))[turn % 3]
            for place in rng.integers(0, reach, 1 + turn):
                data[place] = rng.integers(256)
            name = f"flipped-{turn}.{suffix_of(kind)}"
            yield HostilePicture(name, bytes(data), DAMAGED)
