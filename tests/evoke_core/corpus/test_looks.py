"""Lettering, flat ground, bars and composition, on pictures whose answers are known."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.looks import (
    border_share,
    composition_score,
    flat_share,
    measure_looks,
)
from evoke_core.corpus.writing import text_score

LIMIT = 0.68  # of the profiles


def hills(seed: int, width: int = 512, height: int = 384) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 200, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def write(image: Image.Image, text: str, *, size: int = 20, ink: str = "white"):
    lettered = image.copy()
    font = ImageFont.load_default(size)
    ImageDraw.Draw(lettered).text((20, 40), text, fill=ink, font=font)
    buffer = io.BytesIO()
    lettered.save(buffer, "JPEG", quality=82)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [20, 24, 36])
def test_a_caption_scores_high_and_the_bare_picture_not(seed: int, size: int):
    bare = hills(seed)
    lettered = write(bare, "Copyright by John Smith Photo", size=size)

    assert text_score(bare.convert("L")) == 0
    assert text_score(lettered.convert("L")) > LIMIT


def test_a_tiled_watermark_scores_high():
    line = "Stock sample photo   Stock sample photo\n\n\n"
    veiled = Image.blend(hills(1), write(hills(1), line * 4), 0.5)

    assert text_score(veiled.convert("L")) > LIMIT


def test_a_row_of_equal_windows_is_no_lettering():
    house = Image.new("L", (512, 384), 90)
    draw = ImageDraw.Draw(house)
    for x in range(20, 480, 24):
        for y in range(20, 360, 40):
            draw.rectangle((x, y, x + 11, y + 15), outline=230, width=3)

    assert text_score(house) == 0


@pytest.mark.parametrize("fill", [0, 128, 255])
def test_a_blank_page_is_flat_all_bars_and_has_no_lettering(fill: int):
    looks = measure_looks(np.full((384, 512, 3), fill, np.uint8))

    assert (looks.text_score, looks.flat_share, looks.border_share) == (0, 1, 1)
    assert looks.composition_score == 0.5


def test_noise_is_neither_flat_nor_barred():
    noise = np.random.default_rng(0).integers(0, 256, (384, 512, 3), dtype=np.uint8)
    looks = measure_looks(noise)

    assert (looks.flat_share, looks.border_share) == (0, 0)


def test_flat_share_counts_the_commonest_tone_wherever_it_lies():
    luma = np.random.default_rng(0).integers(0, 256, (80, 80), dtype=np.uint8)
    luma[:40, :40] = 200  # 25 of 100 blocks
    luma[40:, 40:64] = 30  # 15 of 100 blocks

    assert flat_share(luma) == pytest.approx(0.25)


def test_bars_on_all_sides_are_added_up():
    luma = np.random.default_rng(0).integers(0, 200, (100, 100), dtype=np.uint8)
    luma[:10] = luma[-20:] = 255
    luma[:, :10] = luma[:, -10:] = 255

    assert border_share(luma) == pytest.approx(1 - 0.7 * 0.8)


def test_a_bar_of_another_tone_ends_the_bar():
    luma = np.zeros((100, 100), np.uint8)
    luma[10:] = np.random.default_rng(0).integers(0, 256, (90, 100), dtype=np.uint8)
    luma[10:20] = 200

    assert border_share(luma) == pytest.approx(0.1)


def spot(x: float, y: float) -> Image.Image:
    image = Image.new("RGB", (480, 480), (20, 20, 20))
    box = (480 * x - 20, 480 * y - 20, 480 * x + 20, 480 * y + 20)
    ImageDraw.Draw(image).ellipse(box, fill="white")
    return image


def test_a_subject_on_a_power_point_beats_one_in_the_corner():
    assert composition_score(spot(1 / 3, 2 / 3)) > composition_score(spot(0.05, 0.05))
    assert composition_score(spot(0.05, 0.05)) < 0.1


def test_composition_is_the_same_in_the_mirror():
    left, right = spot(0.2, 0.4), spot(0.8, 0.4)

    assert composition_score(left) == pytest.approx(composition_score(right), abs=0.02)


@pytest.mark.parametrize("size", [(1, 1), (3, 512), (512, 5), (64, 64)])
def test_any_shape_can_be_measured(size: tuple[int, int]):
    pixels = np.asarray(hills(0).resize(size))

    looks = measure_looks(pixels)

    assert all(0 <= getattr(looks, name) <= 1 for name in looks.__slots__)


@pytest.mark.shared
def test_real_pictures_without_lettering_are_left_alone(shared: Path):
    paths = sorted((shared / "data" / "images" / "paintings").glob("*"))[::3]
    scores = [
        measure_looks(decode_picture(path.read_bytes()).rgb).text_score
        for path in paths
    ]

    assert sum(score > LIMIT for score in scores) <= len(scores) // 50
