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
# Names become partitions and folders, and a dot tells the shards of one apart.
CollectionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Model = TypeVar("_Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureSource(_Frozen):
    """One picture collection.

    Args:
        kind: Which reader understands it.
        release: Of the collection; a new one fetches everything anew.
        location: Folder, zip or address of its lists; null for painted ones.
        pictures: Folder or s3:// address of the pictures where they lie elsewhere.
        quota: Most pictures that are taken; null takes all.
        seed: Decides which ones; a larger quota keeps what a smaller one took.
        only: Styles, labels or keywords that are wanted; empty takes all.
        width_px: Width to ask the collection for, where it scales on request.
        died_before: Painters who died in or after this year are left out.
        shards: Parts that its pictures are worked on in; more for a large collection.
    """

    kind: Literal["painted", "folder", "unsplash", "wikiart", "open_images"]
    release: str
    licence: str
    licence_url: str | None = None
    attribution: str
    location: str | None = None
    pictures: str | None = None
    quota: Annotated[int, Field(gt=0)] | None = None
    seed: int = 0
    only: tuple[str, ...] = ()
    width_px: Annotated[int, Field(ge=64)] | None = None
    died_before: int | None = None
    shards: Annotated[int, Field(ge=1, le=256)] = 1

    @field_validator("attribution")
    @classmethod
    def _names_known_places(cls, template: str) -> str:
        try:
            template.format(title="", artist="", source_key="")
        except (KeyError, IndexError, ValueError) as wrong:
            raise ValueError(
                f"may hold {{title}}, {{artist}} and {{source_key}} only ({wrong})"
            ) from wrong
        return template


class MusicLibrary(_Frozen):
    """One library of music that the bridge learns from.

    Args:
        kind: Rendered in code, or any folder of songs.
        location: The folder.
        quota: Pieces per mood, of a synthesized one.
    """

    kind: Literal["synthesized", "folder"]
    release: str
    licence: str
    attribution: str
    location: str | None = None
    quota: Annotated[int, Field(gt=0)] | None = None
    seed: int = 0


class Sources(_Frozen):
    """Every collection and library that a profile may name.

    Args:
        pictures: Collections by name.
        music: Libraries by name.
        painters: Year of death by the name that files go by; None for the living.
    """

    pictures: Mapping[CollectionName, PictureSource]
    music: Mapping[CollectionName, MusicLibrary]
    painters: Mapping[str, int | None] = Field(default_factory=dict)


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
    """Which encoder a profile asks for, and its weights where it has any.

    Args:
        kind: Which code encodes; `precomputed` reads vectors that somebody brings.
        model: Architecture, or `local-dir:` and a folder that describes it.
        pretrained: Tag of the weights.
        precision: Of the arithmetic; `auto` takes bf16 where it was measured to be
            faster and as good.
        batch: Most items encoded at once; it halves by itself where memory ends.
        vectors: File of vectors by id, for `precomputed`.
    """

    kind: Literal["handcrafted", "open_clip", "muq", "muq_mulan", "precomputed"]
    model: str | None = None
    pretrained: str | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    batch: Annotated[int, Field(ge=1, le=4096)] = 32
    vectors: str | None = None


Share = Annotated[float, Field(ge=0.0, le=1.0)]


class BalanceRules(_Frozen):
    """How much of a corpus one look may take; null is as much as there is.

    Args:
        max_aesthetic: Largest share of any of the seven aesthetics.
        max_cluster: Largest share of any cluster of embeddings.
        max_mood_bin: Largest share of any cell of energy x warmth x complexity.
        clusters: How many clusters.
        sample: Rows that the clusters are fitted on.
        exempt: Collections that are counted, but never thinned.
        seed: Of the clusters, and of who leaves first.
    """

    max_aesthetic: Share | None = None
    max_cluster: Share | None = None
    max_mood_bin: Share | None = None
    clusters: Annotated[int, Field(ge=1)] = 64
    sample: Annotated[int, Field(ge=1)] = 20_000
    exempt: tuple[str, ...] = ()
    seed: int = 19


class CurationRules(_Frozen):
    """What makes a picture unfit for a board; each limit itself is still fit."""

    min_side_px: Annotated[int, Field(ge=1)]
    max_aspect: Annotated[float, Field(ge=1.0)]
    min_entropy_bits: Annotated[float, Field(ge=0.0, le=8.0)]
    max_flat_share: Share = 1.0
    max_border_share: Share = 1.0
    min_sharpness: Annotated[float, Field(ge=0.0)] = 0.0
    max_text_score: Share = 1.0
    min_composition: Share = 0.0
    owned_sources: tuple[str, ...]
    balance: BalanceRules = BalanceRules()


class DedupeRules(_Frozen):
    """When two pictures are one.

    Args:
        radius_bits: Most bits in which two perceptual hashes may differ.
        min_cosine: Of embeddings, where pictures bring no outline.
        min_outline: Least cosine of two outlines, see `corpus.mirrors`.
        mirrored: Whether flips and quarter turns are copies too.
    """

    radius_bits: Annotated[int, Field(ge=0, le=16)]
    min_cosine: Coordinate
    min_outline: Coordinate = 0.6
    mirrored: bool = False


class DownloadRules(_Frozen):
    """What fetching pictures may cost us and their hosts.

    Args:
        at_once: Transfers in flight, of all hosts; times `max_bytes` bounds memory.
        per_host: Transfers in flight from one host.
        connect_s: Longest wait for a connection.
        read_s: Longest silence between two pieces of an answer.
        total_s: Longest transfer, redirects counted in; waiting for a turn is not.
        max_bytes: Largest picture, counted as it arrives and after decompression.
        attempts: Tries per address where the failure can pass.
        backoff_s: Upper end of the first random wait; it doubles with every try.
        max_retry_after_s: Longest wait that a host may ask for; beyond it the row ends.
        breaker_window: Latest outcomes of a host that are looked at.
        breaker_share: Share of them failing alike, beyond which the host is left alone.
        breaker_pause_s: Time until one picture is let through to see.
        opt_outs: Directives of `X-Robots-Tag` that keep a picture out.
        placeholders: Parts of paths of the picture that says "no picture here".
        user_agent: How we call ourselves; its first word is matched in opt-outs.
        allow_private: Fetch from loopback and private addresses too.
        seed: Of the random waits.
    """

    at_once: Annotated[int, Field(ge=1, le=256)]
    per_host: Annotated[int, Field(ge=1)]
    connect_s: Annotated[float, Field(gt=0.0)]
    read_s: Annotated[float, Field(gt=0.0)]
    total_s: Annotated[float, Field(gt=0.0)]
    max_bytes: Annotated[int, Field(ge=1)]
    max_redirects: Annotated[int, Field(ge=0, le=20)]
    attempts: Annotated[int, Field(ge=1, le=10)]
    backoff_s: Annotated[float, Field(ge=0.0)]
    max_backoff_s: Annotated[float, Field(ge=0.0)]
    max_retry_after_s: Annotated[float, Field(ge=0.0)]
    breaker_window: Annotated[int, Field(ge=2)]
    breaker_share: Annotated[float, Field(gt=0.0, le=1.0)]
    breaker_pause_s: Annotated[float, Field(ge=0.0)]
    opt_outs: tuple[str, ...]
    placeholders: tuple[str, ...]
    user_agent: Annotated[str, Field(pattern=r"^[A-Za-z][ -~]*$")]
    allow_private: bool
    seed: int


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
    """Everything that decides what a run computes.

    Args:
        engine: What spreads the encoding of pictures: this process, or Ray.
    """

    name: str
    pictures: tuple[str, ...]
    teachers: tuple[str, ...]
    music: tuple[str, ...]
    licence_policy: Literal["research", "commercial"]
    image_encoder: EncoderChoice
    music_encoder: EncoderChoice
    engine: Literal["local", "ray"] = "local"
    curation: CurationRules
    dedupe: DedupeRules
    download: DownloadRules
    tags: TagRules
    pairs: PairRules
    bridge: BridgeRules
    refinement: RefinementRules
    board: BoardRules
    audio: AudioRules


def load_sources(folder: Path) -> Sources:
    """Read `sources.yaml` and `painters.yaml` from the configuration folder."""
    path = folder / "sources.yaml"
    values = {**_read(path), "painters": _read(folder / "painters.yaml")}
    return _validate(path, values, Sources)


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


def parse_yaml(text: str) -> Any:  # noqa: ANN401 (whatever the file holds)
    """Parse YAML by libyaml where PyYAML was built with it, which is ten times faster.

    Raises:
        yaml.YAMLError: It is none.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506 (both loaders are the safe one)


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
        values = parse_yaml(path.read_text(encoding="utf-8"))
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
