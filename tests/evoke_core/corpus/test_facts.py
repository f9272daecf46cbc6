"""Facts worked by hand on pictures whose answers are known."""

import hashlib
import os
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.facts import (
    PALETTE_SIZE,
    dominant_colours,
    measure_facts,
)

SHARED = Path(os.environ.get("EVOKE_SHARED", Path(__file__).parents[4] / "shared"))


def perceptual_hash(rgb: np.ndarray) -> int:
    """The definition, by the library that everybody compares with."""
    return int(str(imagehash.phash(Image.fromarray(rgb))), 16)


def flat(
    colour: tuple[int, int, int], height: int = 96, width: int = 128
) -> np.ndarray:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def hills(seed: int, height: int = 900, width: int = 1200) -> np.ndarray:
    """Smooth random colour, as a landscape out of focus."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def facts_of(rgb: np.ndarray):
    data = encode_jpeg(rgb, longest_px=4096, quality=95)
    return measure_facts(data, decode_picture(data))


def test_flat_grey_has_no_detail_no_colour_and_half_brightness() -> None:
    facts = facts_of(flat((128, 128, 128)))
    assert (facts.sharpness, facts.entropy_bits, facts.colourfulness) == (0, 0, 0)
    assert facts.brightness == pytest.approx(128 / 255, abs=1e-6)
    assert facts.palette == ("#808080",) * PALETTE_SIZE


def test_the_digest_and_sizes_are_those_of_the_file() -> None:
    data = encode_jpeg(flat((9, 9, 9), 300, 600), longest_px=4096)
    facts = measure_facts(data, decode_picture(data))
    assert facts.sha256 == hashlib.sha256(data).hexdigest()
    assert (facts.width_px, facts.height_px) == (600, 300)


def test_noise_is_sharper_than_its_blur() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(noise).reduce(4).resize((300, 300)))
    assert facts_of(noise).sharpness > 10 * facts_of(soft).sharpness


def test_the_palette_names_the_most_prominent_colour_first() -> None:
    picture = flat((250, 240, 10))
    picture[:, :40] = (10, 20, 200)
    picture[:20, :20] = (200, 0, 0)
    yellow, blue, red = dominant_colours(picture)[:3]
    assert (yellow, blue, red) == ("#faf00a", "#0a14c8", "#c80000")


def test_the_palette_keeps_an_accent_before_a_third_shade() -> None:
    sky = np.linspace(90, 250, 96).astype(np.uint8)
    picture = np.stack([sky // 2, sky // 2 + 60, sky], axis=-1)
    picture = np.repeat(picture[:, None], 128, axis=1)
    picture[60:84, 50:70] = (230, 20, 20)
    channels = [
        tuple(int(name[at : at + 2], 16) for at in (1, 3, 5))
        for name in dominant_colours(picture)
    ]
    assert any(red > 180 and blue < 80 for red, _, blue in channels)


@pytest.mark.parametrize("seed", range(3))
def test_the_palette_is_five_names_and_the_same_every_time(seed: int) -> None:
    names = dominant_colours(hills(seed))
    assert names == dominant_colours(hills(seed))
    assert len(names) == len(set(names)) == PALETTE_SIZE


@pytest.mark.parametrize("seed", range(4))
def test_the_hash_is_imagehash_s_within_4_bits_of_the_full_picture(seed: int) -> None:
    rgb = hills(seed, 1500, 2000)
    full = int(str(imagehash.phash(Image.fromarray(rgb))), 16)
    found = facts_of(rgb).phash
    assert (full ^ found).bit_count() <= 4
    assert 0 <= found < 2**64


def test_recompression_keeps_the_hash_near_and_other_pictures_are_far() -> None:
    first, again = hills(1), hills(1)
    data = encode_jpeg(again, longest_px=300, quality=30)
    near = facts_of(first).phash ^ perceptual_hash(decode_picture(data).rgb)
    assert near.bit_count() <= 4
    assert (facts_of(first).phash ^ facts_of(hills(2)).phash).bit_count() > 12


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no rated collections beside this")
def test_hashes_of_real_pictures_stay_within_4_bits_of_the_full_decode() -> None:
    for path in sorted((SHARED / "data" / "images").glob("photos/*"))[:20]:
        picture = decode_picture(path.read_bytes())
        with Image.open(path) as image:
            if image.getexif().get(0x0112, 1) != 1:
                continue
            full = int(str(imagehash.phash(image)), 16)
        assert (full ^ perceptual_hash(picture.rgb)).bit_count() <= 4, path.name
