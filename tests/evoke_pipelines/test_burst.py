"""A burst of songs in one run: models are loaded once, and bad songs fail alone."""

import io
import json
import zipfile

import dagster as dg
import numpy as np
import pytest
import soundfile

from evoke_core.drops import ledger
from tests.evoke_core.boards import conftest as world
from tests.evoke_pipelines.house import board_house, chord

store, index, encoder = world.store, world.index, world.encoder
run_profile, vocabulary, house = world.run_profile, world.vocabulary, board_house


def written(samples, kind="WAV", rate=22_050, **more):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, **more)
    return buffer.getvalue()


def video_without_sound():
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        black = np.zeros((64, 64, 3), np.uint8)
        for frame in [*[av.VideoFrame.from_ndarray(black) for _ in range(5)], None]:
            container.mux(stream.encode(frame))
    return buffer.getvalue()


def zipped(audio):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("song.mp3", audio)
    return buffer.getvalue()


def hours(seconds):
    """Write a very long file; few samples a second keep it small."""
    hum = np.tile(np.sin(np.arange(2000) / 3).astype(np.float32) / 2, seconds)
    return written(hum, rate=2000, subtype="PCM_U8")


def bad_songs(longest_s):
    """Ten ways of being no song, by the reason that each must get."""
    second = np.sin(np.arange(22_050) / 9).astype(np.float32) / 2
    broken = np.tile(second, 4)
    broken[9] = np.nan
    whole = chord()
    return {
        "empty_file": b"",
        "not_audio": b"la la la\n" * 99,
        "unknown_format": np.random.default_rng(5).bytes(9999),
        "silent": written(np.zeros(4 * 22_050)),
        "not_finite": written(broken, subtype="FLOAT"),
        "too_short": written(np.tile(second, 2)),
        "no_audio_stream": video_without_sound(),
        "too_long": hours(longest_s),
        "no_samples": whole[:44],
        "archive": zipped(whole),
    }


def drop_burst(house, *, good, longest_s):
    """Drop good songs and the bad ones among them; two of the good look odd."""
    long_note = np.tile(np.sin(np.arange(22_050) / 9) / 2, 12)
    mp3 = written(long_note * np.linspace(1, 0.5, len(long_note)), "MP3")
    odd = {"cut.mp3": mp3[: len(mp3) // 2], "wave.mp3": chord(440)}
    plain = {f"{n:03}.wav": chord(110 + 3 * n) for n in range(good - len(odd))}
    bad = {f"{reason}.mp3": data for reason, data in bad_songs(longest_s).items()}
    named = sorted((plain | odd | bad).items())
    return [house.drop(name, data) for name, data in named]


def require_burst(house, result, songs):
    expected = set(bad_songs(5))
    boards_made = {song.drop_id for song in songs if song.key[6:-4] not in expected}
    assert not result.success
    assert house.done() == boards_made
    found = {}
    for each in house.store.listing("quarantine/"):
        if each.key.count("/") == 1:
            record = json.loads(house.store.read(each.key))
            found[record["source_key"].removesuffix(".mp3")] = record["reason"]
    assert found == {reason: reason for reason in expected}
    assert ledger.recorded(house.store, songs) == {song.drop_id for song in songs}
    gallery = house.store.read("boards/index.html").decode()
    assert all(drop_id in gallery for drop_id in boards_made)
    assert house.resources["index"].opened == 1


def loading_once(house):
    """Count how often a run asks for the music encoder, whose model is large."""
    loads, model = [], house.resources["music_encoder"]

    def load(_):
        loads.append(1)
        return model

    house.resources["music_encoder"] = dg.ResourceDefinition(load)
    return loads


def test_ten_bad_songs_of_a_burst_have_ten_reasons_and_the_others_their_boards(house):
    profile = house.resources["run_profile"]
    audio = profile.audio.model_copy(update={"max_s": 60.0})
    house.resources["run_profile"] = profile.model_copy(update={"audio": audio})
    loads = loading_once(house)
    songs = drop_burst(house, good=4, longest_s=70)
    require_burst(house, house.run(*songs), songs)
    assert loads == [1]


@pytest.mark.slow
def test_a_hundred_drops_with_ten_bad_ones_leave_ninety_boards(house):
    loads = loading_once(house)
    songs = drop_burst(house, good=90, longest_s=3 * 3600)
    require_burst(house, house.run(*songs), songs)
    assert len(house.done()) == 90
    assert loads == [1]
