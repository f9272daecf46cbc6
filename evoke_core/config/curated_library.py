"""Which tracks anybody may have a board of without dropping them, by genre.

They are listed in `curated_library.yaml` and lie in the music libraries of
`sources.yaml`; finding and reading their audio is not here.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from evoke_core.config.collections import CollectionName, Sources
from evoke_core.config.fields import Frozen, require_once
from evoke_core.config.loading import read_mapping, validate
from evoke_core.errors import ConfigError

FILE = "curated_library.yaml"
GenreName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_NAME_CHARACTERS = 60


class CuratedTrack(Frozen):
    """One track of the curated library.

    Args:
        library: Of `sources.yaml`, under `music`.
        key: The track's path below that library.
        title: For people; its partition is named after it.
    """

    library: CollectionName
    key: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1, max_length=200)]


class CuratedLibrary(Frozen):
    """Tracks by genre, in the order of the file.

    Args:
        genres: At least one track each.
    """

    genres: Mapping[GenreName, Annotated[tuple[CuratedTrack, ...], Field(min_length=1)]]

    @property
    def tracks(self) -> dict[str, CuratedTrack]:
        """Return every track by its name, such as "jazz.blue-awning"."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, CuratedTrack]]:
        for genre, tracks in self.genres.items():
            for track in tracks:
                yield f"{genre}.{_slug(track)}", track

    @model_validator(mode="after")
    def _lists_each_once(self) -> "CuratedLibrary":
        require_once(name for name, _ in self._named())
        require_once(f"{one.library}/{one.key}" for _, one in self._named())
        return self


def load_curated_library(folder: Path, sources: Sources) -> CuratedLibrary:
    """Read `curated_library.yaml` from the configuration folder.

    Args:
        folder: Of the configuration.
        sources: What it may name.

    Raises:
        ConfigError: No such file, one that does not fit, or an unknown library.
    """
    path = folder / FILE
    curated = validate(path, read_mapping(path), CuratedLibrary)
    for name, track in curated.tracks.items():
        if track.library not in sources.music:
            known = ", ".join(sorted(sources.music))
            raise ConfigError(
                f"{FILE}: {name}: there is no music library {track.library!r}; "
                f"add it under music in sources.yaml, or choose one of: {known}"
            )
    return curated


def _slug(track: CuratedTrack) -> str:
    """Name a partition: Dagster cuts ranges and addresses from such names."""
    words = re.sub(r"[^a-z0-9]+", "-", track.title.lower()).strip("-")
    return words[:_NAME_CHARACTERS].strip("-") or Path(track.key).stem.lower()
