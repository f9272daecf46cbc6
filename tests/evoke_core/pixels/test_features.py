"""Features worked by hand: flat grey, red square, stripes, sky, leaves, skin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.pixels.features import BLOCKS, FEATURES, describe_view
from evoke_core.pixels.view import view_picture


def flat(colour: tuple[int, int, int], side: int = 192) -> np.ndarray:
    return np.full((side, side, 3), colour, dtype=np.uint8)


def grain(seed: int, side: int = 192) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def described(rgb: np.ndarray) -> dict[str, float]:
    return dict(zip(FEATURES, describe_view(view_picture(rgb)).tolist(), strict=True))


def test_blocks_cover_the_features_without_gap_or_overlap() -> None:
    covered = [row for block in BLOCKS.values() for row in range(len(FEATURES))[block]]
    assert covered == list(range(len(FEATURES)))
    assert len(set(FEATURES)) == len(FEATURES)


def test_flat_grey_is_all_lightness() -> None:
    found = described(flat((119, 119, 119)))
    assert found["lightness_mean"] == pytest.approx(50.0, abs=0.1)
    for name in ("chroma_mean", "colourfulness", "edge_density", "lightness_sd"):
        assert found[name] == pytest.approx(0, abs=0.01)
    assert found["flat_share"] == 1
    assert found["lightness_entropy"] == found["palette_entropy"] == 0
    assert found["orientation_entropy"] == pytest.approx(3.0)  # eight equal bins


def test_red_fills_the_red_hues_alone() -> None:
    found = described(flat((255, 0, 0)))
    # hue 40 degrees, chroma 104.55: 8/9 of it to the bin at 45, 1/9 to that at 0
    assert found["hue_045"] == pytest.approx(np.log1p(104.55 * 8 / 9), abs=0.02)
    assert found["hue_000"] == pytest.approx(np.log1p(104.55 / 9), abs=0.02)
    assert found["hue_180"] == found["hue_270"] == 0
    assert found["hue_agreement"] == pytest.approx(104.55 / 105.55, abs=1e-3)


def test_a_square_in_the_middle_stands_out_from_its_surround() -> None:
    picture = flat((0, 0, 0))
    picture[48:144, 48:144] = 255
    found = described(picture)
    assert found["centre_lightness"] == pytest.approx(100, abs=1)
    assert found["lightness_11"] == pytest.approx(75, abs=1)  # 100 less the mean of 25
    assert found["lightness_00"] == pytest.approx(-25, abs=1)
    assert found["mirror_difference"] == pytest.approx(0, abs=0.1)


def test_a_half_light_picture_is_far_from_its_mirror() -> None:
    picture = flat((0, 0, 0))
    picture[:, :96] = 255
    assert described(picture)["mirror_difference"] == pytest.approx(100, abs=1)


def test_a_horizon_is_a_step_between_rows() -> None:
    level, upright = flat((0, 0, 0)), flat((0, 0, 0))
    level[:96], upright[:, :96] = 255, 255
    assert described(level)["horizon"] == pytest.approx(100, abs=1)
    assert described(upright)["horizon"] == pytest.approx(0, abs=1)


def test_stripes_put_their_gradient_in_one_direction() -> None:
    stripes = flat((0, 0, 0))
    stripes[np.arange(192) % 16 < 8] = 255
    found = described(stripes)
    assert found["orientation_4"] > 0.9  # gradient down: lines that lie
    assert found["straight_density"] == pytest.approx(found["edge_density"])
    assert found["curved_density"] == 0
    assert described(grain(1))["curved_density"] > 0.5


def test_blue_above_is_sky_and_blue_below_is_not() -> None:
    above, below = flat((60, 60, 50)), flat((60, 60, 50))
    above[:96], below[96:] = (120, 170, 230), (120, 170, 230)
    assert described(above)["sky_share"] > 0.95
    assert described(below)["sky_share"] < 0.02


def test_green_grain_is_vegetation_and_green_paint_is_not() -> None:
    leaves = flat((60, 120, 40)).astype(int) + grain(2) // 6 - 20
    leaves = np.clip(leaves, 0, 255).astype(np.uint8)
    assert described(leaves)["vegetation_share"] > 0.7
    assert described(flat((60, 120, 40)))["vegetation_share"] == 0


@pytest.mark.parametrize("tone", [(224, 172, 138), (141, 85, 60)])
def test_skin_tones_count_as_skin_and_vivid_orange_does_not(
    tone: tuple[int, int, int],
) -> None:
    assert described(flat(tone))["skin_share"] == 1
    assert described(flat((255, 120, 0)))["skin_share"] == 0


def test_noise_is_richer_than_flat_at_every_scale() -> None:
    rich, poor = described(grain(3)), described(flat((90, 90, 90)))
    for name in ("gradient_scale_0", "local_contrast", "palette_entropy"):
        assert rich[name] > poor[name]
    assert rich["energy_slope"] < 0  # white noise fades as it is averaged


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 300), width=st.integers(1, 300), seed=st.integers(0, 1000))
def test_any_shape_gives_finite_numbers_and_the_same_ones(
    height: int, width: int, seed: int
) -> None:
    shape = (height, width, 3)
    rgb = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    found = describe_view(view_picture(rgb))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert (found == describe_view(view_picture(rgb))).all()
