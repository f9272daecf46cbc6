"""Every kind of picture comes out upright and RGB, or is refused with its reason."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from evoke_core.corpus.decode import (
    THUMBNAIL_PX,
    PictureLimits,
    decode_picture,
    encode_jpeg,
)
from evoke_core.errors import PictureRefused

RED, GREEN, BLUE, WHITE = (230, 20, 20), (20, 200, 20), (20, 20, 230), (255, 255, 255)
# ImageOps' inverse: how an upright picture is stored under each EXIF orientation
STORED_UNDER = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(width: int = 160, height: int = 120) -> Image.Image:
    """Red, green, blue, white: top left, top right, bottom left, bottom right."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def assert_quarters(rgb: np.ndarray, tolerance: int = 12) -> None:
    height, width = rgb.shape[:2]
    for colour, row, column in (
        (RED, 1, 1), (GREEN, 1, 3), (BLUE, 3, 1), (WHITE, 3, 3),
    ):  # fmt: skip
        found = rgb[height * row // 4, width * column // 4].astype(int)
        assert np.abs(found - colour).max() <= tolerance, (colour, found)


def refusal(data: bytes, limits: PictureLimits | None = None) -> str:
    with pytest.raises(PictureRefused) as refused:
        decode_picture(data, limits=limits)
    assert str(refused.value)
    return refused.value.reason


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF", "PPM", "JPEG2000"]
)
def test_every_format_keeps_its_colours_and_size(kind: str) -> None:
    picture = decode_picture(saved(quarters(), kind))
    assert_quarters(picture.rgb)
    assert (picture.width_px, picture.height_px) == (160, 120)
    assert picture.note is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int) -> None:
    stored = quarters()
    if orientation in STORED_UNDER:
        stored = stored.transpose(STORED_UNDER[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode_picture(saved(stored, "JPEG", exif=exif))
    assert_quarters(picture.rgb)
    assert picture.rgb.shape == (120, 160, 3)
    assert (picture.width_px, picture.height_px) == (160, 120)


def test_a_large_jpeg_becomes_a_thumbnail_and_keeps_its_size_in_words() -> None:
    picture = decode_picture(saved(quarters(2400, 1600), "JPEG"))
    assert picture.rgb.shape == (341, THUMBNAIL_PX, 3)
    assert (picture.width_px, picture.height_px) == (2400, 1600)
    assert_quarters(picture.rgb)


def test_a_small_picture_is_not_enlarged() -> None:
    assert decode_picture(saved(quarters(90, 70), "PNG")).rgb.shape == (70, 90, 3)


def test_pixels_are_uint8_contiguous_and_own_their_memory() -> None:
    rgb = decode_picture(saved(quarters(), "PNG")).rgb
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous


def test_cmyk_is_converted() -> None:
    picture = decode_picture(saved(quarters().convert("CMYK"), "JPEG"))
    assert_quarters(picture.rgb, tolerance=40)
    assert picture.note == "CMYK converted"


@pytest.mark.parametrize("level", [0, 20_000, 65_535])
def test_16_bit_grey_keeps_its_brightness(level: int) -> None:
    wide = Image.fromarray(np.full((80, 80), level, dtype=np.uint16))
    picture = decode_picture(saved(wide, "PNG"))
    assert np.abs(picture.rgb.astype(int) - round(level / 257)).max() <= 1
    assert picture.note == "16 bit reduced to 8"


def test_float_grey_is_scaled_and_not_a_number_is_black() -> None:
    plane = np.full((80, 80), 0.5, dtype=np.float32)
    plane[0, 0] = np.nan
    rgb = decode_picture(saved(Image.fromarray(plane), "TIFF")).rgb
    assert rgb[40, 40].tolist() == [128, 128, 128]
    assert rgb[0, 0].tolist() == [0, 0, 0]


def test_a_palette_is_resolved() -> None:
    indexed = quarters().quantize(8, dither=Image.Dither.NONE)
    assert_quarters(decode_picture(saved(indexed, "PNG")).rgb)


def test_black_and_white_is_resolved() -> None:
    rgb = decode_picture(saved(Image.new("1", (80, 80), 1), "PNG")).rgb
    assert (rgb == 255).all()


CLEAR = Image.new("RGBA", (80, 80), (200, 0, 0, 0))


@pytest.mark.parametrize(
    "clear", [CLEAR, CLEAR.convert("LA"), CLEAR.quantize(4)], ids=["RGBA", "LA", "P"]
)
def test_what_is_transparent_becomes_white(clear: Image.Image) -> None:
    picture = decode_picture(saved(clear, "PNG"))
    assert (picture.rgb == 255).all()
    assert picture.note == "alpha flattened on white"


def test_half_transparent_black_on_white_is_grey() -> None:
    veil = Image.new("RGBA", (80, 80), (0, 0, 0, 128))
    rgb = decode_picture(saved(veil, "PNG")).rgb
    assert np.abs(rgb.astype(int) - 127).max() <= 1


def test_an_animation_gives_its_first_frame() -> None:
    later = [Image.new("RGB", (160, 120), BLUE)]
    data = saved(quarters(), "GIF", save_all=True, append_images=later)
    picture = decode_picture(data)
    assert_quarters(picture.rgb)
    assert picture.note == "animated: first frame"


def test_damaged_exif_leaves_the_picture_as_it_is() -> None:
    data = saved(quarters(), "JPEG", exif=b"Exif\0\0" + b"\xff" * 40)
    assert_quarters(decode_picture(data).rgb)


def test_nothing_is_an_empty_file() -> None:
    assert refusal(b"") == "empty_file"


@pytest.mark.parametrize(
    "data", [b"hello, this is a diary\n" * 40, b"\0" * 500, b"<html></html>", b"\xff"]
)
def test_text_and_zero_bytes_are_not_an_image(data: bytes) -> None:
    assert refusal(data) == "not_an_image"


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 ...",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>",
        b"\xef\xbb\xbf<!DOCTYPE svg>\n<svg/>",
        b"8BPS\0\1",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    ],
)
def test_formats_that_stay_shut_are_unsupported(data: bytes) -> None:
    assert refusal(data) == "unsupported"


