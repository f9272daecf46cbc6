"""A picture as its collection lists it: what every reader hands to the manifest."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture as its collection lists it; what it leaves open, the source fills."""

    source_key: str
    version: str
    title: str | None = None
    artist: str | None = None
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None
    keywords: tuple[str, ...] = ()
    family: str | None = None
    planted_valence: float | None = None
    planted_arousal: float | None = None
    duplicate_of: str | None = None
