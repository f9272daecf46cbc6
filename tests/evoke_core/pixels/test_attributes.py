"""The slider attributes order pictures whose order is beyond doubt."""

import numpy as np
import pytest

from evoke_core.config.fields import AXES
from evoke_core.pixels.attributes import (
    measure_attributes,
    natural_attributes,
)
from evoke_core.pixels.view import view_picture


def flat(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((160, 200, 3), colour, dtype=np.uint8)


def grain(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (160, 200, 3), dtype=np.uint8)


def blobs(seed: int = 0) -> np.ndarray:
    """Many colours, broken edges, busy and quiet parts: as in a photograph."""
    rng = np.random.default_rng(seed)
    picture = flat((120, 140, 170))
    rows, columns = np.mgrid[:160, :200]
    for _ in range(120):
        row, column = rng.uniform(60, 160), rng.uniform(0, 200)
        inside = np.hypot(rows - row, columns - column) < rng.uniform(2, 9)
        picture[inside] = rng.integers(0, 256, 3)
    return picture


def measured(rgb: np.ndarray) -> dict[str, float]:
    return dict(zip(AXES, measure_attributes(rgb).tolist(), strict=True))


def test_orange_is_warmer_than_grey_and_grey_than_blue() -> None:
    orange, grey, blue = (
        measured(flat(colour))["warmth"]
        for colour in ((230, 120, 30), (128, 128, 128), (30, 110, 220))
    )
    assert orange > grey > blue


def test_the_warmth_of_grey_is_the_constant_of_the_formula() -> None:
    natural = natural_attributes(view_picture(flat((128, 128, 128))))
    assert natural[AXES.index("warmth")] == pytest.approx(-0.5, abs=1e-3)


def test_the_warmth_of_red_is_worked_by_hand() -> None:
    # C* = 104.55, h = 40 degrees: -0.5 + 0.02 * 104.55^1.07 * cos(-10 degrees) = 2.352
    natural = natural_attributes(view_picture(flat((255, 0, 0))))
    assert natural[AXES.index("warmth")] == pytest.approx(2.352, abs=0.01)


def test_noise_is_more_complex_and_energetic_than_flat() -> None:
    noisy, plain = measured(grain()), measured(flat((128, 128, 128)))
    for name in ("complexity", "energy"):
        assert noisy[name] > 0.9
        assert plain[name] < 0.1


def test_vivid_is_more_energetic_than_pale() -> None:
    vivid, pale = measured(flat((220, 20, 60))), measured(flat((200, 180, 185)))
    assert vivid["energy"] > pale["energy"]


def test_stripes_and_fields_are_more_abstract_than_a_scattered_scene() -> None:
    stripes = flat((20, 20, 20))
    stripes[np.arange(160) % 20 < 10] = 240
    field = flat((150, 40, 30))
    field[80:] = (40, 20, 60)
    scene = measured(blobs())["abstraction"]
    assert measured(stripes)["abstraction"] > scene
    assert measured(field)["abstraction"] > scene


@pytest.mark.parametrize("picture", [grain(1), blobs(1), flat((0, 0, 0))])
def test_attributes_are_float32_in_the_unit_interval_and_repeatable(
    picture: np.ndarray,
) -> None:
    found = measure_attributes(picture)
    assert found.dtype == np.float32
    assert found.shape == (len(AXES),)
    assert ((found >= 0) & (found <= 1)).all()
    assert (found == measure_attributes(picture)).all()
