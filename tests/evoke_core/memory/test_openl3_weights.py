import numpy as np
import pytest

from evoke_core.errors import ConfigError
from evoke_core.memory.openl3_network import WIDTHS
from evoke_core.memory.openl3_weights import (
    OpenL3Kind,
    convert_keras_weights,
    load_network,
    random_weights,
    read_kind,
    save_weights,
)
from tests.evoke_core.memory.ears import write_ears

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra memory)")

PUBLISHED = "openl3_audio_mel256_music.h5"
NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def keras_layers(seed=0, *, first=1):
    """Layers as Keras names and shapes them; its counters start anywhere."""
    rng = np.random.default_rng(seed)

    def norm(number, width):
        drawn = {part: rng.normal(0, 0.3, width) for part in NORM}
        drawn["gamma"] += 1
        drawn["moving_variance"] = rng.uniform(0.5, 2, width)
        return f"batch_normalization_{first - 1 + number}", drawn

    layers = [norm(1, 1)]
    before = 1
    for number, width in enumerate(WIDTHS, start=1):
        is_last = number == len(WIDTHS)
        name = "audio_embedding_layer" if is_last else f"conv2d_{first - 1 + number}"
        spread = np.sqrt(2 / (9 * before))
        kernel = rng.normal(0, spread, (3, 3, before, width))
        layers.append((name, {"kernel": kernel, "bias": rng.normal(0, 0.1, width)}))
        if not is_last:
            layers.append(norm(number + 1, width))
        before = width
    return [
        (name, {part: each.astype(np.float32) for part, each in parts.items()})
        for name, parts in layers
    ]


def write_keras(path, layers, *, root=None):
    """Write as `save_weights` of Keras does; other layers have no weights."""
    with h5py.File(path, "w") as file:
        top = file.create_group(root) if root else file
        names = ["input_1", *[name for name, _ in layers], "activation_1"]
        top.attrs["layer_names"] = [name.encode() for name in names]
        for name in ("input_1", "activation_1"):
            top.create_group(name).attrs["weight_names"] = []
        for name, parts in layers:
            group = top.create_group(name)
            told = [f"{name}/{part}:0".encode() for part in parts]
            group.attrs["weight_names"] = told
            for part, tensor in parts.items():
                group[f"{name}/{part}:0"] = tensor
    return path


def keras_convolve(maps, kernel, bias):
    """A 3x3 convolution of [H, W, in], by plain sums over its nine places."""
    height, width = maps.shape[:2]
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    total = np.tile(bias.astype(np.float64), (height, width, 1))
    for down in range(3):
        for right in range(3):
            total += padded[down : down + height, right : right + width] @ kernel[
                down, right
            ].astype(np.float64)
    return total


def keras_normalise(maps, parts):
    scale = parts["gamma"] / np.sqrt(parts["moving_variance"].astype(np.float64) + 1e-3)
    return (maps - parts["moving_mean"]) * scale + parts["beta"]


