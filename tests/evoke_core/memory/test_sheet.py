"""Spectrograms show what sounds when, whatever blocks the sound comes in."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.memory.diffusion import encode_png
from evoke_core.memory.sheet import StemSpectrograms, stems_plot, strengths_sheet

RATE = 44_100
STEMS = ("vocals", "drums")


def tones(seconds: float, *frequencies: float) -> np.ndarray:
    """One stereo tone a stem, float32[S, N, 2]."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = np.stack([np.sin(2 * np.pi * hz * time) for hz in frequencies])
    return np.repeat(sound[:, :, None], 2, axis=2).astype(np.float32)


def levels(sound: np.ndarray, blocks: int = 1) -> np.ndarray:
    shown = StemSpectrograms(STEMS, sound.shape[1], RATE)
    for block in np.array_split(sound, blocks, axis=1):
        shown.take(block)
    return shown.decibels()


def test_each_stem_is_loudest_where_it_sounds():
    shown = levels(tones(2.0, 200.0, 5000.0))

    bands = np.geomspace(40, 16_000, 73)
    for stem, hz in enumerate((200.0, 5000.0)):
        loudest = shown[stem].mean(axis=1).argmax()
        assert bands[loudest] <= hz * 1.1
        assert bands[loudest + 1] >= hz / 1.1


def test_blocks_make_no_difference():
    sound = tones(1.7, 300.0, 900.0)

    np.testing.assert_allclose(levels(sound, 1), levels(sound, 23), atol=1e-3)


def test_silence_then_sound_is_dark_then_light():
    sound = tones(2.0, 300.0, 900.0)
    sound[:, :RATE] = 0

    shown = levels(sound)

    half = shown.shape[2] // 2
    assert shown[:, :, : half - 1].max() == pytest.approx(-70)
    assert shown[:, :, half + 1 :].max() > -1


@pytest.mark.parametrize("samples", [1, 2047, 2048, 2049])
def test_very_short_songs_have_a_spectrogram(samples: int):
    shown = levels(np.ones((2, samples, 2), np.float32) * 0.1)

    assert shown.shape[:2] == (2, 72)
    assert np.isfinite(shown).all()


def test_silence_alone_is_finite():
    assert (levels(np.zeros((2, 5000, 2), np.float32)) == -70).all()


def test_an_hour_takes_no_more_columns_than_a_minute():
    hour = StemSpectrograms(STEMS, 3600 * RATE, RATE)
    minute = StemSpectrograms(STEMS, 60 * RATE, RATE)

    assert hour.decibels().shape == minute.decibels().shape


def test_plots_are_pictures_of_700_px():
    plot = stems_plot(
        levels(tones(1.0, 200, 400)), {"vocals": 0.6, "drums": 0.4}, duration_s=1.0
    )

    assert Image.open(io.BytesIO(plot)).width == 700


def test_the_sheet_says_where_there_is_no_image():
    png = encode_png(np.full((8, 8, 3), 200, np.uint8))

    sheet = strengths_sheet({0.0: png, 1.0: None}, {0.0: 0.0, 1.0: 0.04})

    assert Image.open(io.BytesIO(sheet)).width == 700
