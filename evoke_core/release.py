"""The one small file that says what belongs together and is served now.

Readers follow it and nothing else. It holds the release before it, too, so that
publishing and rolling back are one write each: whenever it is cut off, readers see one
whole release and none is lost. Whether the index still has a release's collection is
not known here; see `publish.roll_back_release`.
"""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from pydantic import TypeAdapter

from evoke_core.errors import ReleaseMissing
from evoke_core.storage.store import Store, digest

CURRENT = "release.json"
SCHEMA = "evoke.release/2"

_NAME, _, _VERSION = SCHEMA.partition("/")
_PREVIOUS_OF_SCHEMA_1 = "release.previous.json"  # it was a file of its own


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
        verdict: Why the gate let it serve, in a sentence.
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
    verdict: str = ""

    @property
    def release_id(self) -> str:
        """Return a digest of what it names, without the time it was made."""
        named = {
            k: v
            for k, v in asdict(self).items()
            if k not in ("made_at", "figures", "verdict")
        }
        if self.calibration is None:
            del named["calibration"]  # so that an older release keeps its id
        return digest(named)


_RELEASES: TypeAdapter[Release] = TypeAdapter(Release)


def read_release(store: Store) -> Release:
    """Read what is served now.

    Raises:
        ReleaseMissing: Nothing has been published yet, or the file holds none, or one
            of a later version's schema.
    """
    return _release_of(_read_current(store))


def read_release_or_none(store: Store) -> Release | None:
    """Read what is served now, or None before the first release."""
    return read_release(store) if store.exists(CURRENT) else None


def read_previous_release(store: Store) -> Release:
    """Read what rolling back would serve.

    Raises:
        ReleaseMissing: Nothing was served before the present release.
    """
    previous = _previous_or_none(store)
    if previous is None:
        raise ReleaseMissing(
            f"there is no previous release to roll back to in {store.uri}; the next "
            "run of publish_release that changes something keeps the present one"
        )
    return previous


def publish(store: Store, release: Release) -> None:
    """Serve a release from now on; the present one becomes the previous.

    Publishing what is served already keeps the previous one as it is. Two that publish
    at once could each drop the other's; runs that do share a pool.
    """
    previous = read_release_or_none(store)
    if previous is not None and previous.release_id == release.release_id:
        previous = _previous_or_none(store)
    store.write(CURRENT, _as_json(release, previous))
    store.delete(_PREVIOUS_OF_SCHEMA_1)  # it names what is no longer the previous


def roll_back(store: Store) -> Release:
    """Serve the previous release again; doing it twice returns to where one was.

    Raises:
        ReleaseMissing: There is no previous release.
    """
    previous = read_previous_release(store)
    publish(store, previous)
    return previous


def _read_current(store: Store) -> dict[str, Any]:
    try:
        read = json.loads(store.read(CURRENT))
        _require_known_schema(read, store)
        return _object_of(read)
    except KeyError as absent:
        raise ReleaseMissing(
            f"no release in {store.uri}; run the jobs refresh_corpus, fit_bridge and "
            "publish_release once (make demo runs all three)"
        ) from absent
    except (ValueError, RecursionError) as damaged:
        raise ReleaseMissing(
            f"{store.locate(CURRENT)} holds no release ({damaged}); restore it from a "
            "copy, or delete it and run publish_release"
        ) from damaged


def _previous_or_none(store: Store) -> Release | None:
    current = _read_current(store)
    try:
        if "previous" in current:
            return _release_of(current["previous"]) if current["previous"] else None
        # an older version wrote here last
        read = json.loads(store.read(_PREVIOUS_OF_SCHEMA_1))
        previous = _release_of(_object_of(read))
    except (KeyError, ValueError, RecursionError):
        return None  # nothing there that could be served again
    # It copied the present one first: cut off there, it had lost the one before.
    is_lost = previous.release_id == _release_of(current).release_id
    return None if is_lost else previous


def _require_known_schema(read: object, store: Store) -> None:
    """Refuse the file of a later version, whose fields may mean something else."""
    schema = str(read.get("schema", "")) if isinstance(read, dict) else ""
    name, _, version = schema.partition("/")
    if name == _NAME and version.isdecimal() and int(version) > int(_VERSION):
        raise ReleaseMissing(
            f"{store.locate(CURRENT)} has the schema {schema}, this version of Evoke "
            f"reads up to {SCHEMA}; run the later version that wrote it, or delete the "
            "file and run publish_release to serve what this version makes"
        )


def _object_of(read: object) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise ValueError(f"a JSON {type(read).__name__}, no object")  # noqa: TRY004
    # What came later has a default, so that an older file is still read.
    needed = {each.name for each in fields(Release) if each.default is MISSING}
    absent = needed - set(read)
    if absent:
        raise ValueError(f"it says nothing of {', '.join(sorted(absent))}")
    _release_of(read)
    return read


def _release_of(raw: object) -> Release:
    """Read a release, whatever else a later version may have written beside it.

    Raises:
        ValueError: Something is absent, or of another kind.
    """
    return _RELEASES.validate_python(raw)


def _as_json(release: Release, previous: Release | None) -> bytes:
    file = _named(release) | {"previous": previous and _named(previous)}
    return json.dumps(file, indent=2, sort_keys=True).encode()


def _named(release: Release) -> dict[str, Any]:
    return {"schema": SCHEMA, "release_id": release.release_id, **asdict(release)}
