"""Forms are hashed rightly, and outlines tell pictures apart whatever their colours."""

import imagehash
import numpy as np
import pytest
from PIL import Image

from evoke_core.corpus.mirrors import (
    FORMS,
    GRID_PX,
    dihedral_hashes,
    luma_grid,
    outlines,
    turn,
)


def perceptual_hash(rgb: np.ndarray) -> int:
    """The definition, by the library that everybody compares with."""
    return int(str(imagehash.phash(Image.fromarray(rgb))), 16)


def scene(seed: int = 0) -> np.ndarray:
    """Soft blobs, which no flip or turn maps upon themselves."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 7, 3)).astype(np.uint8))
    return np.asarray(coarse.resize((240, 320), Image.Resampling.BICUBIC))


def turned_pixels(rgb: np.ndarray, form: int) -> np.ndarray:
    planes = np.moveaxis(rgb, -1, 0)
    return np.ascontiguousarray(np.moveaxis(turn(planes, form), 0, -1))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    left, right = outlines(np.stack([luma_grid(one), luma_grid(other)]))
    return float(left @ right)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_form_is_the_picture_s_own_hash(seed: int):
    assert dihedral_hashes(scene(seed))[0] == perceptual_hash(scene(seed))


@pytest.mark.parametrize("form", range(FORMS))
def test_a_form_s_hash_is_the_hash_of_the_turned_picture(form: int):
    expected = perceptual_hash(turned_pixels(scene(), form))

    assert (dihedral_hashes(scene())[form] ^ expected).bit_count() <= 2


def test_the_forms_are_the_flips_and_the_quarter_turns():
    square = np.arange(4, dtype=np.uint8).reshape(1, 2, 2)
    forms = {tuple(turn(square, form).ravel().tolist()) for form in range(FORMS)}
    expected = {
        tuple(np.rot90(flipped, turns).ravel().tolist())
        for flipped in (square[0], square[0].T)
        for turns in range(4)
    }

    assert forms == expected
    assert len(forms) == FORMS


def test_an_outline_is_of_unit_length_and_a_flat_picture_s_is_nought():
    flat = np.full((GRID_PX, GRID_PX), 90, np.uint8)
    found = outlines(np.stack([luma_grid(scene()), flat]))

    assert found.shape == (2, 480)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 0], abs=1e-6)


def test_no_pictures_have_no_outlines():
    assert outlines(np.empty((0, GRID_PX, GRID_PX), np.uint8)).shape == (0, 480)


def test_other_colours_and_another_exposure_keep_the_outline():
    rgb = scene()
    yellowed = (rgb * np.array([0.8, 0.75, 0.5])).astype(np.uint8)

    assert cosine(rgb, yellowed) > 0.95
    assert cosine(rgb, rgb // 2 + 40) > 0.99


def test_another_picture_and_a_negative_have_another_outline():
    assert abs(cosine(scene(0), scene(1))) < 0.3
    assert cosine(scene(), 255 - scene()) < -0.9
