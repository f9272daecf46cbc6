"""What a run is made of: collections, moods, slider axes and the run profile.

Values live in `assets_config/*.yaml`, each with its reason beside it. Where things are
(store, devices, keys) is environment and is read by the wiring, not here.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evoke_core.errors import ConfigError

AXES = ("energy", "warmth", "complexity", "abstraction")
Coordinate = Annotated[float, Field(ge=-1.0, le=1.0)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """One picture collection or music library."""

    kind: Literal["painted", "folder", "synthesized"]
    release: str
    licence: str
    licence_url: str | None = None
    attribution: str
    quota: Annotated[int, Field(gt=0)] | None = None
    seed: int = 0
    location: str | None = None


class Sources(_Frozen):
    """Every collection and library that a profile may name."""

    pictures: Mapping[str, Source]
    music: Mapping[str, Source]


class Mood(_Frozen):
    """One word of the vocabulary that pictures and music share."""

    images: Annotated[tuple[str, ...], Field(min_length=1)]
    music: Annotated[tuple[str, ...], Field(min_length=1)]
    words: tuple[str, ...] = ()
    valence: Coordinate
    arousal: Coordinate


class Axis(_Frozen):
    """One slider: its name and the words at its ends."""

    low: str
    high: str
    low_prompts: Annotated[tuple[str, ...], Field(min_length=1)]
    high_prompts: Annotated[tuple[str, ...], Field(min_length=1)]


class Vocabulary(_Frozen):
    """The moods and the four slider axes."""

    moods: Mapping[str, Mood]

    @property
    def digest(self) -> str:
        """Return a digest of all words and places."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    axes: Mapping[str, Axis]

    @field_validator("axes")
    @classmethod
    def _names_the_four(cls, axes: Mapping[str, Axis]) -> Mapping[str, Axis]:
        if set(axes) != set(AXES):
            raise ValueError(f"needs exactly the axes {', '.join(AXES)}")
        return axes


class EncoderChoice(_Frozen):
    """Which encoder a profile asks for, and its weights where it has any."""

    kind: Literal["handcrafted", "open_clip", "muq"]
    model: str | None = None
    pretrained: str | None = None


class CurationRules(_Frozen):
    """What makes a picture unfit for a board."""

    min_side_px: Annotated[int, Field(ge=1)]
    max_aspect: Annotated[float, Field(ge=1.0)]
    min_entropy_bits: Annotated[float, Field(ge=0.0, le=8.0)]
    owned_sources: tuple[str, ...]


class DedupeRules(_Frozen):
    """When two pictures are one."""

    radius_bits: Annotated[int, Field(ge=0, le=16)]
    min_cosine: Coordinate


class TagRules(_Frozen):
    """How moods are read off the affect plane."""

    bandwidth: Annotated[float, Field(gt=0.0)]
    word_weight: Annotated[float, Field(ge=0.0, le=1.0)]
    per_item: Annotated[int, Field(ge=1)]


class PairRules(_Frozen):
    """How many pictures a track is paired with, and how they are drawn."""

    positives: Annotated[int, Field(ge=1)]
    hard_negatives: Annotated[int, Field(ge=0)]
    random_negatives: Annotated[int, Field(ge=0)]
    seed: int


class BridgeRules(_Frozen):
    """How the bridge is fitted."""

    hidden: Annotated[int, Field(ge=0)]
    temperature: Annotated[float, Field(gt=0.0)]
    learning_rate: Annotated[float, Field(gt=0.0)]
    weight_decay: Annotated[float, Field(ge=0.0)]
    max_epochs: Annotated[int, Field(ge=1)]
    patience: Annotated[int, Field(ge=1)]
    folds: Annotated[int, Field(ge=2)]
    seed: int


class RefinementRules(_Frozen):
    """How far a slider reaches."""

    reach: Annotated[float, Field(gt=0.0)]


class BoardRules(_Frozen):
    """How many tiles, how varied, how much of one hand."""

    size: Annotated[int, Field(ge=1)]
    pool: Annotated[int, Field(ge=1)]
    balance: Annotated[float, Field(ge=0.0, le=1.0)]
    max_per_artist: Annotated[int, Field(ge=1)]
    max_per_source: Annotated[int, Field(ge=1)] | None
    whole_weight: Annotated[float, Field(ge=0.0, le=1.0)]


class AudioRules(_Frozen):
    """Which lengths of music are taken."""

    min_s: Annotated[float, Field(gt=0.0)]
    max_s: Annotated[float, Field(gt=0.0)]


class RunProfile(_Frozen):
    """Everything that decides what a run computes."""

    name: str
    pictures: tuple[str, ...]
    teachers: tuple[str, ...]
    music: tuple[str, ...]
    licence_policy: Literal["research", "commercial"]
    image_encoder: EncoderChoice
    music_encoder: EncoderChoice
    curation: CurationRules
    dedupe: DedupeRules
    tags: TagRules
    pairs: PairRules
    bridge: BridgeRules
    refinement: RefinementRules
    board: BoardRules
    audio: AudioRules


def load_sources(folder: Path) -> Sources:
    """Read `sources.yaml` from the configuration folder."""
    return _load(folder / "sources.yaml", Sources)


def load_vocabulary(folder: Path) -> Vocabulary:
    """Read `mood_vocabulary.yaml` from the configuration folder."""
    return _load(folder / "mood_vocabulary.yaml", Vocabulary)


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
    return _validate(path, _with_parents(path), RunProfile)


def with_picture_folder(
    profile: RunProfile, sources: Sources, folder: Path
) -> tuple[RunProfile, Sources]:
    """Show a user's own pictures, and let the profile's pictures only teach.

    The planted pictures stay in the graph: they carry the truth that the bridge is
    judged by, which a folder of photographs has not.
    """
    located = sources.pictures["folder"].model_copy(update={"location": str(folder)})
    return (
        profile.model_copy(
            update={"pictures": ("folder",), "teachers": profile.pictures}
        ),
        sources.model_copy(
            update={"pictures": {**sources.pictures, "folder": located}}
        ),
    )


def _load(path: Path, model: type[_Model]) -> _Model:
    return _validate(path, _read(path), model)


def _with_parents(path: Path, heirs: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read a profile over the one that it extends, and so on."""
    values = _read(path)
    parent = values.pop("extends", None)
    if parent is None:
        return values
    if parent in (*heirs, path.stem):
        raise ConfigError(f"{path.name}: extends: {parent!r} extends this profile")
    above = path.with_name(f"{parent}.yaml")
    return {**_with_parents(above, (*heirs, path.stem)), **values}


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise ConfigError(
            f"{path.name}: not found in {path.parent}; restore it from the repository"
        ) from missing
    except UnicodeDecodeError as wrong:
        raise ConfigError(f"{path.name}: {wrong}; save it as UTF-8") from wrong
    except yaml.YAMLError as wrong:
        raise ConfigError(f"{path.name}: not valid YAML: {wrong}") from wrong
    if not isinstance(values, dict):
        raise ConfigError(f"{path.name}: holds no mapping of names to values")
    return values


def _validate(path: Path, values: dict[str, Any], model: type[_Model]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        fault = wrong.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ConfigError(
            f"{path.name}: {place}: {fault['msg']}; got {fault['input']!r}"
        ) from wrong
