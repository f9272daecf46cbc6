from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.memory.audio_vector import RunningMoments, encode_stems
from evoke_core.memory.demucs_model import save_demucs
from evoke_core.memory.openl3 import OpenL3Encoder
from evoke_core.memory.stem_files import StemFiles, stem_names
from evoke_core.memory.stems import StemBlock, StemSeparator
from evoke_core.memory.stereo import as_stereo, decode_stereo
from tests.evoke_core.memory.ears import write_ears

RATE = 48_000  # that of the windows: nothing is resampled


class Splitter:
    """Gives stems that are known: the mix times 1, 2, 3 and 4, in blocks."""

    sample_rate = RATE

    def separate(self, track):
        for start in range(0, len(track.samples), 30_001):
            mix = track.samples[start : start + 30_001]
            gains = np.array([1, 2, 3, 4], np.float32)[:, None, None]
            yield StemBlock(mix[None] * gains / 10, mix)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    write_ears(folder, seed=4)
    return folder


@pytest.fixture
def track():
    rng = np.random.default_rng(0)
    return as_stereo(rng.normal(0, 0.1, (2 * RATE, 2)).astype(np.float32), RATE)


def test_stems_follow_each_other_mean_first(weights, track):
    encoder = OpenL3Encoder(weights, "tiny", hop_s=1.0)

    class Ordered(Splitter):
        """Its second stem is another sound than the three others."""

        def separate(self, track):
            for block in super().separate(track):
                block.stems[1] = block.mix[::-1] ** 3
                yield block

    heard = encode_stems(track, Ordered(), encoder)
    parts = heard.vector.reshape(4, 2, 512)
    vectors = encoder.encode(track.samples.mean(axis=1, dtype=np.float32))
    assert heard.vector.shape == (4096,)
    assert heard.vector.dtype == np.float32
    assert heard.windows == len(vectors) == 3
    np.testing.assert_allclose(parts[0, 0], vectors.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(parts[0, 1], vectors.std(axis=0), atol=1e-3)
    np.testing.assert_allclose(parts[2], parts[0], atol=1e-3)  # level is not heard
    assert np.abs(parts[1] - parts[0]).max() > 0.05


def test_levels_and_sum_are_reported(weights, track):
    heard = encode_stems(track, Splitter(), OpenL3Encoder(weights, "tiny", hop_s=1.0))
    assert heard.snr_db == 120.0
    steps = np.diff(heard.levels_db)
    np.testing.assert_allclose(steps, 20 * np.log10([2, 3 / 2, 4 / 3]), atol=1e-3)
    assert heard.duration_s == 2.0


@pytest.mark.parametrize("samples", [1, RATE // 2])
def test_a_song_of_one_window_has_no_deviation(weights, samples):
    rng = np.random.default_rng(1)
    short = as_stereo(rng.normal(0, 0.1, (samples, 2)).astype(np.float32), RATE)
    encoder = OpenL3Encoder(weights, "tiny", hop_s=1.0)
    heard = encode_stems(short, Splitter(), encoder)
    assert heard.windows == 1
    np.testing.assert_array_equal(heard.vector.reshape(4, 2, 512)[:, 1], 0.0)
    assert np.isfinite(heard.vector).all()


def test_everyone_gets_every_block(weights, track, tmp_path):
    class Counter:
        seen = 0

        def take(self, block):
            self.seen += len(block.mix)

    counter = Counter()
    encoder = OpenL3Encoder(weights, "tiny", hop_s=1.0)
    with StemFiles(tmp_path, RATE) as files:
        encode_stems(track, Splitter(), encoder, sinks=(counter, files))
    assert counter.seen == len(track.samples)
    assert all((tmp_path / name).is_file() for name in stem_names(1.0))


def test_a_mono_song_at_8_khz_goes_the_whole_way(weights, tmp_path):
    import io

    import soundfile
    import torch

    pytest.importorskip("demucs", reason="demucs is not installed (extra memory)")
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    sources = ["drums", "bass", "other", "vocals"]
    model = HTDemucs(
        sources, channels=8, t_layers=1, t_heads=2, nfft=1024, segment=Fraction(3)
    )
    save_demucs(model, weights / "demucs" / "tiny")
    separator = StemSeparator(weights, "tiny")
    buffer = io.BytesIO()
    time = np.arange(5 * 8_000) / 8_000
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * 330 * time), 8_000, format="WAV")
    track = decode_stereo(buffer.getvalue(), sample_rate=separator.sample_rate)
    encoder = OpenL3Encoder(weights, "tiny", hop_s=1.0)
    heard = encode_stems(track, separator, encoder)
    assert heard.vector.shape == (4096,)
    assert heard.windows == 6
    assert np.isfinite(heard.vector).all()


@given(
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=8),
    offset=st.sampled_from([0.0, 5.0, 1000.0]),
)
def test_moments_in_batches_are_those_of_all_rows(sizes, offset):
    rng = np.random.default_rng(sum(sizes))
    batches = [(offset + rng.normal(0, 1, (n, 3))).astype(np.float32) for n in sizes]
    moments = RunningMoments(3)
    for batch in batches:
        moments.add(batch)
    rows = np.concatenate(batches).astype(np.float64)
    assert moments.count == len(rows)
    if len(rows):
        np.testing.assert_allclose(moments.mean, rows.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(moments.deviation, rows.std(axis=0), atol=1e-9)
    else:
        np.testing.assert_array_equal(moments.deviation, 0.0)