def keras_halve(maps):
    height, width = maps.shape[0] // 2 * 2, maps.shape[1] // 2 * 2
    quarters = maps[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    return quarters.max(axis=(1, 3))


def test_every_layer_computes_what_it_computes_in_keras(tmp_path):
    import torch

    layers = keras_layers(first=11)
    target = tmp_path / "openl3" / "one.safetensors"
    convert_keras_weights(write_keras(tmp_path / PUBLISHED, layers), target)
    network = load_network(target)
    maps = np.random.default_rng(1).uniform(-80, 0, (16, 19, 1))
    found = torch.from_numpy(maps.transpose(2, 0, 1)[None].astype(np.float32))
    parts = iter(layers)
    with torch.inference_mode():
        for name, layer in network.named_children():
            found = layer(found)
            if name.startswith("batch"):
                maps = keras_normalise(maps, next(parts)[1])
            elif name.startswith(("conv", "audio")):
                maps = keras_convolve(maps, **next(parts)[1])
            elif name.startswith("activation"):
                maps = np.maximum(maps, 0)
            else:
                maps = keras_halve(maps)
            expected = maps.transpose(2, 0, 1)
            np.testing.assert_allclose(
                found[0], expected, atol=1e-3 * np.abs(expected).max(), err_msg=name
            )
    assert next(parts, None) is None
    assert found.shape == (1, 512, 2, 2)


def test_files_with_the_old_front_end_convert_the_same(tmp_path):
    layers = keras_layers()
    spectra = {"real_kernels": np.zeros((4, 1, 1, 3), np.float32)}
    old = [("melspectrogram_1", spectra), *layers]
    new = write_keras(tmp_path / PUBLISHED, layers, root="model_weights")
    convert_keras_weights(new, tmp_path / "new.safetensors")
    older = tmp_path / "openl3_audio_mel256_music-v0_2_0.h5"
    convert_keras_weights(write_keras(older, old), tmp_path / "old.safetensors")
    assert (tmp_path / "new.safetensors").read_bytes() == (
        tmp_path / "old.safetensors"
    ).read_bytes()
    assert read_kind(tmp_path / "old.safetensors") == OpenL3Kind("mel256", "music")


@pytest.mark.parametrize(
    "change",
    [
        lambda layers: layers[:-1],
        lambda layers: layers[1:],
        lambda layers: [layers[1], layers[0], *layers[2:]],
        lambda layers: [*layers[:1], ("conv2d_1", {"kernel": layers[1][1]["kernel"]})],
        lambda layers: [],
    ],
)
def test_missing_layers_are_one_clear_message(tmp_path, change):
    source = write_keras(tmp_path / PUBLISHED, change(keras_layers()))
    target = tmp_path / "one.safetensors"
    with pytest.raises(ConfigError, match=r"not OpenL3's audio network.*make models"):
        convert_keras_weights(source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == [PUBLISHED]


def test_a_wrong_shape_names_its_tensor(tmp_path):
    layers = keras_layers()
    layers[3][1]["kernel"] = layers[3][1]["kernel"][:, :, :32]
    source = write_keras(tmp_path / PUBLISHED, layers)
    with pytest.raises(
        ConfigError, match=r"conv2d_2.weight should be \(64, 64, 3, 3\)"
    ):
        convert_keras_weights(source, tmp_path / "one.safetensors")


def test_what_is_no_weight_file_is_said_as_such(tmp_path):
    file = tmp_path / PUBLISHED
    file.write_bytes(b"<html>not found</html>")
    for source in (file, tmp_path / "absent" / PUBLISHED):
        with pytest.raises(ConfigError, match="no Keras weight file"):
            convert_keras_weights(source, tmp_path / "one.safetensors")
    with h5py.File(file, "w") as other:
        other["table"] = np.arange(3)
    with pytest.raises(ConfigError, match="no Keras weight file"):
        convert_keras_weights(file, tmp_path / "one.safetensors")


@pytest.mark.parametrize("name", ["openl3_audio_linear_music.h5", "weights.h5"])
def test_a_file_that_does_not_say_what_it_is_is_refused(tmp_path, name):
    source = write_keras(tmp_path / name, keras_layers())
    with pytest.raises(ConfigError):
        convert_keras_weights(source, tmp_path / "one.safetensors")


def test_a_name_that_contradicts_is_refused(tmp_path):
    source = write_keras(tmp_path / PUBLISHED, keras_layers())
    with pytest.raises(ConfigError, match="agree with what is wanted"):
        convert_keras_weights(
            source, tmp_path / "one.safetensors", OpenL3Kind("mel128", "music")
        )


def test_the_bands_of_a_nameless_file_can_be_told(tmp_path):
    source = write_keras(tmp_path / "weights.h5", keras_layers())
    kind = OpenL3Kind("mel128", "env")
    convert_keras_weights(source, tmp_path / "one.safetensors", kind)
    assert read_kind(tmp_path / "one.safetensors") == kind


def test_safetensors_of_another_network_are_refused(tmp_path):
    tensors = random_weights(seed=0, widths=(2,) * 8)
    tensors.pop("batch_normalization_5.running_var")
    file = tmp_path / "one.safetensors"
    save_weights(tensors, file, OpenL3Kind("mel256", "music"))
    with pytest.raises(ConfigError, match=r"batch_normalization_5.running_var"):
        load_network(file)


def test_a_file_of_somebody_else_does_not_say_its_kind(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(ConfigError, match="does not say which OpenL3 network"):
        read_kind(tmp_path / "other.safetensors")


def test_random_weights_are_the_same_for_a_seed(tmp_path):
    first, same, other = (
        write_ears(tmp_path / name, seed=seed).read_bytes()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == same != other
