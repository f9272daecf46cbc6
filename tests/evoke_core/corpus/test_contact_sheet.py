"""A contact sheet shows every picture in its cell."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from evoke_core.corpus.contact_sheet import contact_sheet

RED = (200, 30, 30)


def sheet_of(pictures: list[bytes]) -> Image.Image:
    with Image.open(io.BytesIO(contact_sheet(pictures))) as opened:
        assert opened.format == "PNG"
        return opened.convert("RGB")


def plain(width: int, height: int, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), RED).save(buffer, kind)
    return buffer.getvalue()


def is_red(pixel: tuple[int, int, int]) -> bool:
    return all(abs(got - wanted) < 12 for got, wanted in zip(pixel, RED, strict=True))


@pytest.mark.parametrize(("count", "rows"), [(0, 1), (1, 1), (10, 1), (11, 2), (40, 4)])
def test_pictures_lie_in_rows_of_ten(count: int, rows: int):
    sheet = sheet_of([plain(64, 64)] * count)

    assert sheet.size == (10 * 94 + 6, rows * 94 + 6)


def test_each_picture_fills_its_own_cell_and_no_other():
    sheet = sheet_of([plain(400, 90), plain(90, 400), plain(16, 16, "PNG")])

    middles = [sheet.getpixel((6 + 94 * cell + 44, 6 + 44)) for cell in range(4)]
    corners = [sheet.getpixel((6 + 94 * cell + 1, 6 + 1)) for cell in range(4)]
    assert [is_red(pixel) for pixel in middles] == [True, True, True, False]
    assert [is_red(pixel) for pixel in corners] == [True, True, True, False]
    assert not is_red(sheet.getpixel((6 + 88 + 2, 50)))


def test_forty_pictures_are_small_enough_for_metadata(jpeg: Callable[..., bytes]):
    pictures = [jpeg(seed, width=256, height=192) for seed in range(8)] * 5

    assert len(contact_sheet(pictures)) < 150_000
