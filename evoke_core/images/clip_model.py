"""An OpenCLIP model, loaded from files of this machine.

Weights are read by open_clip from a safetensors file, a PyTorch file (`weights_only`)
or a folder with `open_clip_config.json`; a model that would need the network to be
built is refused. Which pictures it is given, when, and at
which precision, is not decided here.

Source: https://github.com/mlfoundations/open_clip (MIT).
"""

import json
import pickle  # for the name of torch's error; nothing is unpickled here
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from evoke_core.devices import choose_device
from evoke_core.errors import ConfigError
from evoke_core.images.clip_view import ClipView, read_view
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.vectors import Array
from evoke_core.weights import Weights

LOCAL = "local-dir:"
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True)
class ClipModel:
    """A loaded model.

    Attributes:
        net: open_clip's model on `device`, for inference.
        tokenizer: Makes int64[N, L] of texts.
        view: Its preprocessing.
        device: `cpu` or `cuda`.
        precision: Of its weights and arithmetic.
    """

    net: Any
    tokenizer: Any
    view: ClipView
    device: str
    precision: Precision

    def encode_images(self, shown: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Encode uint8[S, S, 3] each to float32[N, D], not normalised."""
        import torch

        with torch.inference_mode():
            pixels = torch.from_numpy(np.stack(shown)).to(self.device)
            values = pixels.permute(0, 3, 1, 2).float() / 255
            mean = torch.tensor(self.view.mean, device=self.device)[:, None, None]
            std = torch.tensor(self.view.std, device=self.device)[:, None, None]
            values = ((values - mean) / std).to(self._dtype)
            return _as_array(self.net.encode_image(values))

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """Encode texts to float32[N, D], not normalised."""
        import torch

        with torch.inference_mode():
            tokens = self.tokenizer(list(texts)).to(self.device)
            return _as_array(self.net.encode_text(tokens))

    @property
    def _dtype(self) -> Any:  # noqa: ANN401  # torch is imported where it is needed
        import torch

        return torch.bfloat16 if self.precision == "bf16" else torch.float32


def library_version() -> str:
    """Return open_clip's version without importing it.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return version("open_clip_torch")
    except PackageNotFoundError as missing:
        raise ConfigError(
            "image encoder open_clip: the library open_clip_torch is not installed; "
            "install it with: pip install -c constraints.txt -e '.[clip]'"
        ) from missing


def model_settings(model: str, weights: Path) -> Mapping[str, Any]:
    """Read a model's architecture without loading it.

    Args:
        model: A name that open_clip knows; a folder of weights describes itself.
        weights: File or folder.

    Raises:
        ConfigError: Nobody knows this model.
    """
    if weights.is_dir():
        return _described(weights)
    found = find_spec("open_clip")
    if found is not None and found.origin is not None:
        shipped = Path(found.origin).parent / "model_configs" / f"{model}.json"
        if shipped.is_file():
            return dict(json.loads(shipped.read_text(encoding="utf-8")))
    open_clip = _import_open_clip()
    settings = open_clip.get_model_config(model)
    if settings is None:
        raise ConfigError(
            f"image encoder open_clip: there is no model {model!r}; "
            "`open_clip.list_models()` names those that there are"
        )
    return dict(settings)


def load_model(
    model: str, pretrained: str | None, weights: Weights, precision: Precision
) -> ClipModel:
    """Load a model for inference; the network is never asked.

    Args:
        model: A name that open_clip knows; ignored for a folder.
        pretrained: Tag that the weights go by; its preprocessing is the model's.
        weights: A file, or a folder with `open_clip_config.json`.
        precision: Of weights and arithmetic.

    Raises:
        ConfigError: The weights are damaged, are another model's, or parts of the
            model lie on a hub only.
    """
    settings = model_settings(model, weights.path)
    _refuse_hub(settings, weights.path, model)
    open_clip = _import_open_clip()
    device = choose_device()
    is_folder = weights.path.is_dir()
    name = f"{LOCAL}{weights.path}" if is_folder else model
    tag = {} if is_folder else _tag_settings(open_clip, model, pretrained)
    try:
        net = open_clip.create_model(
            name,
            pretrained=None if is_folder else str(weights.path),
            precision=precision,
            device=device,
            force_quick_gelu=bool(tag.pop("quick_gelu", False)),
            force_preprocess_cfg=tag,
            pretrained_text=False,
            require_pretrained=True,
        )
        tokenizer = open_clip.get_tokenizer(name)
    except _not_loadable() as wrong:
        raise ConfigError(
            f"image encoder open_clip {model}: {weights.path} can't be loaded "
            f"({_first_line(wrong)}); it is damaged, or of another model: delete it "
            "and fetch it again with 'make models PROFILE=<yours>'"
        ) from wrong
    view = read_view(open_clip.get_model_preprocess_cfg(net))
    return ClipModel(net.eval(), tokenizer, view, device, precision)


def _import_open_clip() -> Any:  # noqa: ANN401  # the library is untyped
    library_version()
    mend_torch_extensions()
    import open_clip

    return open_clip


def _described(folder: Path) -> dict[str, Any]:
    path = folder / "open_clip_config.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["model_cfg"])
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise ConfigError(
            f"image encoder open_clip: {path} does not describe a model ({wrong}); a "
            "folder needs open_clip_config.json with model_cfg, as on the hub"
        ) from wrong


def _refuse_hub(settings: Mapping[str, Any], weights: Path, model: str) -> None:
    text = settings.get("text_cfg", {})
    asked = text.get("hf_model_name")
    if not weights.is_dir():  # a folder brings its own tokenizer
        asked = asked or text.get("hf_tokenizer_name")
    if asked or (not weights.is_dir() and "siglip" in model.lower()):
        raise ConfigError(
            f"image encoder open_clip {model}: its text side needs "
            f"{asked or 'a tokenizer'} from a model hub, and a run never downloads; "
            f"put the model's whole folder at {weights.with_suffix('')}, or choose a "
            "model with open_clip's own tokenizer, as ViT-B-32"
        )


def _tag_settings(
    open_clip: Any,  # noqa: ANN401  # the library is untyped
    model: str,
    pretrained: str | None,
) -> dict[str, Any]:
    """Return how pictures are prepared for this tag, as open_clip does by itself.

    It does so only where it downloads the weights; from a file it would take its
    defaults, and another model's activation, without a word.
    """
    known = open_clip.get_pretrained_cfg(model, pretrained) if pretrained else {}
    wanted = ("mean", "std", "interpolation", "resize_mode", "fill_color", "quick_gelu")
    return {name: known[name] for name in wanted if known.get(name) is not None}


def _not_loadable() -> tuple[type[Exception], ...]:
    """List what open_clip and its readers raise at files that are no such model."""
    from safetensors import SafetensorError

    return (
        SafetensorError,
        pickle.UnpicklingError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        StopIteration,
    )


def _as_array(vectors: Any) -> Array:  # noqa: ANN401  # a torch.Tensor
    return cast("Array", vectors.float().cpu().numpy())


def _first_line(wrong: Exception) -> str:
    lines = str(wrong).strip().splitlines() or [type(wrong).__name__]
    return " ".join(line.strip() for line in lines[:2])[:240]
