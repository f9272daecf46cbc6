"""Put a release together: ask the gate, fix what serves under its digest, publish.

And take one back: the release before is served again, if all that it names is there.

Models of the latest fit lie under `models/latest/` and are overwritten; a release
names copies under their digest, which nothing overwrites.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from evoke_core.bridge.gate import Verdict, decide
from evoke_core.errors import ReleaseMissing
from evoke_core.evaluation import Figure
from evoke_core.index.image_index import ImageIndex
from evoke_core.latest import CALIBRATION, DIRECTIONS, projection_key
from evoke_core.release import (
    Release,
    publish,
    read_previous_release,
    read_release,
    read_release_or_none,
    roll_back,
)
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import read_arrays


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a release is made from, all of one run.

    Args:
        collection: Verified collection in the index.
        report: Content of `reports/bridge_report.json`.
        image_encoder: Fingerprint.
        music_encoder: Fingerprint.
        vocabulary: Digest of the vocabulary.
        licence: Strictest licence of what went in.
        pictures: How many boards may show.
        sources: Collections that taught and are shown.
    """

    collection: str
    report: Mapping[str, Any]
    image_encoder: str
    music_encoder: str
    vocabulary: str
    licence: str
    pictures: int
    sources: tuple[str, ...]


def publish_ingredients(
    store: Store, ingredients: Ingredients, *, made_at: str
) -> tuple[Release, Verdict]:
    """Publish what the gate lets through; a refused candidate leaves the old one.

    Args:
        store: Where models and the release lie.
        ingredients: Of the new release.
        made_at: ISO 8601, UTC.
    """
    serving = read_release_or_none(store)
    if serving is not None and not (
        _comparable(serving, ingredients) and _is_built_alike(store, serving)
    ):
        serving = None
    verdict = decide(_figures(ingredients.report), _standing(serving))
    if verdict.is_new or serving is None:
        projection = _fix(store, projection_key(verdict.serves))
        figures = _plain(_figures(ingredients.report)[verdict.serves])
    else:
        projection, figures = serving.projection, serving.figures
    release = Release(
        collection=ingredients.collection,
        projection=projection,
        kind=verdict.serves,
        truth=str(ingredients.report["truth"]),
        directions=_fix(store, DIRECTIONS),
        vocabulary=ingredients.vocabulary,
        image_encoder=ingredients.image_encoder,
        music_encoder=ingredients.music_encoder,
        licence=ingredients.licence,
        pictures=ingredients.pictures,
        sources=ingredients.sources,
        made_at=made_at,
        figures=figures,
        calibration=_fix(store, CALIBRATION),
        verdict=verdict.reason,
    )
    current = read_release_or_none(store)
    if current is None or current.release_id != release.release_id:
        publish(store, release)
        return release, verdict
    return current, verdict


def roll_back_release(store: Store, index: ImageIndex) -> Release:
    """Serve the previous release again, if it still can be; twice is back again.

    The release that is left stays the previous one, and its collection in the index.

    Args:
        store: Where models and the release lie.
        index: An open connection.

    Returns:
        What is served now.

    Raises:
        ReleaseMissing: There is no previous release, or a model of it has gone.
        IndexUnavailable: Its collection has gone, or is another than it was.
    """
    previous = read_previous_release(store)
    models = [previous.projection, previous.directions, previous.calibration]
    lost = [key for key in models if key is not None and not store.exists(key)]
    if lost:
        raise ReleaseMissing(
            f"release {previous.release_id} can't be served again: {lost[0]} is not in "
            f"{store.uri}; restore it from a copy, or publish a new release"
        )
    directions, _ = read_arrays(store, previous.directions)
    index.require(previous.collection, directions["directions"].shape[1])
    # The alias first: cut off here, the same roll-back can be asked for once more.
    index.point(previous.collection)
    return roll_back(store)


def collections_to_keep(store: Store, index: ImageIndex) -> list[str]:
    """Name the collections that a publisher may not drop, each once.

    They are those of the present and the previous release, and the one that the alias
    points at: where two publish at once, the other may have moved either just now.

    Args:
        store: Where the release lies.
        index: An open connection.
    """
    named = [read_release(store).collection, index.served_collection()]
    with suppress(ReleaseMissing):
        named.append(read_previous_release(store).collection)
    return sorted({each for each in named if each is not None})


def has_served_collection(store: Store, index: ImageIndex) -> bool:
    """Say whether the index holds what readers are sent to; True before a release."""
    release = read_release_or_none(store)
    return release is None or index.has(release.collection)


def _comparable(serving: Release, new: Ingredients) -> bool:
    """Say whether the serving projection fits the present encoders, corpus and truth.

    Figures of another corpus or truth say nothing about these: the gate starts afresh.
    """
    return (
        serving.image_encoder,
        serving.music_encoder,
        serving.sources,
        serving.truth,
    ) == (
        new.image_encoder,
        new.music_encoder,
        new.sources,
        str(new.report["truth"]),
    )


def _is_built_alike(store: Store, serving: Release) -> bool:
    """Say whether what serves is laid out as a fit of its kind is now.

    Vectors of another length, or a kind that was built otherwise in an older version,
    can't go on serving.
    """
    latest = projection_key(serving.kind)
    try:
        old, new = (read_arrays(store, key)[0] for key in (serving.projection, latest))
    except (KeyError, ValueError):
        return False
    return {name: array.shape for name, array in old.items()} == {
        name: array.shape for name, array in new.items()
    }


def _figures(report: Mapping[str, Any]) -> dict[str, dict[str, Figure]]:
    judged = report["figures"]["label"]["music_to_image"]
    return {
        kind: {metric: Figure(**figure) for metric, figure in figures.items()}
        for kind, figures in judged.items()
    }


def _standing(serving: Release | None) -> tuple[str, dict[str, Figure]] | None:
    if serving is None:
        return None
    figures = {metric: Figure(**figure) for metric, figure in serving.figures.items()}
    return serving.kind, figures


def _plain(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {metric: asdict(figure) for metric, figure in figures.items()}


def _fix(store: Store, latest: str) -> str:
    """Copy a model under its digest, where nothing overwrites it."""
    packed = store.read(latest)
    key = f"models/{digest(packed)}.safetensors"
    if not store.exists(key):
        store.write(key, packed)
    return key
