"""How many pictures and tracks carry each mood, so that gaps are seen.

How moods are named is `moods`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evoke_core.corpus.curation import SHOWN
from evoke_core.status.stored import read_known
from evoke_core.storage.store import Store


@dataclass(frozen=True, slots=True)
class MoodCount:
    """How often a mood was named, and as what share of all, 0 to 1."""

    mood: str
    pictures: int
    tracks: int
    picture_share: float
    track_share: float


def coverage_of(store: Store, moods: Sequence[str]) -> tuple[MoodCount, ...]:
    """Count the moods of served pictures and of whole tracks.

    Args:
        store: Where their tags are.
        moods: Of the vocabulary; one that nobody carries is counted, too.

    Returns:
        One a mood, the one with most pictures first; empty where nothing is tagged.
    """
    served = read_known(store, "curated_images", ["image_id", "status", "served"])
    served = served.filter(SHOWN)
    pictures = read_known(store, "image_tags", ["image_id", "moods"]).join(
        served, on="image_id", how="semi"
    )
    tracks = read_known(store, "track_tags", ["part", "moods"]).filter(part=0)
    if not pictures.height and not tracks.height:
        return ()
    named = [_counted(frame) for frame in (pictures, tracks)]
    known = dict.fromkeys([*moods, *sorted(set(named[0]) | set(named[1]))])
    counts = [
        MoodCount(
            mood=mood,
            pictures=named[0].get(mood, 0),
            tracks=named[1].get(mood, 0),
            picture_share=named[0].get(mood, 0) / max(pictures.height, 1),
            track_share=named[1].get(mood, 0) / max(tracks.height, 1),
        )
        for mood in known
    ]
    return tuple(sorted(counts, key=lambda one: (-one.pictures, -one.tracks, one.mood)))


def _counted(frame: pl.DataFrame) -> dict[str, int]:
    moods = frame.select(pl.col("moods").explode()).drop_nulls()
    return dict(moods.group_by("moods").len().iter_rows())