def test_a_lab_tiff_is_converted() -> None:
    middle_grey = Image.new("LAB", (80, 80), (137, 128, 128))
    rgb = decode_picture(saved(middle_grey, "TIFF")).rgb
    assert np.abs(rgb.astype(int) - 128).max() <= 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("kept", [0.1, 0.6])
def test_a_file_cut_short_is_truncated(kind: str, kept: float) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    assert refusal(data[: int(len(data) * kept)]) == "truncated"


def test_a_png_whose_text_unpacks_to_megabytes_is_too_large() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "a" * 3_000_000, zip=True)
    assert refusal(saved(quarters(), "PNG", pnginfo=notes)) == "too_large"


def test_one_pixel_is_too_small() -> None:
    assert refusal(saved(Image.new("RGB", (1, 1)), "PNG")) == "too_small"


def test_more_bytes_than_the_limit_are_too_large() -> None:
    data = saved(quarters(), "PNG")
    assert refusal(data, PictureLimits(max_bytes=len(data) - 1)) == "too_large"
    assert decode_picture(data, limits=PictureLimits(max_bytes=len(data)))


def test_more_pixels_than_the_limit_are_refused_undecoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = saved(quarters(), "PNG")

    def decoded(*_: object) -> None:
        pytest.fail("pixels were decoded before the size was judged")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    assert refusal(data, PictureLimits(max_pixels=160 * 120 - 1)) == "too_large"


@pytest.mark.parametrize("side", [10_000, 12_000, 60_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    header = saved(Image.new("RGB", (64, 64)), "BMP")
    size = side.to_bytes(4, "little")
    bomb = header[:18] + size + size + header[26:]
    # 100 million pixels are within the limit, but this file holds none of them
    expected = "truncated" if side == 10_000 else "too_large"
    assert refusal(bomb) == expected


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000"]),
    hits=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12
    ),
    kept=st.floats(0, 1),
)
def test_damaged_bytes_decode_or_are_refused_and_nothing_else(
    kind: str, hits: list[tuple[float, int]], kept: float
) -> None:
    data = bytearray(saved(quarters(80, 72), kind))
    for place, value in hits:
        data[int(place * len(data))] = value
    try:
        rgb = decode_picture(bytes(data[: int(len(data) * kept)])).rgb
    except PictureRefused:
        return
    assert rgb.shape[2] == 3


def test_encoded_jpegs_are_the_same_bytes_every_time() -> None:
    rgb = np.asarray(quarters(800, 600))
    assert encode_jpeg(rgb, longest_px=160) == encode_jpeg(rgb, longest_px=160)


@pytest.mark.parametrize(("longest", "shape"), [(160, (120, 160)), (900, (600, 800))])
def test_encoding_reduces_and_never_enlarges(
    longest: int, shape: tuple[int, int]
) -> None:
    data = encode_jpeg(np.asarray(quarters(800, 600)), longest_px=longest)
    picture = decode_picture(data)
    assert (picture.height_px, picture.width_px) == shape
    assert_quarters(picture.rgb)
