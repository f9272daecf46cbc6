"""The whole line on tiny models: from a song's bytes to an image and its card."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from evoke_core.config.loading import load_run_profile
from evoke_core.config.memory import TINY
from evoke_core.errors import ConfigError, TrackRefused, WeightsMissing
from evoke_core.memory.card import cover_of
from evoke_core.memory.diffusion import Drawing
from evoke_core.memory.keepsake import read_card, remember_once, strengths_key
from evoke_core.memory.remember import RememberedSong, remember
from evoke_core.memory.sound import stem_keys
from evoke_core.memory.studio import Studio, open_studio
from evoke_core.memory.tiny import write_tiny_models
from evoke_core.storage.local import LocalStore

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

RULES = TINY.model_copy(update={"steps": 1, "side_px": 64, "sweep": ()})
LYRICS = "the quiet lantern burns\nover the harbour wall"


def song(seconds: float = 3.0, *, rate: int = 22_050, channels: int = 1) -> bytes:
    """A chord with a beat, as FLAC."""
    time = np.arange(int(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (220.0, 277.2, 329.6)) / 8
    beat = np.where((time * 2) % 1 < 0.05, 0.2, 0.0) * np.sin(2 * np.pi * 90 * time)
    sound = np.repeat((chord + beat)[:, None], channels, axis=1)
    buffer = io.BytesIO()
    soundfile.write(buffer, sound.astype(np.float32), rate, format="FLAC")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for library in ("diffusers", "demucs", "open_clip"):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed (extras memory and clip)")
    folder = tmp_path_factory.getbasetemp() / "tiny_weights"
    write_tiny_models(folder)
    return folder


@pytest.fixture(scope="module")
def models(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """All models, loaded once; each test has a store of its own."""
    config = Path(__file__).parents[3] / "assets_config"
    nowhere = LocalStore(tmp_path_factory.mktemp("nowhere"))
    audio = load_run_profile(config, "demo").audio
    return open_studio(nowhere, RULES, audio, weights)


@pytest.fixture
def studio(models: Studio, store: LocalStore) -> Studio:
    return replace(models, store=store)


def ruled(studio: Studio, **rules: object) -> Studio:
    return replace(studio, rules=studio.rules.model_copy(update=rules))


def named(
    lyrics: bytes | str | None = None, *, song_id: str = "chord-1"
) -> RememberedSong:
    return RememberedSong(song_id, "Chord", ["calm", "nocturnal"], lyrics)


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


def test_a_flagged_image_is_a_card_that_says_so_and_no_image(
    studio: Studio, store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    remember_once(named(), song(), studio)
    flagged = Drawing(None, "flagged", 0.1)
    monkeypatch.setattr(studio.painter, "draw", lambda *_, **__: flagged)

    card, _ = remember_once(named(), song(), studio, afresh=True)

    assert (card["status"], card["reason"], card["image"]) == (
        "withheld", "flagged", None,
    )  # fmt: skip
    assert "safety checker" in card["message"]
    assert cover_of(card) is None
    assert not store.exists("boards/chord-1/memory.png")
    assert read_card(store, "chord-1") == card


def test_a_run_that_breaks_while_drawing_leaves_no_card(
    studio: Studio, store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studio.painter._pipeline.unet, "forward", interrupt)

    with pytest.raises(KeyboardInterrupt):
        remember_once(named(), song(), studio)

    assert list(store.listing("boards/")) == []


@pytest.mark.parametrize("cut_after", range(1, 5))
def test_a_store_that_breaks_anywhere_leaves_no_card_without_its_image(
    studio: Studio, store: LocalStore, monkeypatch: pytest.MonkeyPatch, cut_after: int
):
    write, count = LocalStore.write, 0

    def torn(self: LocalStore, key: str, data: bytes, **how: object) -> None:
        nonlocal count
        count += not key.startswith("private/memory/vectors")
        if count > cut_after:
            raise OSError("disk full")
        write(self, key, data, **how)

    with monkeypatch.context() as broken:
        broken.setattr(LocalStore, "write", torn)
        with pytest.raises(OSError, match="disk full"):
            remember_once(named(), song(), studio)

    assert not store.exists("boards/chord-1/memory.json")
    assert remember_once(named(), song(), studio)[0]["status"] == "drawn"


def test_a_song_that_can_not_be_used_writes_nothing(studio: Studio, store: LocalStore):
    with pytest.raises(TrackRefused) as refused:
        remember_once(named(), b"no song at all", studio)

    assert refused.value.reason == "not_audio"
    assert list(store.listing("")) == []


@pytest.mark.parametrize(
    ("seconds", "rate", "channels"), [(5.0, 8_000, 1), (5.0, 48_000, 2)]
)
def test_any_rate_and_number_of_channels_is_remembered(
    studio: Studio, seconds: float, rate: int, channels: int
):
    audio = song(seconds, rate=rate, channels=channels)

    card, _ = remember_once(named(), audio, studio)

    assert card["sound"]["duration_s"] == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("family", ["demucs", "openl3", "stable-diffusion"])
def test_absent_weights_are_named_before_any_work(
    family: str, weights: Path, store: LocalStore, studio: Studio, tmp_path: Path
):
    for each in (weights / "tiny").iterdir():
        if each.name != family:
            (tmp_path / "tiny").mkdir(exist_ok=True)
            (tmp_path / "tiny" / each.name).symlink_to(each)

    with pytest.raises(WeightsMissing, match=f"{family} tiny.*make models"):
        open_studio(store, RULES, studio.audio, tmp_path)


def test_wrong_weights_are_named_and_nothing_is_written(
    weights: Path, store: LocalStore, studio: Studio, tmp_path: Path
):
    (tmp_path / "tiny").mkdir()
    for each in (weights / "tiny").iterdir():
        (tmp_path / "tiny" / each.name).symlink_to(each)
    (tmp_path / "tiny" / "openl3").unlink()
    (tmp_path / "tiny" / "openl3").mkdir()
    (tmp_path / "tiny" / "openl3" / "tiny.safetensors").write_bytes(b"not weights")

    with pytest.raises(ConfigError, match=r"tiny\.safetensors"):
        open_studio(store, RULES, studio.audio, tmp_path)

    assert list(store.listing("boards/")) == []


_REMEMBER = """
import resource, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from evoke_core.config.memory import TINY
from evoke_core.config.profile import AudioRules
from evoke_core.memory.keepsake import remember_once
from evoke_core.memory.remember import RememberedSong
from evoke_core.memory.studio import open_studio
from evoke_core.storage.local import LocalStore

