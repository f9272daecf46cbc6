"""The one small file that says what belongs together and is served now.

Readers follow it and nothing else; it is replaced in one step, and the file before it
is kept, so that rolling back is putting that one back.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from evoke_core.errors import ReleaseMissing
from evoke_core.storage.store import Store, digest

CURRENT = "release.json"
PREVIOUS = "release.previous.json"
SCHEMA = "evoke.release/1"


@dataclass(frozen=True, slots=True)
class Release:
    """What a board is made from.

    Args:
        collection: Milvus collection of the pictures.
        projection: Store key of the serving projection, and its kind.
        kind: Kind of the projection: the bridge, or the rival that beats it.
        truth: What the gate judged it by.
        directions: Store key of the slider directions.
        vocabulary: Digest of the mood vocabulary.
        image_encoder: Fingerprint.
        music_encoder: Fingerprint.
        licence: Strictest licence among what it was made with.
        pictures: How many boards may show.
        sources: Collections that taught and are shown.
        made_at: ISO 8601, UTC.
        figures: Of the serving projection, for the next gate.
        calibration: Store key of the library's calibration of moods; None of a release
            that was made before there was one.
    """

    collection: str
    projection: str
    kind: str
    truth: str
    directions: str
    vocabulary: str
    image_encoder: str
    music_encoder: str
    licence: str
    pictures: int
    sources: tuple[str, ...]
    made_at: str
    figures: dict[str, Any]
    calibration: str | None = None

    @property
    def release_id(self) -> str:
        """Return a digest of what it names, without the time it was made."""
        named = {
            k: v for k, v in asdict(self).items() if k not in ("made_at", "figures")
        }
        if self.calibration is None:
            del named["calibration"]  # so that an older release keeps its id
        return digest(named)


def read_release(store: Store) -> Release:
    """Read what is served now.

    Raises:
        ReleaseMissing: Nothing has been published yet.
    """
    try:
        raw = json.loads(store.read(CURRENT))
    except KeyError as absent:
        raise ReleaseMissing(
            f"no release in {store.uri}; run the jobs refresh_corpus, fit_bridge and "
            "publish_release once (make demo runs all three)"
        ) from absent
    named = {name: raw[name] for name in raw if name not in ("schema", "release_id")}
    return Release(**{**named, "sources": tuple(named["sources"])})


def read_release_or_none(store: Store) -> Release | None:
    """Read what is served now, or None before the first release."""
    try:
        return read_release(store)
    except ReleaseMissing:
        return None


def publish(store: Store, release: Release) -> None:
    """Serve a release from now on; the present one becomes the previous."""
    if store.exists(CURRENT):
        store.write(PREVIOUS, store.read(CURRENT))
    store.write(CURRENT, _as_json(release))


def roll_back(store: Store) -> Release:
    """Serve the previous release again; doing it twice returns to where one was.

    Raises:
        ReleaseMissing: There is no previous release.
    """
    try:
        previous = store.read(PREVIOUS)
    except KeyError as absent:
        raise ReleaseMissing("there is no previous release to roll back to") from absent
    current = store.read(CURRENT)
    store.write(CURRENT, previous)
    store.write(PREVIOUS, current)
    return read_release(store)


def _as_json(release: Release) -> bytes:
    named = {"schema": SCHEMA, "release_id": release.release_id, **asdict(release)}
    return json.dumps(named, indent=2, sort_keys=True).encode()
