"""Weights are fetched by `make models` alone, whole or not at all, and recorded."""

import gzip
from pathlib import Path

import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.config.memory import TINY, MemoryRules
from evoke_core.config.profile import EncoderChoice, RunProfile
from evoke_core.errors import ConfigError
from evoke_core.memory.diffusion_model import FILES
from evoke_core.weights import find_weights
from evoke_pipelines import models
from evoke_pipelines.models import fetch_models, main, needed_files

CLIP = EncoderChoice(kind="open_clip", model="ViT-B-32", pretrained="a_tag")
MULAN = EncoderChoice(kind="muq_mulan", model="MuQ-MuLan-large")


class Library:
    """What open_clip offers for downloads; counts them."""

    def __init__(self, folder: Path, data: bytes | None = b"weights") -> None:
        self.folder, self.data, self.fetched = folder, data, 0

    def get_pretrained_cfg(self, model: str, tag: str) -> dict[str, str]:
        return {"hf_hub": f"somebody/{model}/"} if tag == "a_tag" else {}

    def list_pretrained_tags_by_model(self, model: str) -> list[str]:
        return ["a_tag"] if model == "ViT-B-32" else []

    def download_pretrained(self, settings: dict[str, str]) -> str:
        if self.data is None:
            raise OSError("no route to host")
        self.fetched += 1
        path = self.folder / "open_clip_model.safetensors"
        path.write_bytes(self.data)
        return str(path)


class Hub:
    """What huggingface_hub offers for downloads; repositories by name."""

    def __init__(self, repositories: dict[str, dict[str, str]]) -> None:
        self.repositories, self.fetched = repositories, []

    def snapshot_download(self, name: str, *, local_dir: Path, **_: object) -> None:
        if name not in self.repositories:
            raise OSError(f"404: {name}")
        self.fetched.append(name)
        local_dir.mkdir(parents=True, exist_ok=True)
        for file, text in self.repositories[name].items():
            (local_dir / file).write_text(text)


@pytest.fixture
def profile(assets_config: Path) -> RunProfile:
    return load_run_profile(assets_config, "demo")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library(tmp_path)
    monkeypatch.setattr(models, "_import_open_clip", lambda: library)
    return library


def with_encoders(profile: RunProfile, **choices: object) -> RunProfile:
    return profile.model_copy(update=choices)


def test_clip_weights_are_fetched_once_and_recorded(
    profile: RunProfile, library: Library, tmp_path: Path
):
    asked = with_encoders(profile, image_encoder=CLIP)
    folder = tmp_path / "w"

    (first,) = fetch_models(asked, folder)
    (second,) = fetch_models(asked, folder)

    assert first == second == find_weights(folder, "open_clip", "ViT-B-32-a_tag")
    assert first.path.name == "ViT-B-32-a_tag.safetensors"
    assert library.fetched == 1
    assert not list(folder.rglob("*.unfinished"))


def test_weights_that_changed_are_fetched_anew(
    profile: RunProfile, library: Library, tmp_path: Path
):
    asked = with_encoders(profile, image_encoder=CLIP)
    (first,) = fetch_models(asked, tmp_path / "w")
    first.path.write_bytes(b"changed")

    assert fetch_models(asked, tmp_path / "w") == [first]
    assert first.path.read_bytes() == b"weights"


