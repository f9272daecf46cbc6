"""Variety of tones, worked by hand."""

import numpy as np
import pytest

from evoke_core.pixels.tone import colourfulness, entropy_bits


def test_two_equal_tones_have_one_bit_of_entropy() -> None:
    luma = np.repeat(np.float32([[10, 200]]), 50, axis=1)
    assert entropy_bits(luma) == pytest.approx(1.0)


def test_every_tone_once_has_eight_bits_of_entropy() -> None:
    assert entropy_bits(np.arange(256, dtype=np.float32)) == pytest.approx(8.0)


def test_colourfulness_of_red_is_its_opponent_offset() -> None:
    # rg = 255, yb = 127.5, no spread: 0.3 * hypot(255, 127.5) = 85.53
    red = np.full((96, 128, 3), (255, 0, 0), dtype=np.uint8)
    assert colourfulness(red) == pytest.approx(85.53, abs=0.01)
