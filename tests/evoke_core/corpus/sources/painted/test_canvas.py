"""What every painter starts from and ends with."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.corpus.sources.painted.canvas import (
    LONGEST_SIDE_PX,
    Easel,
    distance,
    frame_size,
    glow,
    grain,
    lerp,
    lines,
    mix,
    screen,
    smoothstep,
    to_image,
    to_jpeg,
    vignette,
)


def easel_of(width: int, height: int, *, warmth: float = 0.5, seed: int = 1) -> Easel:
    return Easel(width, height, np.random.default_rng(seed), warmth, 0.5, 0.5, 0.5)


def test_places_are_pixel_centres_in_units_of_the_longest_side() -> None:
    easel = easel_of(4, 2)

    assert np.allclose(easel.across, [[0.125, 0.375, 0.625, 0.875]])
    assert np.allclose(easel.down, [[0.125], [0.375]])
    assert (easel.wide, easel.tall) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("warmth", "taken"), [(0.0, "cool"), (0.49, "cool"), (0.5, "warm"), (1.0, "warm")]
)
def test_the_warmth_dial_points_from_cool_to_warm(warmth: float, taken: str) -> None:
    assert easel_of(4, 2, warmth=warmth).by_warmth(("cool", "warm")) == taken


def test_lerp_walks_from_low_to_high() -> None:
    assert [lerp(2, 6, place) for place in (0, 0.25, 1)] == [2, 3, 6]


def test_smoothstep_is_flat_beyond_its_ends_and_falls_where_they_are_swapped() -> None:
    field = np.array([-1, 0, 0.25, 0.5, 1, 2], np.float32)

    rising = smoothstep(0, 1, field)
    assert np.allclose(rising, [0, 0, 0.15625, 0.5, 1, 1])  # 3 t^2 - 2 t^3
    assert np.allclose(smoothstep(1, 0, field), 1 - rising)


def test_mixing_covers_as_far_as_alpha_says() -> None:
    under = np.full((1, 3, 3), 0.2, np.float32)
    alpha = np.array([[0, 0.5, 1]], np.float32)

    mixed = mix(under, (1.0, 0.6, 0.2), alpha)
    assert np.allclose(mixed, [[[0.2, 0.2, 0.2], [0.6, 0.4, 0.2], [1, 0.6, 0.2]]])


def test_screened_light_adds_and_never_leaves_the_range() -> None:
    under = np.array([[[0.0, 0.5, 1.0]]], np.float32)

    assert np.allclose(screen(under, under * 0), under)
    assert np.allclose(screen(under, under), [[[0, 0.75, 1]]])
    assert np.allclose(screen(under, under + 9), 1)


def test_a_glow_peaks_at_its_place_and_falls_to_one_over_e_at_its_radius() -> None:
    light = glow(easel_of(100, 100), 0.505, 0.305, 0.2)

    assert np.unravel_index(light.argmax(), light.shape) == (30, 50)
    assert light[30, 50] == pytest.approx(1, abs=1e-5)
    assert light[30, 70] == pytest.approx(np.exp(-1), abs=1e-3)


def test_distance_is_that_of_pythagoras() -> None:
    apart = distance(easel_of(10, 10), 0.05, 0.05)

    assert apart.shape == (10, 10)
    assert apart[4, 3] == pytest.approx(0.5)


def test_lines_are_drawn_in_units_of_the_longest_side_with_soft_edges() -> None:
    layer = lines(
        easel_of(10, 4),
        lambda brush, scale: brush.rectangle((0, 0, 0.25 * scale - 1, scale), fill=255),
    )

    assert layer.shape == (4, 10)
    assert np.allclose(layer[0, :4], [1, 1, 0.5, 0], atol=0.01)


def test_a_vignette_darkens_the_corners_most() -> None:
    shade = vignette(easel_of(101, 51), 0.4)

    assert shade[25, 50] == pytest.approx(1)
    assert shade[0, 0] == shade.min() == pytest.approx(0.6, abs=0.02)


def test_grain_is_faint_centred_and_as_large_as_the_picture() -> None:
    film = grain(easel_of(300, 270), 0.01)

    assert film.shape == (270, 300, 1)
    assert abs(float(film.mean())) < 0.001
    assert float(film.std()) == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("ratio", [0.3, 0.6, 1.0, 1.5, 1.78, 3.0])
def test_frames_keep_their_ratio_and_fit_the_longest_side(ratio: float) -> None:
    width, height = frame_size(ratio)

    assert width % 2 == height % 2 == 0
    assert max(width, height) <= LONGEST_SIDE_PX
    assert width / height == pytest.approx(ratio, rel=0.01)


def test_a_picture_is_rounded_to_eight_bits_and_clipped() -> None:
    image = to_image(np.array([[[-1.0, 0.5, 2.0]]], np.float32))

    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == (0, 128, 255)


def test_equal_images_are_equal_jpegs_and_quality_costs_bytes() -> None:
    picture = np.random.default_rng(2).random((40, 60, 3), np.float32)
    image = to_image(picture)

    fine, coarse = to_jpeg(image, quality=90), to_jpeg(image, quality=30)
    assert fine == to_jpeg(image.copy(), quality=90)
    assert len(coarse) < len(fine)
    with Image.open(io.BytesIO(fine)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (60, 40))
