"""Demucs on this machine: the folder that its weights lie in, and nothing from a hub.

The folder is the hub's own layout (as of demucs 4.1): one `<model>.yaml` names the
models that vote and their weights, each lies beside it as `<signature>.safetensors`
whose metadata say how it is built. The library would import and call whatever class a
file names; only Demucs' own are let through.

Not here: how a song is cut up for it (stems), downloading (evoke_pipelines.models).
Source: Rouard, Massa & Défossez 2023 (arXiv 2211.08553); terms: see terms.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evoke_core.errors import ConfigError
from evoke_core.music.batches import checkpoint_shapes
from evoke_core.torch_extensions import mend_torch_extensions

if TYPE_CHECKING:
    import torch

STEMS = ("vocals", "drums", "bass", "other")

_CLASSES = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs")
_FETCH = "fetch the weights again with 'make models PROFILE=<yours>'"


# The library's models are untyped.
def load_demucs(folder: Path) -> Any:  # noqa: ANN401
    """Build the models that vote, as a `demucs.apply.BagOfModels` for `apply_model`.

    Args:
        folder: Holds one yaml file and the safetensors files that it names.

    Raises:
        ConfigError: demucs is not installed; the folder is incomplete or damaged, or
            its models don't separate stereo into the four stems.
    """
    signatures, votes, segment = _read_bag(folder)
    models = [_load_one(folder / f"{name}.safetensors") for name in signatures]
    from demucs.apply import BagOfModels

    first = models[0]
    for model in models:
        same = (model.sources, model.samplerate, model.audio_channels)
        if same != (first.sources, first.samplerate, 2) or set(same[0]) != set(STEMS):
            raise ConfigError(
                f"{folder}: a model separates {same[2]} channels at {same[1]} Hz into "
                f"{', '.join(same[0])}; wanted are 2 channels into {', '.join(STEMS)}: "
                "choose htdemucs or htdemucs_ft"
            )
    try:
        bag = BagOfModels(models, votes, segment)
    except (AssertionError, TypeError, ValueError) as wrong:
        raise ConfigError(
            f"{folder}: its yaml file does not fit its models; {_FETCH}"
        ) from wrong
    return bag.eval()


def save_demucs(model: "torch.nn.Module", folder: Path, *, name: str = "own") -> None:
    """Save one model as the hub lays it out, so that `load_demucs` reads it.

    Args:
        model: An HTDemucs or HDemucs.
        folder: Made where there is none.
        name: Of the safetensors and the yaml file.
    """
    from safetensors.torch import save

    made: Any = model
    args, kwargs = made._init_args_kwargs  # noqa: SLF001 (kept by the library for this)
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: each.contiguous() for key, each in model.state_dict().items()}
    described = {
        "klass": f"{type(model).__module__}.{type(model).__name__}",
        "args": json.dumps(args, default=_encode),
        "kwargs": json.dumps(kwargs, default=_encode),
    }
    packed = _in_order(save(state, metadata=described))
    (folder / f"{name}.safetensors").write_bytes(packed)
    (folder / f"{name}.yaml").write_text(f"models: ['{name}']\n", encoding="utf-8")


def _in_order(packed: bytes) -> bytes:
    """Sort the header of a safetensors file, which comes in another order each time."""
    end = 8 + int.from_bytes(packed[:8], "little")
    header = json.dumps(json.loads(packed[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + packed[end:]


def _encode(value: object) -> dict[str, object]:
    if isinstance(value, Fraction):
        numerator, denominator = value.numerator, value.denominator
        return {
            "_type": "fraction",
            "numerator": numerator,
            "denominator": denominator,
        }
    raise TypeError(f"{type(value).__name__} can't be written into a model's metadata")


def _read_bag(folder: Path) -> tuple[list[str], Any, float | None]:
    import yaml

    found = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if len(found) != 1:
        raise ConfigError(
            f"{folder}: {len(found)} yaml files, where one should name the models; "
            f"{_FETCH}"
        )
    try:
        bag = yaml.safe_load(found[0].read_text(encoding="utf-8"))
        names = [str(name) for name in bag["models"]]
        votes, segment = bag.get("weights"), bag.get("segment")
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise ConfigError(f"{found[0]}: names no models; {_FETCH}") from wrong
    if not names or any(Path(name).name != name for name in names):
        raise ConfigError(f"{found[0]}: names no models of this folder; {_FETCH}")
    return names, votes, segment


def _load_one(file: Path) -> Any:  # noqa: ANN401
    checkpoint_shapes(file)  # missing or damaged files are said there
    _require_known_class(file)
    mend_torch_extensions()
    try:
        from demucs.hf import load_safetensors_model
    except ImportError as missing:
        raise ConfigError(
            "stems: the library demucs is not installed; install it with: "
            "pip install -c constraints.txt -e '.[memory]'"
        ) from missing
    try:
        return load_safetensors_model(file)
    except (RuntimeError, KeyError, TypeError, ValueError, AssertionError) as wrong:
        said = (str(wrong).strip().splitlines() or [type(wrong).__name__])[0]
        raise ConfigError(
            f"{file}: not the weights of the model that it describes ({said[:200]}); "
            f"{_FETCH}"
        ) from wrong


def _require_known_class(file: Path) -> None:
    from safetensors import safe_open

    with safe_open(str(file), framework="pt") as opened:
        metadata = opened.metadata() or {}
    if metadata.get("klass") not in _CLASSES or "structure" in metadata:
        raise ConfigError(
            f"{file}: describes {metadata.get('klass', 'no model')}, which is none of "
            f"{', '.join(_CLASSES)} in plain float32; choose htdemucs or htdemucs_ft"
        )
