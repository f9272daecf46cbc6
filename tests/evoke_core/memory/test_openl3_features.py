import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.memory.openl3_features import (
    FFT,
    FRAMES,
    HOP,
    SAMPLE_RATE,
    WINDOW,
    WindowStream,
    mel_decibels,
    mel_filters,
)
from tests.evoke_core.memory.ears import window_count

FRONT_ENDS = ("kapre-0.1.4", "openl3-0.4")


def cut(samples, hop_s, pieces=1):
    stream = WindowStream(hop_s)
    made = [stream.push(piece) for piece in np.array_split(samples, pieces)]
    return np.concatenate([*made, stream.finish()])


def as_published(samples, hop):
    """openl3's rules: half a window before, silence after, every hop."""
    padded = np.concatenate([np.zeros(WINDOW // 2, np.float32), samples])
    beyond = max(0, len(padded) - WINDOW)
    count = 1 + -(-beyond // hop)
    padded = np.pad(padded, (0, (count - 1) * hop + WINDOW - len(padded)))
    return np.stack([padded[i * hop : i * hop + WINDOW] for i in range(count)])


def seen(samples, front_end, bands=256):
    import torch

    filters = torch.from_numpy(mel_filters(bands, front_end))
    return mel_decibels(torch.from_numpy(samples[None]), filters, front_end)[0, 0]


@pytest.mark.parametrize("length", [1, 23_999, 24_000, 24_001, 48_000, 110_400])
@pytest.mark.parametrize("hop_s", [0.1, 0.5, 1.0])
def test_windows_are_cut_as_published(length, hop_s):
    samples = np.arange(1, length + 1, dtype=np.float32)
    expected = as_published(samples, int(hop_s * SAMPLE_RATE))
    np.testing.assert_array_equal(cut(samples, hop_s), expected)
    assert window_count(length, hop_s) == len(expected)


@given(
    length=st.integers(1, 200_000),
    pieces=st.integers(1, 9),
    hop_s=st.sampled_from([0.1, 0.25, 1.0]),
)
def test_windows_do_not_depend_on_how_sound_comes(length, pieces, hop_s):
    samples = np.arange(length, dtype=np.float32)
    found = cut(samples, hop_s, pieces)
    assert len(found) == window_count(length, hop_s)
    np.testing.assert_array_equal(found, cut(samples, hop_s))


def test_a_second_is_centred_on_its_hops():
    click = np.zeros(WINDOW, np.float32)
    click[4800 * 3] = 1  # at 0.3 s, so in the middle of window 3
    assert int(np.argmax(cut(click, 0.1)[3])) == WINDOW // 2


def test_memory_of_a_stream_does_not_grow():
    stream = WindowStream(0.1)
    for _ in range(50):
        stream.push(np.ones(70_000, np.float32))
    assert len(stream._held) < WINDOW


@pytest.mark.parametrize(
    ("front_end", "htk"), [("kapre-0.1.4", True), ("openl3-0.4", False)]
)
@pytest.mark.parametrize("bands", [128, 256])
@pytest.mark.filterwarnings("ignore:Empty filters detected")
def test_mel_filters_are_those_of_librosa(front_end, htk, bands):
    filters = pytest.importorskip("librosa.filters", reason="librosa is the judge")
    expected = filters.mel(sr=SAMPLE_RATE, n_fft=FFT, n_mels=bands, htk=htk)
    np.testing.assert_allclose(mel_filters(bands, front_end), expected, atol=1e-7)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_spectra_are_those_of_plain_sums(front_end):
    rng = np.random.default_rng(3)
    samples = rng.normal(0, 0.1, WINDOW).astype(np.float32)
    before = 982 if front_end == "kapre-0.1.4" else 0
    padded = np.pad(samples.astype(np.float64), (before, 1964 - before))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)
    frames = np.stack([padded[i * HOP : i * HOP + FFT] for i in range(FRAMES)])
    magnitudes = np.abs(np.fft.rfft(frames * hann)).T
    filters = mel_filters(256, front_end).astype(np.float64)
    if front_end == "kapre-0.1.4":
        mel = np.sqrt(filters @ magnitudes**2)
    else:
        mel = filters @ magnitudes
    decibels = 10 * np.log10(np.maximum(mel, 1e-10))
    expected = np.maximum(decibels - decibels.max(), -80)
    np.testing.assert_allclose(seen(samples, front_end), expected, atol=2e-3)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_level_is_lost_as_published(front_end):
    rng = np.random.default_rng(3)
    samples = rng.normal(0, 0.1, WINDOW).astype(np.float32)
    loud, quiet = seen(samples, front_end), seen(samples / 8, front_end)
    np.testing.assert_allclose(loud, quiet, atol=1e-3)
    assert float(loud.max()) == 0.0
    assert float(loud.min()) >= -80.0
    assert loud.shape == (256, FRAMES)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_silence_is_even(front_end):
    silent = seen(np.zeros(WINDOW, np.float32), front_end, bands=128)
    assert silent.shape == (128, FRAMES)
    assert float(silent.abs().max()) == 0.0
