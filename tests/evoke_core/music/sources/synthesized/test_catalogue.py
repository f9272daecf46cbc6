"""Which pieces there are, and that what is planted in them can be heard."""

import io

import numpy as np
import pytest
import soundfile

from evoke_core.music.analysis import analyse
from evoke_core.music.decode import decode_audio
from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.music.sources.synthesized.catalogue import (
    SAMPLE_RATE,
    encode_flac,
    list_pieces,
    render,
)

PIECES = list_pieces(per_mood=4)
FIRST = {piece.mood: piece for piece in reversed(PIECES)}


@pytest.fixture(scope="module")
def heard():
    """Two pieces that could not differ more, rendered and analysed."""
    sounds = {mood: render(FIRST[mood]) for mood in ("techno", "lament")}
    return {
        mood: (sound, analyse(decode_audio(encode_flac(sound))))
        for mood, sound in sounds.items()
        if mood in FIRST
    }


def test_moods_are_many_and_keys_unique() -> None:
    assert len(FIRST) >= 8
    assert len(PIECES) >= 24
    assert len({piece.key for piece in PIECES}) == len(PIECES)
    assert all(20 <= piece.duration_s <= 40 for piece in PIECES)


def test_a_larger_library_keeps_what_a_smaller_one_had() -> None:
    assert set(list_pieces(per_mood=2)) <= set(PIECES)


def test_the_same_piece_sounds_the_same_and_flac_keeps_it() -> None:
    sound = render(PIECES[0])
    assert np.array_equal(sound, render(PIECES[0]))
    back, rate = soundfile.read(io.BytesIO(encode_flac(sound)), dtype="float32")
    assert rate == SAMPLE_RATE
    assert np.abs(back - sound).max() < 1e-4


def test_pieces_neither_clip_nor_lean_nor_fall_silent(heard) -> None:
    for sound, _ in heard.values():
        assert sound.dtype == np.float32
        assert np.abs(sound).max() <= 0.95
        assert np.abs(sound.mean(axis=0)).max() < 0.01
        seconds = sound[: len(sound) // SAMPLE_RATE * SAMPLE_RATE]
        rms = np.sqrt((seconds.reshape(-1, SAMPLE_RATE, 2) ** 2).mean(axis=(1, 2)))
        assert np.median(rms) > 0.005


def test_techno_is_louder_busier_and_more_rousing_than_a_lament(heard) -> None:
    (_, techno), (_, lament) = heard["techno"], heard["lament"]
    for name in ("loudness", "onset_rate"):
        place = DESCRIPTORS.index(name)
        assert techno.overall[place] > lament.overall[place]
    assert techno.affect[1] > lament.affect[1]
