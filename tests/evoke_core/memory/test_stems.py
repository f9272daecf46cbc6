import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.memory.demucs_model import load_demucs, save_demucs
from evoke_core.memory.stems import MAX_DB, StemBlock, StemSeparator, StemTally
from evoke_core.memory.stereo import as_stereo

demucs = pytest.importorskip("demucs", reason="demucs is not installed (extra memory)")

RATE = 8_000
SEGMENT = RATE  # of the tiny model, one second


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    model = HTDemucs(
        ["drums", "bass", "other", "vocals"],
        channels=8,
        t_layers=1,
        t_heads=2,
        nfft=1024,
        samplerate=RATE,
        segment=Fraction(1),
    )
    folder = tmp_path_factory.mktemp("weights")
    save_demucs(model, folder / "demucs" / "tiny")
    return folder


@pytest.fixture(scope="module")
def separator(weights):
    return StemSeparator(weights, "tiny")


def noise(samples, seed=0, level=0.1):
    rng = np.random.default_rng(seed)
    return rng.normal(0.01, level, (samples, 2)).astype(np.float32)


def whole(blocks):
    blocks = list(blocks)
    stems = np.concatenate([block.stems for block in blocks], axis=1)
    return stems, np.concatenate([block.mix for block in blocks])


@pytest.mark.parametrize("length", [1, SEGMENT, SEGMENT + 1, 2 * SEGMENT + 77])
def test_blocks_are_what_the_library_makes_of_the_whole_song(
    weights, separator, length
):
    import torch
    from demucs.apply import apply_model

    samples = noise(length)
    track = as_stereo(samples.copy(), RATE)
    stems, mix = whole(separator.separate(track))
    scale = track.deviation + 1e-8
    sound = torch.from_numpy((samples.T - track.mean) / scale).float()[None]
    bag = load_demucs(weights / "demucs" / "tiny")
    made = apply_model(bag, sound, shifts=0, overlap=0.25)[0] * scale + track.mean
    order = [bag.sources.index(name) for name in ("vocals", "drums", "bass", "other")]
    expected = made[order].numpy().transpose(0, 2, 1)
    assert stems.dtype == np.float32
    np.testing.assert_array_equal(mix, samples)
    np.testing.assert_allclose(stems, expected, atol=2e-5)


def test_the_same_song_has_the_same_stems(weights):
    track = as_stereo(noise(SEGMENT // 2), RATE)
    first, _ = whole(StemSeparator(weights, "tiny").separate(track))
    second, _ = whole(StemSeparator(weights, "tiny").separate(track))
    np.testing.assert_array_equal(first, second)


def test_memory_does_not_grow_with_length(separator, monkeypatch):
    def quarters(track, start):
        sound = track.samples[start : start + SEGMENT]
        return np.stack([sound / 4] * 4)

    monkeypatch.setattr(separator, "_stems_of", quarters)

    def peak(seconds):
        track = as_stereo(noise(seconds * RATE), RATE)
        tracemalloc.start()
        for block in separator.separate(track):
            np.testing.assert_allclose(block.stems.sum(axis=0), block.mix, atol=1e-6)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(2)  # what is imported once
    assert peak(200) < 1.2 * peak(20)


def test_a_song_at_another_rate_is_refused(separator):
    track = as_stereo(noise(100), 44_100)
    with pytest.raises(ConfigError, match="works at 8000 Hz"):
        next(separator.separate(track))


def test_absent_weights_are_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"demucs htdemucs.*make models"):
        StemSeparator(tmp_path)


def test_weights_and_library_are_in_the_fingerprint(weights, separator):
    assert StemSeparator(weights, "tiny").fingerprint == separator.fingerprint
    assert f"demucs-{demucs.__version__}" in separator.fingerprint


def test_a_perfect_sum_has_the_highest_ratio():
    stems = noise(100)[None] * np.array([1, 2, 3, 4], np.float32)[:, None, None]
    tally = StemTally()
    tally.take(StemBlock(stems, stems.sum(axis=0)))
    assert tally.snr_db == MAX_DB


def test_ratio_and_levels_are_those_of_all_blocks():
    ones = np.ones((4, 50, 2), np.float32)
    tally = StemTally()
    tally.take(StemBlock(ones * 0.1, ones[0] * 0.5))  # the rest is 0.1
    tally.take(StemBlock(ones * 0.1, ones[0] * 0.5))
    assert tally.snr_db == pytest.approx(20 * np.log10(5), abs=1e-4)
    assert tally.levels_db == pytest.approx((-20.0,) * 4, abs=1e-4)


def test_silence_has_the_lowest_level():
    tally = StemTally()
    assert tally.levels_db == (-MAX_DB,) * 4
    silent = np.zeros((4, 50, 2), np.float32)
    tally.take(StemBlock(silent, silent[0]))
    assert tally.levels_db == (-MAX_DB,) * 4
    assert tally.snr_db == MAX_DB


def test_stems_that_miss_the_mix_have_a_low_ratio():
    silent = np.zeros((4, 50, 2), np.float32)
    tally = StemTally()
    tally.take(StemBlock(silent, silent[0] + 0.5))
    assert tally.snr_db == pytest.approx(0.0)
