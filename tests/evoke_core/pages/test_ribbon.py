"""The ribbon as pixels: louder is taller, brighter moods are warmer."""

import numpy as np
import pytest

from evoke_core.pages.ribbon import ribbon_colours, ribbon_mask

SIZE = (200, 40)


def document(peaks, valences):
    step = 10.0
    arc = [
        {"start_s": n * step, "end_s": (n + 1) * step, "energy": 0.5, "valence": one}
        for n, one in enumerate(valences)
    ]
    track = {"peaks": peaks, "duration_s": step * len(valences)}
    return {"track": track, "arc": arc}


def test_the_ribbon_is_taller_where_the_song_is_louder():
    mask = np.asarray(ribbon_mask(document([0.1] * 50 + [1.0] * 50, [0.5]), SIZE))
    heights = (mask > 127).sum(axis=0)
    assert heights[20] * 5 < heights[180]
    assert heights[180] == pytest.approx(0.96 * SIZE[1], abs=2)


def test_the_ribbon_is_the_same_above_and_below():
    mask = np.asarray(ribbon_mask(document([0.3, 0.9, 0.5], [0.5]), SIZE))
    assert np.abs(mask.astype(int) - mask[::-1]).max() <= 64


def test_colours_go_from_cool_to_warm_with_the_mood():
    colours = np.asarray(ribbon_colours(document([1.0], [0.0, 1.0]), SIZE)).astype(int)
    warmth = colours[0, :, 0] - colours[0, :, 2]
    assert warmth[0] < 0 < warmth[-1]
    assert (np.diff(warmth) >= 0).all()


def test_silence_without_an_arc_is_a_thin_line():
    empty = {"track": {"peaks": [], "duration_s": 0.0}, "arc": []}
    mask = np.asarray(ribbon_mask(empty, SIZE))
    assert 0 < (mask > 127).sum(axis=0)[100] < SIZE[1]
    assert len(np.unique(np.asarray(ribbon_colours(empty, SIZE))[0], axis=0)) == 1
