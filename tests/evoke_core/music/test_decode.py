import contextlib
import io
import zipfile

import av
import numpy as np
import pytest
import soundfile

from evoke_core.errors import TrackRefused
from evoke_core.music.decode import (
    REASONS,
    AudioLimits,
    decode_audio,
    waveform_peaks,
)
from evoke_core.music.readers import _Unfailing, open_recording

RATE = 16_000


def sine(seconds=4.0, level=0.5, hertz=440.0, rate=RATE):
    time = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def encoded(samples, kind="WAV", subtype=None, rate=RATE, **tags):
    buffer = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(
        buffer, "w", rate, channels, subtype=subtype, format=kind
    ) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(samples)
    return buffer.getvalue()


def mp4(samples=None, **tags):
    """Write an m4a by FFmpeg, or a video without sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        container.metadata.update(tags)
        if samples is None:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            black = np.zeros((64, 64, 3), np.uint8)
            frames = [av.VideoFrame.from_ndarray(black) for _ in range(5)]
        else:
            stream = container.add_stream("aac", rate=RATE)
            stream.layout = "mono"
            frame = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
            frame.sample_rate = RATE
            frames = [frame]
        for frame in [*frames, None]:
            container.mux(stream.encode(frame))
    return buffer.getvalue()


def reason(data, **options):
    with pytest.raises(TrackRefused) as refusal:
        decode_audio(data, **options)
    assert refusal.value.reason in REASONS
    return refusal.value.reason


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_every_format_becomes_mono_at_the_wanted_rate(kind):
    track = decode_audio(encoded(sine(), kind), sample_rate=8_000)
    assert track.sample_rate == 8_000
    assert track.samples.dtype == np.float32
    assert track.duration_s == pytest.approx(4.0, abs=0.1)
    assert track.note is None
    spectrum = np.abs(np.fft.rfft(track.samples))
    assert spectrum.argmax() / track.duration_s == pytest.approx(440, abs=1)


def test_what_libsndfile_does_not_know_is_read_by_ffmpeg():
    track = decode_audio(mp4(sine(), title="Rain", artist="Nobody"))
    assert track.duration_s == pytest.approx(4.0, abs=0.15)
    assert (track.title, track.artist) == ("Rain", "Nobody")
    assert track.note is None


def test_channels_are_averaged():
    stereo = np.stack([sine(level=0.6), np.zeros(4 * RATE, np.float32)], axis=1)
    track = decode_audio(encoded(stereo, subtype="FLOAT"), sample_rate=RATE)
    np.testing.assert_allclose(track.samples, sine(level=0.3), atol=1e-6)


def test_samples_above_full_scale_are_scaled_not_clipped():
    loud = encoded(sine(level=5.0), subtype="FLOAT")
    track = decode_audio(loud, sample_rate=RATE)
    np.testing.assert_allclose(track.samples, sine(level=1.0), atol=1e-3)
    assert np.abs(track.samples).max() <= 1


def test_tags_become_one_clean_line():
    data = encoded(sine(), title="Dark\n\tside\u202e of\x07 it  ", artist="\x01")
    track = decode_audio(data)
    assert (track.title, track.artist) == ("Dark side of it", None)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_a_truncated_song_is_used_with_a_note(kind):
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE).astype(np.float32)
    data = encoded(noise, kind)
    track = decode_audio(data[: len(data) * 3 // 4])
    assert 10 < track.duration_s < 16
    assert track.note == f"truncated: {track.duration_s:.0f} s of music were read"


def test_an_empty_file_is_refused():
    assert reason(b"") == "empty_file"


@pytest.mark.parametrize(
    "data",
    [
        b"la la la " * 500,
        ("w" * 511 + "ö" * 90).encode(),  # a character lies across the end of the head
        b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/song.ts\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
    ],
)
def test_text_and_playlists_are_no_audio(data):
    assert reason(data) == "not_audio"


def test_bytes_of_no_known_format_are_told_from_text():
    assert reason(b"\x00" * 5000) == "unknown_format"
    assert reason(np.random.default_rng(1).bytes(5000)) == "unknown_format"
    assert reason(b"la la \xff la" * 50) == "unknown_format"


def test_an_archive_of_songs_is_told_to_be_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("song.mp3", encoded(sine(), "MP3"))
    assert reason(buffer.getvalue()) == "archive"


def test_a_forged_sample_rate_is_no_known_format():
    data = bytearray(encoded(sine()))
    data[24:28] = (7).to_bytes(4, "little")
    assert reason(bytes(data)) == "unknown_format"


def test_a_video_without_sound_has_no_audio_stream():
    assert reason(mp4()) == "no_audio_stream"


def test_silence_is_refused_but_a_quiet_song_is_not():
    assert reason(encoded(np.zeros(4 * RATE, np.float32))) == "silent"
    assert reason(encoded(sine(level=1e-4), subtype="FLOAT")) == "silent"
    assert decode_audio(encoded(sine(level=1e-2))).note is None


def test_a_header_without_sound_has_no_samples():
    assert reason(encoded(sine())[:44]) == "no_samples"


def test_a_song_below_the_least_length_is_too_short():
    assert reason(encoded(sine(seconds=0.1))) == "too_short"
    assert reason(encoded(sine(seconds=2.9))) == "too_short"


def test_a_song_longer_than_the_limit_is_refused():
    limits = AudioLimits(max_s=3.5)
    assert reason(encoded(sine(seconds=4)), limits=limits) == "too_long"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(value):
    samples = sine()
    samples[100] = value
    assert reason(encoded(samples, subtype="FLOAT")) == "not_finite"


def test_a_refusal_names_what_was_got_and_the_remedy():
    with pytest.raises(TrackRefused, match=r"Only 2\.0 s .* at least 3 s"):
        decode_audio(encoded(sine(seconds=2)))


def test_hostile_bytes_end_in_a_track_or_a_refusal():
    rng = np.random.default_rng(3)
    wholes = [encoded(sine(), kind) for kind in ("WAV", "FLAC", "OGG", "MP3")]
    wholes.append(mp4(sine()))
    for turn in range(100):
        data = bytearray(wholes[turn % len(wholes)])
        places = rng.integers(0, min(len(data), [200, len(data)][turn % 2]), 9)
        for place in places:
            data[place] = rng.integers(256)
        cut = int(rng.integers(1, len(data) + 1))
        for damaged in (bytes(data), bytes(data[:cut]), rng.bytes(500)):
            with contextlib.suppress(TrackRefused):
                track = decode_audio(damaged)
                assert np.isfinite(track.samples).all()
                assert np.abs(track.samples).max() <= 1


def test_a_seek_before_the_beginning_leaves_no_traceback(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(encoded(sine()))
    for recording in (path, path.read_bytes()):
        with open_recording(recording) as file:
            steady = _Unfailing(file)
            steady.seek(8)
            assert steady.seek(-5) == 8
            assert steady.read(4) == b"WAVE"


def test_peaks_are_the_largest_magnitudes_of_equal_stretches():
    samples = np.array([0.1, -0.5, 0.2, 0.3, 0.0, -1.0], np.float32)
    np.testing.assert_allclose(waveform_peaks(samples, count=3), [0.5, 0.3, 1.0])


def test_peaks_repeat_where_there_are_fewer_samples():
    peaks = waveform_peaks(np.array([0.25, -0.5], np.float32), count=4)
    np.testing.assert_allclose(peaks, [0.25, 0.25, 0.5, 0.5])
