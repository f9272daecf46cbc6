"""The list of tracks that need no drop: what ships fits, what is wrong is named."""

import pytest

from evoke_core.config.curated_library import load_curated_library
from evoke_core.config.loading import load_sources
from evoke_core.errors import ConfigError
from evoke_core.music.sources.synthesized.catalogue import list_pieces

NOCTURNE = "{library: synthesized, key: nocturne/nocturne_01.flac, title: Night garden}"


@pytest.fixture
def load(tmp_path, assets_config):
    def read(text):
        (tmp_path / "curated_library.yaml").write_text(text)
        return load_curated_library(tmp_path, load_sources(assets_config))

    return read


def test_the_list_that_ships_names_pieces_of_the_demo_by_their_titles(assets_config):
    curated = load_curated_library(assets_config, load_sources(assets_config))
    titles = {piece.key: piece.title for piece in list_pieces()}

    assert set(curated.genres) == {"classical", "jazz", "electronic", "ambient"}
    assert all(titles[one.key] == one.title for one in curated.tracks.values())


def test_tracks_are_named_by_genre_and_title_in_the_order_of_the_file(load):
    other = NOCTURNE.replace("01", "02").replace("Night garden", '"Dew: 4 a.m., no. 2"')
    curated = load(f"genres:\n  jazz: [{other}, {NOCTURNE}]\n")

    assert list(curated.tracks) == ["jazz.dew-4-a-m-no-2", "jazz.night-garden"]
    assert curated.tracks["jazz.night-garden"].key == "nocturne/nocturne_01.flac"


def test_a_title_without_latin_letters_is_named_after_its_file(load):
    curated = load(f"genres:\n  jazz: [{NOCTURNE.replace('Night garden', '夜の庭')}]\n")

    assert list(curated.tracks) == ["jazz.nocturne_01"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"genres:\n  jazz: [{NOCTURNE}, {NOCTURNE}]\n", "jazz.night-garden"),
        (
            f"genres:\n  jazz: [{NOCTURNE}]\n  ambient: [{NOCTURNE}]\n",
            "synthesized/nocturne/nocturne_01.flac",
        ),
        ("genres:\n  jazz: []\n", "genres.jazz"),
        ("genres:\n  Jazz club: []\n", "Jazz club"),
        (f"genres:\n  jazz: [{NOCTURNE[:-1]}, mood: calm}}]\n", "genres.jazz.0.mood"),
        (
            f"genres:\n  jazz: [{NOCTURNE.replace('synthesized', 'vinyl')}]\n",
            "no music library 'vinyl'",
        ),
        ("genres: [", "not valid YAML"),
        ("[]", "curated_library.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(load, text, said):
    with pytest.raises(ConfigError, match=r"^curated_library\.yaml") as refusal:
        load(text)
    assert said in str(refusal.value)


def test_a_list_that_is_not_there_is_said_so(tmp_path, assets_config):
    with pytest.raises(ConfigError, match="not found"):
        load_curated_library(tmp_path, load_sources(assets_config))
