"""Every mode becomes RGB; strips give what the whole would have given."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from evoke_core.corpus.modes import to_rgb

LONGEST = 100  # so that 900 x 700 pixels are reduced threefold on the way


def scene(width: int = 900, height: int = 700) -> Image.Image:
    coarse = np.random.default_rng(4).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def veiled(image: Image.Image) -> Image.Image:
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def wide(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def real(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)


def keyed(image: Image.Image) -> Image.Image:
    palette = image.quantize(16, dither=Image.Dither.NONE)
    palette.info["transparency"] = 3
    return palette


@pytest.mark.parametrize("change", [
    veiled, wide, real, keyed,
    lambda image: image.convert("CMYK"), lambda image: image.convert("LA"),
    lambda image: image.convert("1"), lambda image: image.quantize(16),
])  # fmt: skip
def test_a_large_picture_in_strips_is_the_whole_picture_reduced(
    monkeypatch: pytest.MonkeyPatch, change
) -> None:
    monkeypatch.setattr("evoke_core.corpus.modes._STRIP_PIXELS", 20_000)
    image = change(scene())
    whole, said = to_rgb(image, longest_px=900)
    small, says = to_rgb(image, longest_px=LONGEST)
    assert small.size == (300, 234)  # 700 / 3, rounded up
    assert np.array_equal(np.asarray(small), np.asarray(whole.reduce(3)))
    assert says == said


def test_converting_a_large_picture_takes_little_beside_it() -> None:
    image = Image.new("I;16", (6_000, 4_000), 9_000)
    tracemalloc.start()
    small, _ = to_rgb(image, longest_px=512)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 * 2**20  # as float64 it would be 192 MB, several times over
    assert small.getpixel((5, 5)) == (35, 35, 35)
