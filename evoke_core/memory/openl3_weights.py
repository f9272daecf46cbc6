"""OpenL3's weights: from the published Keras file to safetensors, and back into torch.

openl3 publishes one HDF5 file a network (`openl3_audio_<mel256>_<music>.h5`), in which
Keras numbers layers as they happened to be made, and older ones hold the front end too;
so layers are known by their order and their tensors. Neither kind of file says which
spectra and sounds it was trained on except by name: the safetensors file says it.

Not here: the network (openl3_network), fetching (evoke_pipelines.models).
Source: openl3 0.4.2; code MIT, weights CC BY 4.0 (Cramer et al. 2019).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from evoke_core.errors import ConfigError
from evoke_core.memory.openl3_network import (
    BANDS,
    INPUT_NORM,
    WIDTHS,
    InputRepr,
    build_network,
    conv_name,
    norm_name,
    tensor_shapes,
)
from evoke_core.music.batches import checkpoint_shapes
from evoke_core.vectors import Array

if TYPE_CHECKING:
    import torch

CONTENT_TYPES = ("music", "env")

_KIND = "openl3"  # entry of the metadata
_CONV = ("kernel", "bias")
_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
_TORCH = dict(
    zip(
        (*_CONV, *_NORM),
        ("weight", "bias", "weight", "bias", "running_mean", "running_var"),
        strict=True,
    )
)
_FRONT_END = re.compile(r"spectrogram|stft|mel", re.IGNORECASE)
_PUBLISHED = re.compile(r"(linear|mel128|mel256)[_-](music|env)")
_FETCH = "fetch the weights again with 'make models PROFILE=<yours>'"


@dataclass(frozen=True, slots=True)
class OpenL3Kind:
    """Which of the published networks: what it was trained on.

    Args:
        input_repr: Its spectra, mel128 or mel256.
        content_type: Its sounds, music or env.
    """

    input_repr: InputRepr
    content_type: str

    def __post_init__(self) -> None:
        """Raise ConfigError for what was never published."""
        if self.input_repr not in BANDS or self.content_type not in CONTENT_TYPES:
            raise ConfigError(
                f"OpenL3: no network {self.input_repr!r} of {self.content_type!r}; "
                f"choose {' or '.join(BANDS)}, and {' or '.join(CONTENT_TYPES)}"
            )


def convert_keras_weights(
    source: Path, target: Path, kind: OpenL3Kind | None = None
) -> None:
    """Read a published HDF5 file and write the same weights as safetensors.

    Args:
        source: As openl3 calls it, `openl3_audio_<input_repr>_<content_type>.h5`.
        target: Safetensors file below the folder of weights,
            `openl3/openl3_audio_<input_repr>_<content_type>.safetensors`; it appears
            whole or not at all.
        kind: What the file is, where its name doesn't say so.

    Raises:
        ConfigError: The file is missing, no HDF5, of another network, or its layers
            are not those of OpenL3.
    """
    told = _PUBLISHED.search(source.name)
    named = told and OpenL3Kind(cast("InputRepr", told[1]), told[2])
    found = kind or named
    if found is None or (named and named != found):
        raise ConfigError(
            f"{source}: its name should say what it is, and agree with what is wanted; "
            "openl3 calls it openl3_audio_<mel128 or mel256>_<music or env>.h5"
        )
    save_weights(_read_keras(source), target, found)


def save_weights(tensors: Mapping[str, Array], target: Path, kind: OpenL3Kind) -> None:
    """Write tensors, named as openl3_network names them, with what they are."""
    from safetensors.numpy import save_file

    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.unfinished")
    # One entry alone: of several, the library writes another order every time.
    described = {_KIND: f"{kind.input_repr} {kind.content_type}"}
    whole = {name: np.ascontiguousarray(each) for name, each in tensors.items()}
    save_file(whole, unfinished, metadata=described)
    unfinished.replace(target)


def random_weights(*, seed: int, widths: tuple[int, ...] = WIDTHS) -> dict[str, Array]:
    """Draw weights under which signals keep their size, for tests and timings.

    Args:
        seed: The same seed gives the same weights.
        widths: Maps of the eight convolutions; the last is the embedding's length.
    """
    rng = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}
    for name, shape in tensor_shapes(widths).items():
        if name.endswith("running_var"):
            drawn = rng.uniform(0.5, 1.5, shape)
        elif len(shape) > 1:  # He et al. 2015, as the network was begun
            drawn = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        else:
            is_gain = name.endswith("weight")
            drawn = rng.normal(1.0 if is_gain else 0.0, 0.1, shape)
        tensors[name] = drawn.astype(np.float32)
    # Decibels from -80 to 0 come out around 0, as trained normalisations have it.
    tensors[f"{INPUT_NORM}.running_mean"][:] = -40
    tensors[f"{INPUT_NORM}.running_var"][:] = 400
    return tensors


def read_kind(file: Path) -> OpenL3Kind:
    """Return what a safetensors file says that its network was trained on.

    Raises:
        ConfigError: The file is missing or damaged, or it does not say.
    """
    from safetensors import safe_open

    checkpoint_shapes(file)
    with safe_open(str(file), framework="np") as opened:
        told = (opened.metadata() or {}).get(_KIND, "").split()
    if len(told) != 2:
        raise ConfigError(
            f"{file}: does not say which OpenL3 network it is; convert the published "
            "HDF5 file with 'make models PROFILE=<yours>'"
        )
    return OpenL3Kind(told[0], told[1])


def load_network(file: Path) -> "torch.nn.Sequential":
    """Build the network that a safetensors file holds.

    Raises:
        ConfigError: The file is missing, damaged, or of another network.
    """
    from safetensors.torch import load_file

    shapes = checkpoint_shapes(file)
    widths = tuple(
        shapes.get(f"{conv_name(number)}.weight", (0,))[0]
        for number in range(1, len(WIDTHS) + 1)
    )
    _require(shapes, widths, file)
    network = build_network(widths)
    network.load_state_dict(load_file(file), strict=False)
    return network


def _read_keras(source: Path) -> dict[str, Array]:
    """Return the tensors of an HDF5 file by torch's names and axes."""
    import h5py

    try:
        with h5py.File(source, "r") as file:
            root = file.get("model_weights", file)
            layers = [_read_layer(root[_text(n)]) for n in root.attrs["layer_names"]]
    except (OSError, KeyError, TypeError, AttributeError) as wrong:
        raise ConfigError(
            f"{source}: no Keras weight file ({wrong}); {_FETCH}"
        ) from wrong
    wanted: list[tuple[str, tuple[str, ...]]] = [(INPUT_NORM, _NORM)]
    for number in range(1, len(WIDTHS)):
        wanted += [(conv_name(number), _CONV), (norm_name(number), _NORM)]
    wanted.append((conv_name(len(WIDTHS)), _CONV))
    found = [layer for layer in layers if layer]
    if [set(layer) for layer in found] != [set(parts) for _, parts in wanted]:
        kinds = ", ".join("+".join(layer) for layer in found) or "nothing"
        raise ConfigError(
            f"{source}: not OpenL3's audio network: its {len(wanted)} layers of weights"
            f" are eight convolutions between normalisations, and here are "
            f"{len(found)} ({kinds[:200]}); {_FETCH}"
        )
    tensors = {
        f"{name}.{_TORCH[part]}": _torch_axes(layer[part])
        for (name, parts), layer in zip(wanted, found, strict=True)
        for part in parts
    }
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    _require(shapes, WIDTHS, source)
    return tensors


def _read_layer(group: Any) -> dict[str, Array]:  # noqa: ANN401 (h5py is untyped)
    """Return a layer's tensors by their last name; nothing for the old front end."""
    if _FRONT_END.search(str(group.name)):
        return {}
    named = (_text(name) for name in group.attrs["weight_names"])
    return {
        name.rsplit("/", 1)[-1].split(":")[0]: np.asarray(group[name], np.float32)
        for name in named
    }


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _torch_axes(tensor: Array) -> Array:
    """Turn a kernel of [height, width, in, out] to [out, in, height, width]."""
    return tensor.transpose(3, 2, 0, 1) if tensor.ndim == 4 else tensor


def _require(
    shapes: Mapping[str, tuple[int, ...]], widths: tuple[int, ...], file: Path
) -> None:
    for name, shape in tensor_shapes(widths).items():
        if shapes.get(name) != shape:
            raise ConfigError(
                f"{file}: not OpenL3's audio network: {name} should be {shape}, it is "
                f"{shapes.get(name, 'not there')}; {_FETCH}"
            )
