import shutil
from fractions import Fraction

import pytest

from evoke_core.errors import ConfigError
from evoke_core.memory.demucs_model import STEMS, load_demucs, save_demucs

pytest.importorskip("demucs", reason="demucs is not installed (extra memory)")


def tiny(*, sources=("drums", "bass", "other", "vocals"), seed=0, **settings):
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(seed)
    wanted = {"samplerate": 8_000, "segment": Fraction(39, 5), "nfft": 1024}
    return HTDemucs(
        list(sources), channels=8, t_layers=1, t_heads=2, **{**wanted, **settings}
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "saved"
    save_demucs(tiny(), folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "HTDemucs")
    return tmp_path / "HTDemucs"


def test_a_saved_model_is_loaded_as_it_was(folder):
    bag = load_demucs(folder)
    expected = tiny().state_dict()
    found = bag.models[0].state_dict()
    assert bag.models[0].segment == Fraction(39, 5)
    assert not bag.training
    assert set(found) == set(expected)
    assert all(found[name].equal(tensor) for name, tensor in expected.items())
    assert set(bag.sources) == set(STEMS)


def test_the_same_model_is_the_same_file(saved, tmp_path):
    save_demucs(tiny(), tmp_path / "again")
    for name in ("own.safetensors", "own.yaml"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_models_that_vote_are_loaded_together(folder):
    save_demucs(tiny(seed=1), folder, name="second")
    (folder / "second.yaml").unlink()
    votes = "weights: [[1., 1., 0., 0.], [0., 0., 1., 1.]]\n"
    (folder / "own.yaml").write_text("models: ['own', 'second']\n" + votes)
    bag = load_demucs(folder)
    assert len(bag.models) == 2
    assert bag.weights[1] == [0.0, 0.0, 1.0, 1.0]


def test_a_class_that_is_no_demucs_is_never_called(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    file = folder / "own.safetensors"
    target = tmp_path / "called"
    metadata = {"klass": "os.mkdir", "args": f'["{target}"]', "kwargs": "{}"}
    save_file(load_file(file), file, metadata=metadata)
    with pytest.raises(ConfigError, match=r"describes os.mkdir"):
        load_demucs(folder)
    assert not target.exists()


def test_weights_without_a_description_are_refused(folder):
    from safetensors.torch import load_file, save_file

    file = folder / "own.safetensors"
    save_file(load_file(file), file)
    with pytest.raises(ConfigError, match="describes no model"):
        load_demucs(folder)


def test_weights_of_another_size_are_refused(folder):
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    file = folder / "own.safetensors"
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
    state = load_file(file)
    name = next(iter(state))
    save_file({**state, name: torch.zeros(3)}, file, metadata=metadata)
    with pytest.raises(ConfigError, match=r"not the weights of the model.*make models"):
        load_demucs(folder)


def test_truncated_and_absent_weights_are_said_as_such(folder):
    file = folder / "own.safetensors"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ConfigError, match="no whole safetensors file"):
        load_demucs(folder)
    file.unlink()
    with pytest.raises(ConfigError, match="no whole safetensors file"):
        load_demucs(folder)


@pytest.mark.parametrize(
    "bag", ["", "models: 3", "models: []", "models: ['../own']", "]", "[1, 2]"]
)
def test_a_yaml_that_names_no_models_is_refused(folder, bag):
    (folder / "own.yaml").write_text(bag)
    with pytest.raises(ConfigError, match="names no models"):
        load_demucs(folder)


def test_a_folder_without_yaml_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="0 yaml files"):
        load_demucs(tmp_path / "absent")


@pytest.mark.parametrize(
    "settings",
    [
        {"sources": ("drums", "bass", "other", "vocals", "guitar", "piano")},
        {"sources": ("voices", "rest")},
        {"audio_channels": 1},
    ],
)
def test_a_model_of_other_stems_or_channels_is_refused(tmp_path, settings):
    save_demucs(tiny(**settings), tmp_path / "other")
    with pytest.raises(ConfigError, match="2 channels into vocals"):
        load_demucs(tmp_path / "other")