weights, store, song = map(Path, sys.argv[1:])
rules = TINY.model_copy(update={"steps": 1, "side_px": 64, "sweep": ()})
audio = AudioRules(min_s=1.0, max_s=5400.0)
studio = open_studio(LocalStore(store), rules, audio, weights)
named = RememberedSong("long-1", "Long", ["calm"])
card, _ = remember_once(named, song, studio)
peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(card["status"], card["sound"]["duration_s"], peak_kb)
"""


def peak_of(minutes: int, weights: Path, folder: Path) -> int:
    """Remember a song in a process of its own; returns its peak memory in KB."""
    path = folder / f"{minutes}.flac"
    minute = np.random.default_rng(0).normal(0, 0.1, (60 * 44_100, 2))
    with soundfile.SoundFile(path, "w", 44_100, 2, "PCM_16", format="FLAC") as file:
        for _ in range(minutes):
            file.write(minute)
    command = [sys.executable, "-c", _REMEMBER, weights, folder / f"{minutes}", path]
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, check=True, text=True
    )
    status, duration_s, peak_kb = done.stdout.split()
    assert (status, float(duration_s)) == ("drawn", 60.0 * minutes)
    return int(peak_kb)


@pytest.mark.slow
def test_an_hour_takes_no_more_memory_than_ten_minutes(weights: Path, tmp_path: Path):
    """Stems are kept, so that their files count too; the song lies on disk."""
    short, hour = (peak_of(minutes, weights, tmp_path) for minutes in (10, 60))

    assert hour <= 1.1 * short
    stems = tmp_path / "60" / "private" / "memory" / "long-1"
    assert len(list(stems.rglob("*.flac"))) == 4 * 6


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "misc/demucs_test.mp3",
        "librosa/sorohanro-solo-trumpet-06.ogg",
        "librosa/karissa-hobbs-lets-go-fishin.ogg",
    ],
)
def test_real_songs_are_remembered(studio: Studio, shared: Path, name: str):
    audio = (shared / "data" / "music" / name).read_bytes()

    card, memory = remember_once(named(song_id="real"), audio, studio)

    assert card["status"] == "drawn"
    assert memory is not None
    assert np.isfinite(memory.sound.heard.vector).all()
    assert 0 < card["fusion"]["moved_by_sound"] < 1
