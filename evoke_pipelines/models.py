"""Fetch the pretrained weights that a run profile names: `make models PROFILE=local`.

The one place that downloads weights; a run only reads what lies here. Each model is
written beside its place and moved there whole, then its SHA-256 is recorded.
"""

import gzip
import io
import json
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from evoke_core.config.loading import load_run_profile
from evoke_core.config.memory import TINY, MemoryRules
from evoke_core.config.profile import EncoderChoice, RunProfile
from evoke_core.errors import ConfigError, EvokeError, WeightsMissing
from evoke_core.memory.diffusion_model import FAMILY as DIFFUSION
from evoke_core.memory.diffusion_model import FILES
from evoke_core.memory.openl3_weights import convert_keras_weights
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.weights import Weights, find_weights, record_weights
from evoke_pipelines.environment import CONFIG_FOLDER, read_environment

_Value = TypeVar("_Value")
_LOCAL = "local-dir:"
_MUQ = "OpenMuQ"  # the hub's owner of MuQ and MuQ-MuLan
_NEEDED = ("*.json", "*.safetensors", "*.bin", "*.model", "*.txt")
# The same weights once more, for other frameworks.
_NOT_NEEDED = ("*.onnx*", "onnx/*", "openvino/*", "*.h5", "*.msgpack", "rust_model*")

# Models of audio memory by the names that profiles give them, and their files.
_DIFFUSION = {"stable-diffusion-v1-5": "stable-diffusion-v1-5/stable-diffusion-v1-5"}
_DEMUCS_OWNER = "adefossez"  # the hub's, Demucs' author
_DEMUCS = {
    "HTDemucs": ("htdemucs.yaml", "955717e8.safetensors"),
    "HTDemucs-ft": (
        "htdemucs_ft.yaml", "f7e0c4bc.safetensors", "d12395a8.safetensors",
        "92cfc3b6.safetensors", "04573f0d.safetensors",
    ),
}  # fmt: skip
_OPENL3_AT = "https://github.com/marl/openl3/raw/models/{name}-v0_4_0.h5.gz"
_OPENL3 = frozenset(
    f"openl3_audio_{mel}_{content}"
    for mel in ("mel256", "mel128")
    for content in ("music", "env")
)
_HUB = "https://huggingface.co"
_OPENL3_BYTES = 200_000_000  # ten times the largest of them


def main(arguments: Sequence[str]) -> int:
    """Fetch a profile's models; say what lies where, or in one line what failed."""
    try:
        environment = read_environment()
        name = arguments[0] if arguments else environment.profile
        profile = load_run_profile(CONFIG_FOLDER, name)
        for path, origin in needed_files(profile.memory, environment.weights):
            sys.stdout.write(f"needs {path}\n  from {origin}\n")
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
    if profile.memory is not None:
        found += _fetch_memory(profile.memory, folder / profile.memory.folder)
    return found


def needed_files(
    rules: MemoryRules | None, weights: Path
) -> Iterator[tuple[Path, str]]:
    """Name every file that audio memory reads, and where it is published.

    Args:
        rules: The section `memory:` of the profile; None needs nothing.
        weights: Folder of all pretrained weights.

    Yields:
        Where each file lies here, and its address; OpenL3's is converted on its way.

    Raises:
        ConfigError: A model's name is none that is known.
    """
    if rules is None or rules.folder == TINY.folder:
        return
    folder = weights / rules.folder
    for name in _known(rules.separator, _DEMUCS, "separator"):
        address = f"{_HUB}/{_DEMUCS_OWNER}/{rules.separator}/resolve/main/{name}"
        yield folder / "demucs" / rules.separator / name, address
    _known(rules.openl3, dict.fromkeys(_OPENL3, ()), "openl3")
    target = folder / "openl3" / f"{rules.openl3}.safetensors"
    yield target, _OPENL3_AT.format(name=rules.openl3)
    repository = _known(rules.diffusion, _DIFFUSION, "diffusion")
    for part, files in FILES.items():
        for name in files:
            place = folder / DIFFUSION / rules.diffusion / part / name
            yield place, f"{_HUB}/{repository}/resolve/main/{part}/{name}"


def _fetch_memory(rules: MemoryRules, folder: Path) -> list[Weights]:
    """Fetch what audio memory needs; random models are made by the demo instead."""
    if rules.folder == TINY.folder:
        return []
    # Every name is looked up before the first gigabyte.
    bag = _known(rules.separator, _DEMUCS, "separator")
    repository = _known(rules.diffusion, _DIFFUSION, "diffusion")
    _known(rules.openl3, dict.fromkeys(_OPENL3, ()), "openl3")
    files = [f"{part}/{name}" for part, names in FILES.items() for name in names]
    return [
        _fetch_repository(f"{_DEMUCS_OWNER}/{rules.separator}", folder / "demucs", bag),
        _fetch_openl3(rules.openl3, folder),
        _fetch_repository(repository, folder / DIFFUSION, files),
    ]


def _known(name: str, names: Mapping[str, _Value], rule: str) -> _Value:
    if name not in names:
        raise ConfigError(
            f"memory.{rule}: {name!r} is no model that can be fetched; choose one of: "
            f"{', '.join(sorted(names))}, or put its files there yourself"
        )
    return names[name]


def _fetch_openl3(name: str, folder: Path) -> Weights:
    """Fetch OpenL3's Keras file and keep the same weights as safetensors."""
    known = _as_recorded(folder, "openl3", name)
    if known is not None:
        return known
    address = _OPENL3_AT.format(name=name)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / f"{name}.h5"
        source.write_bytes(_unpacked(_download(address), address))
        target = folder / "openl3" / f"{name}.safetensors"
        convert_keras_weights(source, target)
    return record_weights(folder, "openl3", name)


def _download(address: str) -> bytes:
    import httpx

    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=60) as answer:
            answer.raise_for_status()
            taken = bytearray()
            for chunk in answer.iter_bytes():
                taken += chunk
                if len(taken) > _OPENL3_BYTES:
                    raise ConfigError(f"{address}: more than {_OPENL3_BYTES} bytes")
    except httpx.HTTPError as wrong:
        raise _unreachable(address, wrong) from wrong
    return bytes(taken)


def _unpacked(packed: bytes, address: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            return file.read(_OPENL3_BYTES)
    except (OSError, EOFError, zlib.error) as wrong:
        raise _unreachable(address, wrong) from wrong


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


def _fetch_repository(
    repository: str, place: Path, needed: Sequence[str] = _NEEDED
) -> Weights:
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
            allow_patterns=list(needed),
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
