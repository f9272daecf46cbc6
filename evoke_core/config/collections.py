"""Where pictures and music come from: `sources.yaml` and `painters.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from evoke_core.config.fields import Frozen

# Names become partitions and folders, and a dot tells the shards of one apart.
CollectionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class PictureSource(Frozen):
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


class MusicLibrary(Frozen):
    """One library of music that the bridge learns from.

    Args:
        kind: Rendered in code, or any folder of songs.
        location: The folder.
        labels: Table of labels of its songs, CSV or TSV; null looks at the top of the
            folder for one.
        quota: Pieces per mood, of a synthesized one.
    """

    kind: Literal["synthesized", "folder"]
    release: str
    licence: str
    attribution: str
    location: str | None = None
    labels: str | None = None
    quota: Annotated[int, Field(gt=0)] | None = None
    seed: int = 0


class Sources(Frozen):
    """Every collection and library that a profile may name.

    Args:
        pictures: Collections by name.
        music: Libraries by name.
        painters: Year of death by the name that files go by; None for the living.
    """

    pictures: Mapping[CollectionName, PictureSource]
    music: Mapping[CollectionName, MusicLibrary]
    painters: Mapping[str, int | None] = Field(default_factory=dict)
