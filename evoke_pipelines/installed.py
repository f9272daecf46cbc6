"""What is installed on this machine, found without loading a model or importing torch.

Packages are held against pyproject.toml, weights are looked for by name. What is
reached over a network is not here; see `reachable`.
"""

import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from evoke_core.config.profile import EncoderChoice, RunProfile
from evoke_pipelines.environment import CONFIG_FOLDER

Standing = Literal["ok", "note", "missing"]

_EXTRAS = {"open_clip": "clip", "muq": "muq", "muq_mulan": "muq"}  # by encoder kind
_DEVELOPERS = ("dev", "mutants")
_FAMILIES = {"open_clip": "open_clip", "muq": "muq", "muq_mulan": "muq"}
_DECODERS = ("mp3", "aac", "flac", "vorbis", "opus", "alac", "pcm_s16le")
_LEAST_BYTES, _FEW_BYTES = 1 << 30, 10 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Args:
        about: What was looked at.
        standing: `ok`, `note` or `missing`.
        said: What was found.
        remedy: What to do about it; empty where all is well.
    """

    about: str
    standing: Standing
    said: str
    remedy: str = ""


def python() -> Finding:
    """Say which interpreter runs; an older one could not have started this."""
    said = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", f"{said} in {sys.prefix}")


def packages(profile: RunProfile) -> Iterator[Finding]:
    """Compare what is installed with pyproject.toml; extras count where needed."""
    path = CONFIG_FOLDER.parent / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    yield _installed("packages", project["dependencies"], is_needed=True)
    encoders = (profile.image_encoder, profile.music_encoder)
    needed = {_EXTRAS[each.kind] for each in encoders if each.kind in _EXTRAS}
    needed |= {"memory", "clip"} if profile.memory else set()
    needed |= {"ray"} if profile.engine == "ray" else set()
    for extra, wanted in project["optional-dependencies"].items():
        if extra not in _DEVELOPERS:
            yield _installed(extra, wanted, is_needed=extra in needed)


def _installed(about: str, wanted: Sequence[str], *, is_needed: bool) -> Finding:
    missing = [said for each in wanted if (said := _lacking(Requirement(each)))]
    extra = "" if about == "packages" else f"[{about}]"
    if not missing:
        return Finding(about, "ok", f"{len(wanted)} packages, as pyproject.toml asks")
    remedy = f"pip install -c constraints.txt -e '.{extra}'"
    if is_needed:
        return Finding(about, "missing", ", ".join(missing), remedy)
    return Finding(about, "note", f"an extra, without {', '.join(missing)}", remedy)


def _lacking(wanted: Requirement) -> str | None:
    """Say what is wrong with an installed package; None where nothing is."""
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return wanted.name
    fits = wanted.specifier.contains(found, prereleases=True)
    return None if fits else f"{wanted.name}{wanted.specifier} (got {found})"


def weights(profile: RunProfile, folder: Path) -> Iterator[Finding]:
    """Look for weights by name; whether they are intact is checked by every run."""
    remedy = f"make models PROFILE={profile.name}"
    for choice in (profile.image_encoder, profile.music_encoder):
        family = _FAMILIES.get(choice.kind)
        if family is None:
            continue
        name = _weights_name(choice)
        place = folder / family
        there = any(name in (each.stem, each.name) for each in _inside(place))
        if there and (place / f"{name}.sha256.json").is_file():
            yield Finding("weights", "ok", f"{family} {name} in {place}")
        elif there:
            said = f"{family} {name} in {place}, not recorded yet"
            yield Finding("weights", "note", said, remedy)
        else:
            said = f"no {family} {name} in {place}"
            yield Finding("weights", "missing", said, remedy)


def _weights_name(choice: EncoderChoice) -> str:
    if choice.kind != "open_clip":
        return str(choice.model or "the default model").rpartition("/")[2]
    model = str(choice.model)
    if model.startswith("local-dir:"):
        return model.removeprefix("local-dir:").rpartition("/")[2]
    return f"{model}-{choice.pretrained}"


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def decoders() -> Finding:
    """Ask FFmpeg's libraries for the formats that songs come in."""
    import av

    absent = [name for name in _DECODERS if name not in av.codecs_available]
    if not absent:
        said = f"FFmpeg libraries in av {av.__version__}: {', '.join(_DECODERS)}"
        return Finding("decoders", "ok", said)
    said = f"av {av.__version__} can't decode {', '.join(absent)}"
    remedy = "pip install --force-reinstall -c constraints.txt av"
    return Finding("decoders", "missing", said, remedy)


def disk(home: Path) -> Finding:
    """Say how much room is left where everything local goes."""
    free = shutil.disk_usage(existing(home)).free
    said = f"{free / (1 << 30):.1f} GiB free for {home}"
    if free >= _FEW_BYTES:
        return Finding("disk", "ok", said)
    standing: Standing = "note" if free >= _LEAST_BYTES else "missing"
    return Finding("disk", standing, said, "make room, or set EVOKE_HOME")


def gpu() -> Finding:
    """Name the NVIDIA cards that the driver shows."""
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    names = [
        line.partition(":")[2].strip()
        for card in cards
        for line in card.read_text(encoding="utf-8").splitlines()
        if line.startswith("Model:")
    ]
    if names:
        return Finding("gpu", "ok", ", ".join(names))
    return Finding("gpu", "note", "none seen; the demo's encoders need none")


def existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())
