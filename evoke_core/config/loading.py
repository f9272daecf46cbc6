"""Configuration files, read and checked; what is wrong is said with file and field."""

import re
import reprlib
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evoke_core.config.collections import Sources
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.errors import ConfigError

_Model = TypeVar("_Model", bound=BaseModel)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")  # of a profile
# Anchors make a few lines of YAML into gigabytes, once they are written out.
_GOT = reprlib.Repr()
_GOT.maxstring = _GOT.maxother = 200
_GOT.maxlevel = 3


def load_sources(folder: Path) -> Sources:
    """Read `sources.yaml` and `painters.yaml` from the configuration folder."""
    path = folder / "sources.yaml"
    values = {**read_mapping(path), "painters": read_mapping(folder / "painters.yaml")}
    return validate(path, values, Sources)


def load_vocabulary(folder: Path) -> Vocabulary:
    """Read `mood_vocabulary.yaml` and `lexicon.yaml` from the configuration folder."""
    path = folder / "mood_vocabulary.yaml"
    words = read_mapping(folder / "lexicon.yaml").get("words", [])
    return validate(path, {**read_mapping(path), "lexicon": words}, Vocabulary)


def load_run_profile(folder: Path, name: str) -> RunProfile:
    """Read a run profile by name.

    Raises:
        ConfigError: No such profile, or one that does not fit its schema.
    """
    profiles = folder / "profiles"
    path = profiles / f"{name}.yaml"
    if path.parent != profiles or not path.is_file():
        known = ", ".join(sorted(file.stem for file in profiles.glob("*.yaml")))
        raise ConfigError(
            f"EVOKE_PROFILE: there is no profile {name!r}; choose one of: {known}"
        )
    return validate(path, _with_parents(path), RunProfile)


def with_picture_folder(
    profile: RunProfile, sources: Sources, folder: Path
) -> tuple[RunProfile, Sources]:
    """Show a user's own pictures, and let the profile's others only teach.

    The planted pictures stay in the graph: they carry the truth that the bridge is
    judged by, which a folder of photographs has not.
    """
    located = sources.pictures["folder"].model_copy(update={"location": str(folder)})
    others = dict.fromkeys((*profile.teachers, *profile.pictures))
    teachers = tuple(name for name in others if name != "folder")
    return (
        profile.model_copy(update={"pictures": ("folder",), "teachers": teachers}),
        sources.model_copy(
            update={"pictures": {**sources.pictures, "folder": located}}
        ),
    )


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        ConfigError: There is none, it can't be read, or holds something else.
    """
    try:
        values = _parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise ConfigError(
            f"{path.name}: not found in {path.parent}; restore it from the repository"
        ) from missing
    except UnicodeDecodeError as wrong:
        raise ConfigError(f"{path.name}: {wrong}; save it as UTF-8") from wrong
    except OSError as wrong:
        raise ConfigError(f"{path.name}: can't be read ({wrong})") from wrong
    except yaml.YAMLError as wrong:
        raise ConfigError(f"{path.name}: not valid YAML: {wrong}") from wrong
    if not isinstance(values, dict):
        raise ConfigError(f"{path.name}: holds no mapping of names to values")
    return values


def validate(path: Path, values: dict[str, Any], model: type[_Model]) -> _Model:
    """Check what was read of a file.

    Raises:
        ConfigError: It does not fit; names the file, the field and what was got.
    """
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        fault = wrong.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the whole"
        raise ConfigError(
            f"{path.name}: {place}: {fault['msg']}; got {_GOT.repr(fault['input'])}"
        ) from wrong


def _with_parents(path: Path, heirs: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read a profile over the one that it extends, and so on."""
    values = read_mapping(path)
    parent = values.pop("extends", None)
    if parent is None:
        return values
    if parent in (*heirs, path.stem):
        raise ConfigError(f"{path.name}: extends: {parent!r} extends this profile")
    if not isinstance(parent, str) or not _NAME.fullmatch(parent):
        raise ConfigError(
            f"{path.name}: extends: got {reprlib.repr(parent)}; name a profile that "
            "lies beside it"
        )
    above = path.with_name(f"{parent}.yaml")
    return _laid_over(_with_parents(above, (*heirs, path.stem)), values)


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merge sections key by key; one that names its kind takes the other's place."""
    merged = dict(below)
    for name, value in above.items():
        old = below.get(name)
        if isinstance(old, dict) and isinstance(value, dict) and "kind" not in value:
            merged[name] = _laid_over(old, value)
        else:
            merged[name] = value
    return merged


def _parse_yaml(text: str) -> Any:  # noqa: ANN401 (whatever the file holds)
    """Parse YAML by libyaml where PyYAML was built with it, which is ten times faster.

    What was parsed a moment ago is copied: each resource of a run reads its own.

    Raises:
        yaml.YAMLError: It is none.
    """
    return deepcopy(_parsed(text))


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:  # noqa: ANN401 (whatever the text holds)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 (both are the safe one)
    except (ValueError, RecursionError) as wrong:
        # such as 2026-13-01, which looks like a date
        raise yaml.YAMLError(f"a value can't be read: {wrong}") from wrong
