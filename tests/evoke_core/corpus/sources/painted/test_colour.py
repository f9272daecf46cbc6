"""Hex colours, ramps mixed in Oklab, pigments on paper, light on film."""

import numpy as np
import pytest

from evoke_core.corpus.sources.painted.colour import (
    expose,
    linear,
    pigment,
    ramp,
    rgb,
    rgbs,
    stain,
)


def field(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_hex_colours_are_read_by_channel() -> None:
    assert np.allclose(rgb("ff0033"), [1, 0, 0.2])
    assert rgbs(("000000", "ffffff")).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_a_ramp_begins_and_ends_with_its_stops_and_stays_there() -> None:
    stops = ("1b2a41", "c9a25d", "f4ecd8")
    coloured = ramp(field(-1, 0, 0.5, 1, 2), stops)

    assert coloured.shape == (1, 5, 3)
    assert np.allclose(coloured[0, :2], rgb(stops[0]), atol=0.01)
    assert np.allclose(coloured[0, 2], rgb(stops[1]), atol=0.01)
    assert np.allclose(coloured[0, 3:], rgb(stops[2]), atol=0.01)


def test_a_grey_ramp_stays_grey_and_rises() -> None:
    greys = ramp(field(*np.linspace(0, 1, 9)), ("000000", "ffffff"))[0]

    assert np.allclose(greys, greys[:, :1], atol=0.005)
    assert (np.diff(greys[:, 0]) > 0).all()


def test_blue_and_yellow_mix_to_green_not_grey() -> None:
    middle = ramp(field(0.5), ("0000ff", "ffff00"))[0, 0]

    # halfway in sRGB lies an even grey
    assert float(middle.max() - middle.min()) > 0.1
    assert middle.argmax() in (1, 2)


def test_one_coat_of_pigment_on_white_is_its_own_colour() -> None:
    white = np.ones((1, 2, 3), np.float32)
    painted = stain(white, "5b8fb5", field(1, 0))

    assert np.allclose(painted[0, 0], rgb("5b8fb5"), atol=1e-5)
    assert np.allclose(painted[0, 1], 1)


def test_two_coats_absorb_twice() -> None:
    paper = np.full((1, 1, 3), 0.9, np.float32)
    twice = stain(stain(paper, "e3a0a8", field(1)), "e3a0a8", field(1))

    assert np.allclose(twice, stain(paper, "e3a0a8", field(2)), atol=1e-6)


@pytest.mark.parametrize("colour", ["000000", "ffffff", "00ff80"])
def test_no_pigment_absorbs_all_or_nothing(colour: str) -> None:
    strength = pigment(colour)

    assert np.isfinite(strength).all()
    assert (strength > 0).all()


def test_film_rolls_off_bright_light_and_knows_no_negative_light() -> None:
    developed = expose(field(-5, 0, 0.5, 2, 100))[0]

    assert developed[:2].tolist() == [0, 0]
    assert (np.diff(developed[1:]) > 0).all()
    assert developed.max() <= 1


def test_linear_light_squares_about() -> None:
    assert np.allclose(linear(field(0, 0.5, 1)), [[0, 0.5**2.2, 1]])
