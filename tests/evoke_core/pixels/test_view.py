"""Planes of pictures whose values are known from the definitions."""

import numpy as np
import pytest

from evoke_core.pixels.view import LONGEST_PX, SHORTEST_PX, lab_of, view_picture


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_primaries_is_that_of_the_tables(
    rgb: tuple[int, ...], lab: tuple[float, ...]
) -> None:
    assert lab_of(np.array([rgb], dtype=np.uint8))[0] == pytest.approx(lab, abs=0.02)


@pytest.mark.parametrize("shape", [(64, 64), (512, 300), (100, 1000), (1, 512)])
def test_every_picture_comes_to_one_scale(shape: tuple[int, int]) -> None:
    view = view_picture(np.zeros((*shape, 3), dtype=np.uint8))
    assert max(view.lightness.shape) == LONGEST_PX
    assert min(view.lightness.shape) >= SHORTEST_PX


def test_a_flat_picture_has_no_gradient_and_no_edge() -> None:
    view = view_picture(np.full((192, 192, 3), 77, dtype=np.uint8))
    assert view.gradient.max() == 0
    assert view.coherence.max() == 0
    assert not view.is_edge.any()


def test_stripes_are_coherent_and_noise_is_not() -> None:
    stripes = np.zeros((192, 192, 3), dtype=np.uint8)
    stripes[np.arange(192) % 16 < 8] = 255
    noise = np.random.default_rng(0).integers(0, 256, (192, 192, 3), dtype=np.uint8)
    ruled, broken = view_picture(stripes), view_picture(noise)
    assert ruled.coherence[ruled.is_edge].min() > 0.9
    assert broken.coherence[broken.is_edge].mean() < 0.4
    # lines that lie have gradients that point up or down
    assert ruled.direction[ruled.is_edge] == pytest.approx(np.pi / 2)
