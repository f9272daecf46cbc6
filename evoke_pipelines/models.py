"""Fetch the pretrained weights that a run profile names: `make models PROFILE=local`.

The one place that downloads weights; a run only reads what lies here. Each model is
written beside its place and moved there whole, then its SHA-256 is recorded.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evoke_core.config.loading import load_run_profile
from evoke_core.config.profile import EncoderChoice, RunProfile
from evoke_core.errors import ConfigError, EvokeError, WeightsMissing
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.weights import Weights, find_weights, record_weights
from evoke_pipelines.environment import CONFIG_FOLDER, read_environment

_LOCAL = "local-dir:"
_MUQ = "OpenMuQ"  # the hub's owner of MuQ and MuQ-MuLan
_NEEDED = ("*.json", "*.safetensors", "*.bin", "*.model", "*.txt")
# The same weights once more, for other frameworks.
_NOT_NEEDED = ("*.onnx*", "onnx/*", "openvino/*", "*.h5", "*.msgpack", "rust_model*")


def main(arguments: Sequence[str]) -> int:
    """Fetch a profile's models; say what lies where, or in one line what failed."""
    try:
        environment = read_environment()
        name = arguments[0] if arguments else environment.profile
        profile = load_run_profile(CONFIG_FOLDER, name)
        found = fetch_models(profile, environment.weights)
    except EvokeError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    if not found:
        sys.stdout.write(f"profile {name} needs no weights\n")
    for weights in found:
        sys.stdout.write(f"{weights.path}  sha256 {weights.sha256}\n")
    return 0


def fetch_models(profile: RunProfile, folder: Path) -> list[Weights]:
    """Fetch what the profile's encoders need and record it.

    Weights that lie there as they were recorded are left; changed ones are fetched
    anew, and those without a record are recorded.

    Args:
        profile: Names the encoders.
        folder: Of all pretrained weights.

    Raises:
        ConfigError: A model's name or tag is unknown, its library is not installed, or
            the hub can't be reached.
    """
    found = []
    for choice in (profile.image_encoder, profile.music_encoder):
        if choice.kind == "open_clip":
            found.append(_fetch_open_clip(choice, folder))
        elif choice.kind == "muq":
            found.append(_fetch_repository(f"{_MUQ}/{choice.model}", folder / "muq"))
        elif choice.kind == "muq_mulan":
            found += _fetch_mulan(choice, folder)
    return found


def _fetch_open_clip(choice: EncoderChoice, folder: Path) -> Weights:
    model, tag = str(choice.model), str(choice.pretrained)
    place = folder / "open_clip"
    if model.startswith(_LOCAL):
        path = place / model[len(_LOCAL) :]
        return record_weights(path.parent.parent, path.parent.name, path.name)
    name = f"{model}-{tag}"
    known = _as_recorded(folder, "open_clip", name)
    if known is not None:
        return known
    _download_open_clip(model, tag, place / name)
    return record_weights(folder, "open_clip", name)


def _as_recorded(folder: Path, family: str, name: str) -> Weights | None:
    """Return weights that lie there unchanged; None where they are to be fetched."""
    try:
        return find_weights(folder, family, name)
    except (WeightsMissing, ConfigError):
        return None


def _download_open_clip(model: str, tag: str, target: Path) -> None:
    open_clip = _import_open_clip()
    settings = open_clip.get_pretrained_cfg(model, tag)
    if not settings:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
        raise ConfigError(
            f"image encoder open_clip {model}: there are no weights {tag!r} of it; "
            f"choose one of: {known}"
        )
    try:
        source = Path(open_clip.download_pretrained(settings))
    except OSError as wrong:
        raise _unreachable(f"open_clip {model} ({tag})", wrong) from wrong
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.copyfile(source, unfinished)
    unfinished.replace(target.with_name(f"{target.name}{source.suffix}"))


def _fetch_mulan(choice: EncoderChoice, folder: Path) -> list[Weights]:
    """Fetch MuQ-MuLan and the two models that its configuration is built from."""
    own = _fetch_repository(f"{_MUQ}/{choice.model}", folder / "muq")
    path = own.path / "config.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        audio = str(settings["audio_model"]["name"])
        text = str(settings["text_model"]["name"])
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise ConfigError(
            f"MuQ-MuLan {choice.model}: {path} does not name its audio_model and "
            f"text_model ({wrong}); delete {own.path} and fetch it again"
        ) from wrong
    return [
        own,
        _fetch_repository(audio, folder / "muq"),
        _fetch_repository(text, folder / "xlm-roberta"),
    ]


def _fetch_repository(repository: str, place: Path) -> Weights:
    """Fetch a repository of the hub as a folder under the last part of its name."""
    name = repository.rsplit("/", 1)[-1]
    known = _as_recorded(place.parent, place.name, name)
    if known is not None:
        return known
    huggingface_hub = _import_hub()
    target, unfinished = place / name, place / f".{name}.unfinished"
    try:
        # An interrupted download goes on where it stopped.
        huggingface_hub.snapshot_download(
            repository,
            local_dir=unfinished,
            allow_patterns=list(_NEEDED),
            ignore_patterns=list(_NOT_NEEDED),
        )
    except (OSError, ValueError) as wrong:
        raise _unreachable(repository, wrong) from wrong
    if target.exists():
        shutil.rmtree(target)  # changed since it was recorded
    unfinished.rename(target)
    return record_weights(place.parent, place.name, name)


def _import_open_clip() -> Any:  # noqa: ANN401  # the library is untyped
    try:
        mend_torch_extensions()
        import open_clip
    except ImportError as missing:
        raise ConfigError(
            "image encoder open_clip: the library open_clip_torch is not installed; "
            "install it with: pip install -c constraints.txt -e '.[clip]'"
        ) from missing
    return open_clip


def _import_hub() -> Any:  # noqa: ANN401  # imported where it is needed
    try:
        import huggingface_hub
    except ImportError as missing:
        raise ConfigError(
            "models: the library huggingface_hub is not installed; install it with: "
            "pip install -c constraints.txt -e '.[muq]'"
        ) from missing
    return huggingface_hub


def _unreachable(what: str, wrong: Exception) -> ConfigError:
    said = (str(wrong).strip().splitlines() or [type(wrong).__name__])[0]
    return ConfigError(
        f"{what}: can't be fetched ({said[:200]}); check the name and the connection "
        "to the model hub and run 'make models' again, or put the files there yourself"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