def test_mulan_brings_the_models_that_its_configuration_names(
    profile: RunProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = (
        '{"audio_model": {"name": "OpenMuQ/MuQ-x"}, "text_model": {"name": "xlm-r"}}'
    )
    hub = Hub(
        {
            "OpenMuQ/MuQ-MuLan-large": {"config.json": config, "model.bin": "1"},
            "OpenMuQ/MuQ-x": {"model.safetensors": "2"},
            "xlm-r": {"tokenizer.json": "3"},
        }
    )
    monkeypatch.setattr(models, "_import_hub", lambda: hub)
    asked = with_encoders(profile, music_encoder=MULAN)

    found = fetch_models(asked, tmp_path)

    places = [weights.path.relative_to(tmp_path).as_posix() for weights in found]
    assert places == ["muq/MuQ-MuLan-large", "muq/MuQ-x", "xlm-roberta/xlm-r"]
    assert fetch_models(asked, tmp_path) == found
    assert len(hub.fetched) == 3


def test_an_unknown_tag_names_those_that_there_are(
    profile: RunProfile, library: Library, tmp_path: Path
):
    choice = CLIP.model_copy(update={"pretrained": "another"})

    with pytest.raises(ConfigError, match="choose one of: a_tag"):
        fetch_models(with_encoders(profile, image_encoder=choice), tmp_path / "w")


def test_a_hub_out_of_reach_leaves_nothing_half_written(
    profile: RunProfile, library: Library, tmp_path: Path
):
    library.data = None
    folder = tmp_path / "w"

    with pytest.raises(ConfigError, match="no route to host"):
        fetch_models(with_encoders(profile, image_encoder=CLIP), folder)

    assert not folder.exists()


def test_a_profile_without_weights_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path))

    assert main(["demo"]) == 0
    assert capsys.readouterr().out == "profile demo needs no weights\n"


def test_an_unknown_profile_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert main(["nowhere"]) == 1
    assert "there is no profile 'nowhere'" in capsys.readouterr().err


MEMORY = MemoryRules()


def test_every_file_of_memory_is_named_with_its_place_and_its_address(tmp_path: Path):
    named = dict(needed_files(MEMORY, tmp_path))

    places = [path.relative_to(tmp_path).as_posix() for path in named]
    assert places[:3] == [
        "demucs/HTDemucs/htdemucs.yaml",
        "demucs/HTDemucs/955717e8.safetensors",
        "openl3/openl3_audio_mel256_music.safetensors",
    ]
    diffusion = [place.removeprefix("stable-diffusion/") for place in places[3:]]
    assert set(diffusion) == {
        f"stable-diffusion-v1-5/{part}/{name}"
        for part, names in FILES.items()
        for name in names
    }
    assert all(address.startswith("https://") for address in named.values())


def test_random_models_of_memory_are_not_fetched(profile: RunProfile, tmp_path: Path):
    assert list(needed_files(TINY, tmp_path)) == []
    assert fetch_models(with_encoders(profile, memory=TINY), tmp_path) == []


@pytest.mark.parametrize("rule", ["separator", "openl3", "diffusion"])
def test_a_model_of_memory_that_is_not_known_names_those_that_are(
    rule: str, profile: RunProfile, tmp_path: Path
):
    wrong = MEMORY.model_copy(update={rule: "another"})

    with pytest.raises(ConfigError, match=f"memory.{rule}: 'another'.*choose one of"):
        list(needed_files(wrong, tmp_path))
    with pytest.raises(ConfigError, match=f"memory.{rule}: 'another'"):
        fetch_models(with_encoders(profile, memory=wrong), tmp_path)


def test_openl3_is_fetched_packed_and_kept_as_safetensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def download(address: str) -> bytes:
        asked.append(address)
        return gzip.compress(b"keras")

    def convert(source: Path, target: Path) -> None:
        assert source.read_bytes() == b"keras"
        target.parent.mkdir(parents=True)
        target.write_bytes(b"safetensors")

    monkeypatch.setattr(models, "_download", download)
    monkeypatch.setattr(models, "convert_keras_weights", convert)

    first = models._fetch_openl3("openl3_audio_mel256_music", tmp_path)
    again = models._fetch_openl3("openl3_audio_mel256_music", tmp_path)

    assert first == again
    assert asked == [
        "https://github.com/marl/openl3/raw/models/openl3_audio_mel256_music-v0_4_0.h5.gz"
    ]
    assert first.path == tmp_path / "openl3" / "openl3_audio_mel256_music.safetensors"


def test_what_comes_instead_of_openl3_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(models, "_download", lambda _: b"<html>not found</html>")

    with pytest.raises(ConfigError, match="put the files there yourself"):
        models._fetch_openl3("openl3_audio_mel256_music", tmp_path)

    assert list(tmp_path.iterdir()) == []
