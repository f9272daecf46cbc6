"""Where things are, read from the environment and from nowhere else."""

from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from evoke_core.config.collections import Sources
from evoke_core.config.loading import (
    load_run_profile,
    load_sources,
    with_picture_folder,
)
from evoke_core.config.memory import TINY
from evoke_core.config.profile import RunProfile
from evoke_core.errors import ConfigError

CONFIG_FOLDER = Path(__file__).resolve().parent.parent / "assets_config"


@dataclass(frozen=True, slots=True)
class Environment:
    """Addresses of this installation.

    Args:
        home: Folder of everything local (EVOKE_HOME).
        store: file:// or s3:// address (EVOKE_STORE).
        milvus: Lite file or server address (EVOKE_MILVUS_URI).
        profile: Name of the run profile (EVOKE_PROFILE).
        images: Folder of a user's own pictures, or None (EVOKE_IMAGES).
        weights: Folder of pretrained weights (EVOKE_WEIGHTS).
        memory: "tiny" to draw images by tiny random models (EVOKE_MEMORY); else "".
    """

    home: Path
    store: str
    milvus: str
    profile: str
    images: Path | None
    weights: Path
    memory: str


def read_environment() -> Environment:
    """Read the environment now; what is empty counts as absent."""
    home = Path(_value("EVOKE_HOME", ".evoke")).resolve()
    images = _value("EVOKE_IMAGES", "")
    return Environment(
        home=home,
        store=_value("EVOKE_STORE", (home / "store").as_uri()),
        milvus=_value("EVOKE_MILVUS_URI", str(home / "milvus.db")),
        profile=_value("EVOKE_PROFILE", "demo"),
        images=Path(images).resolve() if images else None,
        weights=Path(_value("EVOKE_WEIGHTS", str(home / "weights"))),
        memory=_value("EVOKE_MEMORY", ""),
    )


def read_configuration(environment: Environment) -> tuple[RunProfile, Sources]:
    """Load the run profile and the sources that this environment asks for.

    Raises:
        ConfigError: The profile does not exist or does not fit its schema.
    """
    profile = load_run_profile(CONFIG_FOLDER, environment.profile)
    if environment.memory:
        if environment.memory != "tiny":
            raise ConfigError(
                f"EVOKE_MEMORY={environment.memory}: tiny is the one value; for real "
                "weights take a profile with a section memory:, as memory.yaml has"
            )
        profile = profile.model_copy(update={"memory": TINY})
    sources = load_sources(CONFIG_FOLDER)
    if environment.images is not None:
        return with_picture_folder(profile, sources, environment.images)
    return profile, sources


def _value(name: str, default: str) -> str:
    return dg.EnvVar(name).get_value(default) or default
