"""Seeded noise: clouds, ridges, cells, profiles, and bending."""

import numpy as np
import pytest

from evoke_core.corpus.sources.painted.canvas import Easel
from evoke_core.corpus.sources.painted.noise import (
    STANDARD_SPREAD,
    bent,
    clouds,
    mosaic,
    per_cell,
    profile,
    resized,
    ridges,
    softened,
)


def easel_of(seed: int, width: int = 96, height: int = 64) -> Easel:
    return Easel(width, height, np.random.default_rng(seed), 0.5, 0.5, 0.5, 0.5)


def rng(seed: int = 4) -> np.random.Generator:
    return np.random.default_rng(seed)


def steps(field: np.ndarray, axis: int) -> float:
    return float(np.abs(np.diff(field, axis=axis)).mean())


def grid(cells: float, size: int = 60) -> tuple[np.ndarray, np.ndarray]:
    line = (np.arange(size, dtype=np.float32) + 0.5) * cells / size
    return line[None, :], line[:, None]


def test_equal_seeds_make_equal_clouds_and_others_others() -> None:
    first, again, other = (clouds(easel_of(seed), 4, 3) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("octaves", [1, 2, 5])
def test_clouds_lie_around_a_half_with_one_spread(octaves: int) -> None:
    sky = clouds(easel_of(3), 5, octaves)

    assert sky.shape == (64, 96)
    assert sky.dtype == np.float32
    assert float(sky.mean()) == pytest.approx(0.5, abs=1e-3)
    assert float(sky.std()) == pytest.approx(STANDARD_SPREAD, rel=1e-3)


def test_more_octaves_add_finer_detail() -> None:
    smooth, rough = (clouds(easel_of(3), 3, octaves) for octaves in (1, 5))

    assert steps(rough, 1) > 1.5 * steps(smooth, 1)


def test_stretched_clouds_lie_wide_or_stand_tall() -> None:
    wide = clouds(easel_of(3, 80, 80), 6, stretch=9)
    tall = clouds(easel_of(3, 80, 80), 6, stretch=1 / 9)

    assert steps(wide, 0) > 3 * steps(wide, 1)
    assert steps(tall, 1) > 3 * steps(tall, 0)


def test_ridges_are_brightest_where_noise_crosses_its_middle() -> None:
    folded = ridges(np.array([0, 0.25, 0.375, 0.5, 0.625, 1], np.float32))

    assert np.allclose(folded, [0, 0, 0.5, 1, 0.5, 0])


def test_a_profile_is_centred_and_reaches_one_on_its_farther_side() -> None:
    line = profile(rng(), 200, 3, 4, 0.5)

    assert line.shape == (200,)
    assert abs(float(line.mean())) < 1e-4
    assert float(np.abs(line).max()) == pytest.approx(1, abs=1e-4)


def test_resizing_keeps_a_plain_field_and_reads_a_box() -> None:
    halves = np.zeros((8, 8), np.float32)
    halves[:, 4:] = 1

    assert np.allclose(resized(np.full((3, 5), 0.7, np.float32), (20, 9)), 0.7)
    assert np.allclose(resized(halves, (6, 6), (6, 0, 8, 8)), 1)


def test_softening_spreads_a_point_and_keeps_its_sum() -> None:
    point = np.zeros((64, 64), np.float32)
    point[32, 32] = 1
    soft = softened(point, 8)

    assert soft.shape == point.shape
    assert soft.max() < 0.05
    assert float(soft.sum()) == pytest.approx(1, rel=0.05)


def test_bending_looks_up_displaced_places_and_stops_at_the_edges() -> None:
    field = np.arange(12, dtype=np.float32).reshape(3, 4)

    assert np.array_equal(bent(field, 0.0, 0.0), field)
    assert bent(field, 1.0, 0.0).tolist()[0] == [1, 2, 3, 3]
    assert bent(field, 0.0, -1.0)[:, 0].tolist() == [0, 0, 4]
    picture = np.stack([field] * 3, axis=-1)
    assert bent(picture, 1.0, 0.0).shape == (3, 4, 3)


def test_a_mosaic_without_jitter_is_a_square_grid() -> None:
    u, v = grid(3)
    cells = mosaic(rng(), u, v, jitter=0)

    assert len(np.unique(cells.number)) == 9
    assert all(len(np.unique(cells.number[r : r + 20, :20])) == 1 for r in (0, 20, 40))
    assert float(cells.near.max()) <= 0.5**0.5
    assert float(cells.seam[30, 18:22].max()) < 0.2  # beside the line between cells
    assert float(cells.seam[30, 10]) > 0.8


def test_cells_are_those_of_the_nearest_point_whatever_the_jitter() -> None:
    u, v = grid(6)
    cells = mosaic(rng(), u, v, jitter=1)

    assert cells.near.shape == cells.seam.shape == cells.number.shape == (60, 60)
    assert float(cells.seam.min()) >= 0
    assert float(cells.near.max()) < 1.5
    neighbours_differ = cells.number[:, 1:] != cells.number[:, :-1]
    # wherever the number changes, the second nearest point was as near
    assert float(cells.seam[:, 1:][neighbours_differ].max()) < 0.3


def test_a_cell_has_one_number_of_its_own() -> None:
    tint = per_cell(rng(), np.array([[3, 3], [9, 3]], np.int32))

    assert tint[0, 0] == tint[0, 1] == tint[1, 1] != tint[1, 0]
    assert ((tint >= 0) & (tint < 1)).all()
