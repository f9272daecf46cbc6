"""What ships loads, and every fault names its file, its key and the remedy."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from evoke_core.config.fields import AXES
from evoke_core.config.loading import (
    load_run_profile,
    load_sources,
    load_vocabulary,
    with_picture_folder,
)
from evoke_core.config.profile import RunProfile
from evoke_core.errors import ConfigError


@pytest.fixture
def folder(assets_config: Path, tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to be spoilt."""
    return Path(shutil.copytree(assets_config, tmp_path / "config"))


def spoil(path: Path, place: str, value: Any) -> None:
    """Put a value at a dotted place of a YAML file; ... takes the place away."""
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    inner = values
    *way, last = place.split(".")
    for step in way:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    path.write_text(yaml.safe_dump(values), encoding="utf-8")


def test_every_shipped_profile_loads_under_its_own_name(assets_config: Path):
    names = [path.stem for path in (assets_config / "profiles").glob("*.yaml")]

    profiles = {name: load_run_profile(assets_config, name) for name in names}

    assert {"demo", "local", "full"} <= set(profiles)
    assert all(profile.name == name for name, profile in profiles.items())


def test_every_shipped_profile_names_collections_that_are_there(assets_config: Path):
    sources = load_sources(assets_config)
    for path in (assets_config / "profiles").glob("*.yaml"):
        profile = load_run_profile(assets_config, path.stem)
        assert {*profile.pictures, *profile.teachers} <= set(sources.pictures)
        assert set(profile.music) <= set(sources.music)
        assert profile.audio.min_s < profile.audio.max_s
        assert profile.board.size <= profile.board.pool


def test_shipped_credit_lines_can_be_filled(assets_config: Path):
    sources = load_sources(assets_config)
    for source in (*sources.pictures.values(), *sources.music.values()):
        credit = source.attribution.format(title="T", artist="A", source_key="K")
        assert "T" in credit


def test_the_vocabulary_has_forty_to_sixty_moods_and_four_axes(assets_config: Path):
    vocabulary = load_vocabulary(assets_config)
    named = {"melancholic", "energetic", "ethereal", "serene", "industrial"}

    assert 40 <= len(vocabulary.moods) <= 60
    assert named | {"nostalgic"} <= set(vocabulary.moods)
    assert tuple(vocabulary.axes) == AXES


def test_every_mood_has_words_for_both_senses_and_a_place_of_its_own(
    assets_config: Path,
):
    moods = load_vocabulary(assets_config).moods
    for name, mood in moods.items():
        assert name == name.strip().lower()
        assert all(prompt.strip() for prompt in (*mood.images, *mood.music)), name
        assert mood.images
        assert mood.music
    places = {(mood.valence, mood.arousal) for mood in moods.values()}
    assert len(places) == len(moods)


def test_moods_lie_in_all_quarters_of_the_plane(assets_config: Path):
    moods = load_vocabulary(assets_config).moods.values()
    quarters = [(mood.valence > 0, mood.arousal > 0) for mood in moods]

    assert min(quarters.count(quarter) for quarter in set(quarters)) >= 5
    assert len(set(quarters)) == 4


def test_an_unknown_profile_names_the_variable_and_the_choice(folder: Path):
    for name in ("dmeo", "../profiles/demo", "", "/etc/passwd", "demo.yaml"):
        with pytest.raises(ConfigError, match=r"EVOKE_PROFILE.*demo, full, local"):
            load_run_profile(folder, name)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("board.sise", 3, r"board\.sise.*not permitted"),
        ("colour", "red", "colour.*not permitted"),
        ("board.size", ..., r"board\.size.*required"),
        ("board.size", "many", r"board\.size.*integer.*'many'"),
        ("board.size", 0, r"board\.size.*greater than or equal to 1.*got 0"),
        ("board.balance", 1.5, r"board\.balance.*less than or equal to 1"),
        ("dedupe.radius_bits", 17, r"dedupe\.radius_bits.*16"),
        ("dedupe.min_cosine", 2, r"dedupe\.min_cosine.*1"),
        ("tags.bandwidth", 0, r"tags\.bandwidth.*greater than 0"),
        ("bridge.folds", 1, r"bridge\.folds.*2"),
        ("licence_policy", "free", "licence_policy.*'research' or 'commercial'"),
        ("image_encoder.kind", "magic", r"image_encoder\.kind.*'handcrafted'"),
        ("pictures", "painted", r"pictures.*tuple.*'painted'"),
        ("curation", None, "curation.*valid dictionary"),
    ],
)
def test_a_wrong_profile_names_file_key_and_what_was_got(
    folder: Path, place: str, value: Any, said: str
):
    spoil(folder / "profiles" / "demo.yaml", place, value)

    with pytest.raises(ConfigError, match=rf"^demo\.yaml: {said}"):
        load_run_profile(folder, "demo")


def test_the_lexicon_places_each_word_once(assets_config: Path):
    lexicon = load_vocabulary(assets_config).lexicon
    words = [word for group in lexicon for word in group.words]

    assert len(words) > 1000
    assert len(set(words)) == len(words)
    assert all(word == word.lower() and len(word.split()) <= 3 for word in words)


