"""A contact sheet shows every picture in its cell."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from evoke_core.corpus.contact_sheet import contact_sheet, labelled_sheet

RED = (200, 30, 30)


def sheet_of(pictures: list[bytes]) -> Image.Image:
    with Image.open(io.BytesIO(contact_sheet(pictures))) as opened:
        assert opened.format == "WEBP"
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
    corners = [sheet.getpixel((6 + 94 * cell + 4, 6 + 4)) for cell in range(4)]
    assert [is_red(pixel) for pixel in middles] == [True, True, True, False]
    assert [is_red(pixel) for pixel in corners] == [True, True, True, False]
    assert not is_red(sheet.getpixel((6 + 88 + 2, 50)))


def test_forty_pictures_are_small_enough_for_metadata(jpeg: Callable[..., bytes]):
    pictures = [jpeg(seed, width=256, height=192) for seed in range(8)] * 5

    assert len(contact_sheet(pictures)) < 150_000


def test_groups_lie_below_each_other_under_their_labels():
    groups = {"flat (3)": [plain(64, 64)] * 3, "text (11)": [plain(64, 64)] * 11}

    with Image.open(io.BytesIO(labelled_sheet(groups))) as opened:
        sheet = opened.convert("RGB")

    assert sheet.size == (10 * 94 + 6, (22 + 94) + (22 + 2 * 94) + 6)
    assert is_red(sheet.getpixel((50, 6 + 22 + 44)))
    assert not is_red(sheet.getpixel((50 + 3 * 94, 6 + 22 + 44)))
    assert is_red(sheet.getpixel((50, 6 + 116 + 22 + 94 + 44)))
    label = sheet.crop((6, 6, 80, 26)).convert("L")
    assert label.getextrema()[0] < 128


def test_no_groups_are_a_blank_strip():
    with Image.open(io.BytesIO(labelled_sheet({}))) as opened:
        assert opened.size == (10 * 94 + 6, 94 + 6)
