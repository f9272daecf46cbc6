"""The demo's resources cut small: a few pictures, a dozen pieces. Not a test."""

from pathlib import Path
from typing import Any

from evoke_core.config.loading import load_run_profile, load_sources, load_vocabulary
from evoke_core.corpus.aesthetics import load_aesthetics
from evoke_core.corpus.licences import load_licences
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.memory.studio import StudioAccess
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.storage.local import LocalStore
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.resources import IndexAccess


def micro(home: Path, *, pictures: int = 20) -> dict[str, Any]:
    """Hand out every resource of the graph.

    Args:
        home: Store, index and weights lie below it.
        pictures: Painted ones.
    """
    sources = load_sources(CONFIG_FOLDER)
    painted = sources.pictures["painted"].model_copy(update={"quota": pictures})
    pieces = sources.music["synthesized"].model_copy(update={"quota": 1})
    return {
        "store": LocalStore(home / "store"),
        "run_profile": load_run_profile(CONFIG_FOLDER, "demo"),
        "sources": sources.model_copy(
            update={"pictures": {"painted": painted}, "music": {"synthesized": pieces}}
        ),
        "vocabulary": load_vocabulary(CONFIG_FOLDER),
        "licences": load_licences(CONFIG_FOLDER / "licences.yaml"),
        "aesthetics": load_aesthetics(CONFIG_FOLDER / "aesthetics.yaml"),
        "image_encoder": HandcraftedImageEncoder(),
        "music_encoder": HandcraftedMusicEncoder(),
        "index": IndexAccess(str(home / "milvus.db")),
        "memory_studio": StudioAccess(home / "weights"),
    }
