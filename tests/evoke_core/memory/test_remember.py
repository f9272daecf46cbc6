"""The whole line on tiny models: from a song's bytes to an image and its card."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from evoke_core.memory.card import cover_of
from evoke_core.memory.keepsake import read_card, remember_once, strengths_key
from evoke_core.memory.remember import remember
from evoke_core.memory.sound import stem_keys
from evoke_core.memory.studio import Studio, open_studio
from evoke_core.storage.local import LocalStore
from tests.evoke_core.memory.songs import RULES, named, ruled, song

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

LYRICS = "the quiet lantern burns\nover the harbour wall"


def test_a_song_becomes_an_image_with_its_card(studio: Studio, store: LocalStore):
    card, memory = remember_once(named(LYRICS), song(), studio)

    assert memory is not None
    image = Image.open(io.BytesIO(store.read("boards/chord-1/memory.png")))
    assert image.size == (64, 64)
    assert json.loads(store.read("boards/chord-1/memory.json")) == card
    assert memory.sound.heard.vector.shape == (4096,)
    assert memory.states.shape == (77, 768)
    assert card["status"] == "drawn"
    assert card["words"]["origin"] == "sidecar"
    assert {one["family"] for one in card["models"]} == {
        "demucs", "openl3", "stable-diffusion",
    }  # fmt: skip


def test_the_same_song_gives_the_same_bytes_with_models_loaded_anew(
    studio: Studio, weights: Path, tmp_path: Path
):
    there = open_studio(LocalStore(tmp_path / "b"), RULES, studio.audio, weights)

    first = remember(named(LYRICS), song(), studio)
    second = remember(named(LYRICS), song(), there)

    assert first.drawing.png == second.drawing.png
    assert np.array_equal(first.states, second.states)


def test_strength_zero_is_the_image_of_the_words_alone(studio: Studio):
    silent = ruled(studio, strength=0.0)

    memory = remember(named(LYRICS), song(), silent)

    assert memory.states is memory.text.states
    drawn = silent.painter.draw(memory.text.states, silent.negative, seed=memory.seed)
    assert memory.drawing.png == drawn.png
    assert memory.distances == {0.0: 0.0}


def test_more_strength_moves_the_words_further(studio: Studio):
    sweep = (0.0, 0.25, 0.75, 1.0)

    memory = remember(named(LYRICS), song(), ruled(studio, sweep=sweep))

    assert list(memory.distances) == [0.0, 0.25, 0.5, 0.75, 1.0]
    distances = list(memory.distances.values())
    assert distances == sorted(distances)
    assert distances[0] == 0.0 < distances[1]
    assert len({drawn.png for drawn in memory.drawings.values()}) == 5


def test_padding_and_marks_are_left_as_they_were(studio: Studio):
    memory = remember(named(LYRICS), song(), studio)

    moved = (memory.states != memory.text.states).any(axis=1)
    assert np.array_equal(moved, memory.text.is_word)


def test_songs_do_not_share_their_noise(studio: Studio):
    one = remember(named(LYRICS), song(4.0), studio)
    other = remember(named(LYRICS), song(5.0), studio)

    assert one.seed != other.seed


def test_without_lyrics_title_and_moods_are_the_words(studio: Studio):
    card, _ = remember_once(named(), song(), studio)

    assert card["words"]["origin"] == "moods"
    assert card["fusion"]["moved_by_words"] is None
    assert "title and moods" in cover_of(card)["alt"]


@pytest.mark.parametrize(
    "lyrics", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(5000), b""]
)
def test_lyrics_that_are_no_text_leave_title_and_moods(studio: Studio, lyrics: bytes):
    card, _ = remember_once(named(lyrics), song(), studio)

    assert card["words"]["origin"] == "moods"
    assert "lyrics" in card["words"]["note"]


def test_a_hundred_thousand_words_are_read_in_part_and_that_is_said(studio: Studio):
    words = "\n".join(f"verse {n} of the long river song" for n in range(14_500))

    card, _ = remember_once(named(words.encode()), song(), studio)

    assert card["words"]["tokens"] <= 75
    assert card["words"]["reading"]
    assert card["words"]["note"]


def test_no_line_of_the_lyrics_and_no_sound_stands_in_what_is_shown(
    studio: Studio, store: LocalStore
):
    remember_once(named(LYRICS), song(), studio)

    shown = [each.key for each in store.listing("boards/")]
    assert sorted(shown) == ["boards/chord-1/memory.json", "boards/chord-1/memory.png"]
    card = store.read("boards/chord-1/memory.json").decode()
    assert not any(word in card for word in ("lantern", "harbour"))


def test_stems_vectors_and_states_lie_in_private(studio: Studio, store: LocalStore):
    _, memory = remember_once(named(LYRICS), song(), studio)

    assert memory is not None
    for key in stem_keys(memory.sound.folder, 3.0):
        sound = soundfile.SoundFile(io.BytesIO(store.read(key)))
        assert sound.frames / sound.samplerate == pytest.approx(3.0, abs=0.01)
    for key in (memory.sound.plot_key, strengths_key("chord-1")):
        assert Image.open(io.BytesIO(store.read(key))).width == 700
    outside = [
        each.key
        for each in store.listing("")
        if not each.key.startswith(("private/memory/", "boards/"))
    ]
    assert outside == []


def test_what_is_remembered_is_not_drawn_again(studio: Studio, store: LocalStore):
    first, _ = remember_once(named(LYRICS), song(), studio)
    again, made = remember_once(named(LYRICS), song(), studio)

    assert (again, made) == (first, None)
    assert remember_once(named(LYRICS), song(), studio, afresh=True)[1] is not None


def test_other_words_are_drawn_again_without_separating_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    remember_once(named(LYRICS), song(), studio)

    def separate(*_: object, **__: object) -> None:
        raise AssertionError("the song was separated again")

    monkeypatch.setattr("evoke_core.memory.sound.decode_stereo", separate)
    card, made = remember_once(named("other words"), song(), studio)

    assert made is not None
    assert card["fusion"]["moved_by_words"] > 0


def test_an_image_that_went_or_changed_is_drawn_again(
    studio: Studio, store: LocalStore
):
    remember_once(named(), song(), studio)
    good = store.read("boards/chord-1/memory.png")
    store.write("boards/chord-1/memory.png", b"another")

    assert read_card(store, "chord-1") is None
    assert remember_once(named(), song(), studio)[1] is not None
    assert store.read("boards/chord-1/memory.png") == good


@pytest.mark.parametrize(
    ("seconds", "rate", "channels"), [(5.0, 8_000, 1), (5.0, 48_000, 2)]
)
def test_any_rate_and_number_of_channels_is_remembered(
    studio: Studio, seconds: float, rate: int, channels: int
):
    audio = song(seconds, rate=rate, channels=channels)

    card, _ = remember_once(named(), audio, studio)

    assert card["sound"]["duration_s"] == pytest.approx(seconds, abs=0.01)