def test_a_word_in_two_places_of_the_lexicon_is_named(folder: Path):
    twice = [{"at": [0, 0], "words": ["lake"]}, {"at": [0.5, 0], "words": ["lake"]}]
    (folder / "lexicon.yaml").write_text(yaml.safe_dump({"words": twice}))

    with pytest.raises(ConfigError, match=r"lexicon: .*more than once: lake"):
        load_vocabulary(folder)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("moods.serene.music", [], r"moods\.serene\.music.*at least 1 item"),
        ("moods.serene.images", ..., r"moods\.serene\.images.*required"),
        ("moods.serene.valence", 1.1, r"moods\.serene\.valence.*1"),
        ("moods.serene.tempo", 60, r"moods\.serene\.tempo.*not permitted"),
        ("axes.warmth", ..., "axes.*energy, warmth, complexity, abstraction"),
        ("axes.energy.low_prompts", [], r"axes\.energy\.low_prompts"),
    ],
)
def test_a_wrong_vocabulary_names_file_and_key(
    folder: Path, place: str, value: Any, said: str
):
    spoil(folder / "mood_vocabulary.yaml", place, value)

    with pytest.raises(ConfigError, match=rf"^mood_vocabulary\.yaml: {said}"):
        load_vocabulary(folder)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("pictures.painted.kind", "flickr", r"pictures\.painted\.kind.*'folder'"),
        ("pictures.painted.quota", 0, r"pictures\.painted\.quota.*greater than 0"),
        ("pictures.painted.licence", ..., r"pictures\.painted\.licence.*required"),
        ("music.synthesized.seed", "x", r"music\.synthesized\.seed.*integer"),
        ("music", ..., "music.*required"),
    ],
)
def test_wrong_sources_name_file_and_key(
    folder: Path, place: str, value: Any, said: str
):
    spoil(folder / "sources.yaml", place, value)

    with pytest.raises(ConfigError, match=rf"^sources\.yaml: {said}"):
        load_sources(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"pictures: [unclosed", "not valid YAML"),
        (b"", "holds no mapping"),
        (b"- a\n- b\n", "holds no mapping"),
        (b"title: caf\xe9\n", "save it as UTF-8"),
        (b"a: !!python/object/apply:os.getcwd []\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_yaml_mapping_says_so(
    folder: Path, content: bytes, said: str
):
    (folder / "sources.yaml").write_bytes(content)

    with pytest.raises(ConfigError, match=rf"^sources\.yaml: .*{said}"):
        load_sources(folder)


def test_a_missing_file_says_where_it_belongs(folder: Path):
    (folder / "sources.yaml").unlink()

    with pytest.raises(ConfigError, match=r"sources\.yaml: not found in .*config"):
        load_sources(folder)


def test_a_profile_takes_what_it_does_not_say_from_the_one_it_extends(folder: Path):
    (folder / "profiles" / "mine.yaml").write_text(
        "extends: local\nname: mine\nlicence_policy: commercial\n", encoding="utf-8"
    )

    mine = load_run_profile(folder, "mine")
    local = load_run_profile(folder, "local")

    assert mine.licence_policy == "commercial"
    assert mine == local.model_copy(
        update={"name": "mine", "licence_policy": "commercial"}
    )


def test_a_section_takes_what_it_does_not_say_from_the_one_it_extends(folder: Path):
    demo = load_run_profile(folder, "demo")
    text = (
        "extends: demo\nname: mine\n"
        "dedupe: {mirrored: false}\n"
        "curation: {balance: {max_mood_bin: 0.5}}\n"
        "image_encoder: {kind: open_clip, model: ViT-B-32}\n"
    )
    (folder / "profiles" / "mine.yaml").write_text(text, encoding="utf-8")

    mine = load_run_profile(folder, "mine")

    assert mine.dedupe == demo.dedupe.model_copy(update={"mirrored": False})
    balance = demo.curation.balance.model_copy(update={"max_mood_bin": 0.5})
    assert mine.curation == demo.curation.model_copy(update={"balance": balance})
    assert (mine.image_encoder.kind, mine.image_encoder.pretrained) == (
        "open_clip", None,
    )  # fmt: skip


def test_a_profile_that_extends_nothing_or_itself_says_so(folder: Path):
    profiles = folder / "profiles"
    for name, parent in (("lost", "none"), ("a", "b"), ("b", "a"), ("self", "self")):
        (profiles / f"{name}.yaml").write_text(f"extends: {parent}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"none\.yaml: not found"):
        load_run_profile(folder, "lost")
    for name in ("a", "b", "self"):
        with pytest.raises(ConfigError, match="extends this profile"):
            load_run_profile(folder, name)


def test_configuration_cannot_be_changed_after_it_was_read(assets_config: Path):
    profile = load_run_profile(assets_config, "demo")

    with pytest.raises(ValidationError, match="frozen"):
        profile.board.size = 3


def test_a_users_folder_is_shown_and_the_profiles_pictures_only_teach(
    assets_config: Path, tmp_path: Path
):
    profile = load_run_profile(assets_config, "demo")
    sources = load_sources(assets_config)

    shown, located = with_picture_folder(profile, sources, tmp_path / "mine")

    assert isinstance(shown, RunProfile)
    assert (shown.pictures, shown.teachers) == (("folder",), profile.pictures)
    assert located.pictures["folder"].location == str(tmp_path / "mine")
    assert located.pictures["painted"] == sources.pictures["painted"]
    assert sources.pictures["folder"].location is None
    taught = profile.model_copy(
        update={"pictures": ("folder", "wikiart"), "teachers": ("painted",)}
    )
    shown_too, _ = with_picture_folder(taught, sources, tmp_path)
    assert shown_too.pictures == ("folder",)
    assert shown_too.teachers == ("painted", "wikiart")
    assert (
        shown.model_copy(
            update={"pictures": profile.pictures, "teachers": profile.teachers}
        )
        == profile
    )


@pytest.mark.parametrize("text", ["- a", "a: soon", "a: [", "a: 1.5"])
def test_a_table_of_painters_that_is_none_is_refused(folder: Path, text: str):
    (folder / "painters.yaml").write_text(text)

    with pytest.raises(ConfigError, match="painters"):
        load_sources(folder)
