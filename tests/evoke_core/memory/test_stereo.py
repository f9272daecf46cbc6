import io

import numpy as np
import pytest
import soundfile

from evoke_core.errors import TrackRefused
from evoke_core.memory.stereo import as_stereo, decode_stereo

RATE = 8_000


def tone(hertz, seconds, rate=RATE, level=0.5):
    time = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def wav(samples, rate=RATE, kind="FLOAT", container="WAV"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, kind, format=container)
    return buffer.getvalue()


def test_left_and_right_stay_apart():
    both = np.stack([tone(200, 4), tone(300, 4)], axis=1)
    track = decode_stereo(wav(both), sample_rate=RATE)
    np.testing.assert_array_equal(track.samples, both)
    assert track.duration_s == 4.0
    assert track.note is None


def test_mono_becomes_two_equal_channels_of_the_same_level():
    mono = tone(200, 4)
    track = decode_stereo(wav(mono), sample_rate=RATE)
    np.testing.assert_array_equal(track.samples[:, 0], mono)
    np.testing.assert_array_equal(track.samples[:, 1], mono)


def test_more_channels_are_mixed_down():
    rest = np.zeros((4 * RATE, 4), np.float32)
    rest[:, 3] = tone(200, 4)
    track = decode_stereo(wav(rest), sample_rate=RATE)
    assert track.samples.shape == (4 * RATE, 2)
    np.testing.assert_allclose(track.samples[:, 0], rest[:, 3] / 4, atol=1e-6)


def test_mono_at_8_khz_comes_at_the_rate_of_the_model():
    track = decode_stereo(wav(tone(440, 5)), sample_rate=44_100)
    middle = slice(44_100, 4 * 44_100)
    expected = tone(440, 5, 44_100)
    assert len(track.samples) == pytest.approx(5 * 44_100, abs=2)
    np.testing.assert_allclose(track.samples[middle, 0], expected[middle], atol=2e-3)


def test_mean_and_deviation_are_those_of_both_channels_together():
    rng = np.random.default_rng(0)
    both = rng.normal(0.02, 0.1, (4 * RATE, 2)).astype(np.float32)
    track = decode_stereo(wav(both), sample_rate=RATE)
    middle = both.astype(np.float64).mean(axis=1)
    assert track.mean == pytest.approx(middle.mean(), abs=1e-9)
    assert track.deviation == pytest.approx(middle.std(), rel=1e-6)


def test_a_peak_above_full_scale_scales_the_song():
    loud = np.stack([tone(200, 4, level=4.0), tone(300, 4, level=1.0)], axis=1)
    track = decode_stereo(wav(loud), sample_rate=RATE)
    peak = np.abs(loud).max()
    np.testing.assert_allclose(track.samples, loud / peak, atol=1e-6)
    quiet = as_stereo((loud / peak).copy(), RATE)
    assert track.deviation == pytest.approx(quiet.deviation, rel=1e-6)


@pytest.mark.parametrize("container", ["FLAC", "OGG"])
def test_what_libsndfile_reads_keeps_its_length(container):
    kind = "PCM_16" if container == "FLAC" else "VORBIS"
    both = np.stack([tone(200, 4, 44_100), tone(300, 4, 44_100)], axis=1)
    song = wav(both, 44_100, kind, container)
    track = decode_stereo(song, sample_rate=44_100)
    assert len(track.samples) == len(both)
    np.testing.assert_allclose(track.samples, both, atol=0.05)


def test_ffmpeg_reads_what_libsndfile_does_not(tmp_path):
    import av

    both = np.stack([tone(440, 5, 44_100), tone(660, 5, 44_100)])
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100, layout="stereo")
        for start in range(0, both.shape[1], 1024):
            block = np.ascontiguousarray(both[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = 44_100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    track = decode_stereo(path, sample_rate=44_100)
    assert track.duration_s == pytest.approx(5, abs=0.1)
    powers = np.abs(np.fft.rfft(track.samples[44_100:88_200], axis=0))
    assert powers.argmax(axis=0).tolist() == [440, 660]


def test_a_song_that_breaks_off_is_used_with_a_note():
    song = wav(tone(440, 20), kind="PCM_16")
    track = decode_stereo(song[: len(song) // 2], sample_rate=RATE)
    assert track.duration_s == pytest.approx(10, abs=0.1)
    assert track.note is not None
    assert "truncated" in track.note


@pytest.mark.parametrize(
    ("song", "reason"),
    [
        (b"", "empty_file"),
        (b"just a few words", "not_audio"),
        (wav(np.zeros((5 * RATE, 2), np.float32)), "silent"),
        (wav(tone(440, 1)), "too_short"),
    ],
)
def test_what_is_no_song_is_refused_for_the_same_reasons(song, reason):
    with pytest.raises(TrackRefused) as refused:
        decode_stereo(song, sample_rate=RATE)
    assert refused.value.reason == reason
