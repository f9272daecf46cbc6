"""What serves next: the gate's verdict, models under their digest, one file."""

from dataclasses import replace

import numpy as np
import pytest

from evoke_core.errors import IndexUnavailable, ReleaseMissing
from evoke_core.latest import CALIBRATION, DIRECTIONS, projection_key
from evoke_core.publish import (
    Ingredients,
    collections_to_keep,
    has_served_collection,
    publish_ingredients,
    roll_back_release,
)
from evoke_core.release import CURRENT, read_previous_release, read_release
from evoke_core.storage.local import LocalStore
from evoke_core.storage.store import digest
from evoke_core.storage.tables import read_arrays, write_arrays

METRICS = ("mrr", "precision_at_5", "auc")


def report(**values):
    figures = {
        kind: {
            metric: {"value": v, "low": v - 0.05, "high": v + 0.05, "n": 20}
            for metric in METRICS
        }
        for kind, v in values.items()
    }
    return {"truth": "planted", "figures": {"label": {"music_to_image": figures}}}


FIRST = Ingredients(
    collection="images_1",
    report=report(bridge=0.6, ridge=0.5),
    image_encoder="painter/1",
    music_encoder="listener/1",
    vocabulary="v1",
    licence="MIT",
    pictures=12,
    sources=("painted",),
)


def fit(store, value):
    """Stand in for a fit: the latest models, told apart by a number."""
    for kind in ("bridge", "ridge"):
        arrays = {"weight": np.full((2, 2), value, np.float32)}
        key = projection_key(kind)
        write_arrays(store, key, arrays, {"kind": kind})
    axes = {"directions": np.eye(4, dtype=np.float32)}
    write_arrays(store, DIRECTIONS, axes, {})
    write_arrays(store, CALIBRATION, axes, {})


def test_the_calibration_of_moods_is_fixed_with_the_release(store):
    release, _ = publish_ingredients(store, FIRST, made_at="day 1")
    kept = store.read(release.calibration)

    write_arrays(store, CALIBRATION, {"mean": np.zeros(3, np.float32)}, {})

    assert store.read(read_release(store).calibration) == kept


def has_no_previous(store):
    try:
        return read_previous_release(store) is None
    except ReleaseMissing:
        return True


def weight_of(store, release):
    arrays, card = read_arrays(store, release.projection)
    assert card["kind"] == release.kind
    return float(arrays["weight"][0, 0])


@pytest.fixture
def store(tmp_path):
    made = LocalStore(tmp_path)
    fit(made, 1.0)
    return made


def test_the_first_release_serves_the_best_and_records_its_figures(store):
    release, verdict = publish_ingredients(store, FIRST, made_at="day 1")
    assert verdict.is_new
    assert read_release(store) == release
    assert (release.kind, release.truth, release.made_at) == (
        "bridge", "planted", "day 1",
    )  # fmt: skip
    assert (
        release.figures == FIRST.report["figures"]["label"]["music_to_image"]["bridge"]
    )


def test_what_serves_lies_under_its_digest_and_a_later_fit_leaves_it(store):
    release, _ = publish_ingredients(store, FIRST, made_at="day 1")
    name = f"models/{digest(store.read(release.projection))}.safetensors"
    assert release.projection == name
    fit(store, 2.0)
    assert weight_of(store, read_release(store)) == 1.0


def test_a_refused_candidate_leaves_the_old_release(store):
    before, _ = publish_ingredients(store, FIRST, made_at="day 1")
    kept = store.read(CURRENT)
    fit(store, 2.0)
    worse = replace(FIRST, report=report(bridge=0.2, ridge=0.3))
    after, verdict = publish_ingredients(store, worse, made_at="day 2")
    assert not verdict.is_new
    assert after == before
    assert store.read(CURRENT) == kept
    assert has_no_previous(store)


def test_new_pictures_are_served_by_the_old_projection_where_the_gate_keeps_it(store):
    before, _ = publish_ingredients(store, FIRST, made_at="day 1")
    fit(store, 2.0)
    more = replace(
        FIRST, report=report(bridge=0.61), collection="images_2", pictures=13
    )
    after, verdict = publish_ingredients(store, more, made_at="day 2")
    assert not verdict.is_new
    assert after.collection == "images_2"
    assert after.projection == before.projection
    assert after.figures == before.figures
    assert read_release(store) == after


def test_a_better_candidate_replaces_the_old_one_which_is_kept_for_roll_back(store):
    before, _ = publish_ingredients(store, FIRST, made_at="day 1")
    fit(store, 2.0)
    better = replace(FIRST, report=report(bridge=0.6, ridge=0.9))
    after, verdict = publish_ingredients(store, better, made_at="day 2")
    assert verdict.is_new
    assert after.kind == "ridge"
    assert weight_of(store, after) == 2.0
    assert read_previous_release(store) == before
    assert store.exists(before.projection)


@pytest.mark.parametrize(
    "change",
    [
        {"image_encoder": "painter/2"},
        {"music_encoder": "listener/2"},
        {"sources": ("folder", "painted")},
    ],
)
def test_figures_of_another_encoder_or_corpus_stand_in_nobodys_way(store, change):
    publish_ingredients(store, FIRST, made_at="day 1")
    fit(store, 2.0)
    other = replace(FIRST, report=report(bridge=0.2), **change)
    after, verdict = publish_ingredients(store, other, made_at="day 2")
    assert verdict.is_new
    assert weight_of(store, after) == 2.0


def test_figures_of_another_truth_stand_in_nobodys_way(store):
    publish_ingredients(store, FIRST, made_at="day 1")
    fit(store, 2.0)
    other = replace(FIRST, report=report(bridge=0.2) | {"truth": "tags"})
    after, verdict = publish_ingredients(store, other, made_at="day 2")
    assert verdict.is_new
    assert after.truth == "tags"
    assert weight_of(store, after) == 2.0


def test_what_was_built_otherwise_in_an_older_version_does_not_go_on_serving(store):
    publish_ingredients(store, FIRST, made_at="day 1")
    wider = {"weight": np.full((2, 3), 2.0, np.float32)}
    write_arrays(store, projection_key("bridge"), wider, {"kind": "bridge"})

    release, verdict = publish_ingredients(store, FIRST, made_at="day 2")

    assert verdict.is_new
    assert read_arrays(store, release.projection)[0]["weight"].shape == (2, 3)


def test_publishing_the_same_again_changes_nothing(store):
    first, _ = publish_ingredients(store, FIRST, made_at="day 1")
    again, _ = publish_ingredients(store, FIRST, made_at="day 2")
    assert again == first
    assert read_release(store).made_at == "day 1"
    assert has_no_previous(store)


class Collections:
    """What publishing and rolling back ask of the index."""

    def __init__(self, *names):
        self.names, self.served, self.dimensions = names, None, []

    def has(self, name):
        return name in self.names

    def require(self, name, dimension):
        self.dimensions.append(dimension)
        if name not in self.names:
            raise IndexUnavailable(f"{name} is not in the index")

    def point(self, name):
        self.served = name

    def served_collection(self):
        return self.served

    def serve(self, name, *, keep):
        self.point(name)
        self.names = tuple(each for each in self.names if each in (name, *keep))


@pytest.fixture
def two_releases(store):
    """Publish twice, and return both."""
    older, _ = publish_ingredients(store, FIRST, made_at="day 1")
    fit(store, 2.0)
    better = replace(FIRST, collection="images_2", report=report(bridge=0.9))
    newer, _ = publish_ingredients(store, better, made_at="day 2")
    return older, newer


def test_rolling_back_serves_the_release_before_with_its_collection(
    store, two_releases
):
    older, newer = two_releases
    index = Collections("images_1", "images_2")
    assert roll_back_release(store, index) == older == read_release(store)
    assert index.served == "images_1"
    assert weight_of(store, read_release(store)) == 1.0
    assert roll_back_release(store, index) == newer == read_release(store)
    assert index.served == "images_2"
    assert index.dimensions == [4, 4]  # of the directions


def test_a_release_whose_collection_has_gone_is_not_served_again(store, two_releases):
    index = Collections("images_2")
    with pytest.raises(IndexUnavailable, match="images_1"):
        roll_back_release(store, index)
    assert read_release(store) == two_releases[1]
    assert index.served is None


@pytest.mark.parametrize("part", ["projection", "directions", "calibration"])
def test_a_release_whose_models_have_gone_is_not_served_again(
    store, two_releases, part
):
    fit(store, 3.0)
    key = getattr(two_releases[0], part)
    store.delete(key)
    with pytest.raises(ReleaseMissing, match=f"{key} is not in"):
        roll_back_release(store, Collections("images_1", "images_2"))
    assert read_release(store) == two_releases[1]


@pytest.mark.parametrize("last", ["images_2", "images_3"])
def test_of_two_that_publish_at_once_neither_drops_what_the_other_published(
    store, last
):
    index = Collections("images_1", "images_2", "images_3")
    publish_ingredients(store, FIRST, made_at="day 1")
    index.point("images_1")
    for name in ("images_2", "images_3"):
        publish_ingredients(store, replace(FIRST, collection=name), made_at="day 2")
    first = ({"images_2", "images_3"} - {last}).pop()

    for name in (first, last):
        index.serve(name, keep=collections_to_keep(store, index))

    assert {"images_2", "images_3"} <= set(index.names)


def test_what_another_has_published_since_the_file_was_read_is_kept(
    store, two_releases
):
    index = Collections("images_1", "images_2", "images_3")
    index.point("images_3")
    assert collections_to_keep(store, index) == ["images_1", "images_2", "images_3"]


def test_what_was_served_before_the_previous_release_is_not_kept(store, two_releases):
    index = Collections("images_0", "images_1", "images_2")
    index.point("images_2")
    assert collections_to_keep(store, index) == ["images_1", "images_2"]


def test_a_first_release_keeps_its_own_collection(store):
    publish_ingredients(store, FIRST, made_at="day 1")
    assert collections_to_keep(store, Collections()) == ["images_1"]


def test_a_first_release_cant_be_rolled_back(store):
    publish_ingredients(store, FIRST, made_at="day 1")
    with pytest.raises(ReleaseMissing, match="no previous release"):
        roll_back_release(store, Collections("images_1"))


def test_what_is_served_is_there_or_lost(store):
    assert has_served_collection(store, Collections())
    publish_ingredients(store, FIRST, made_at="day 1")
    assert has_served_collection(store, Collections("images_1"))
    assert not has_served_collection(store, Collections("images_2"))


def test_a_release_says_why_it_serves_also_when_it_is_published_again(store):
    first, verdict = publish_ingredients(store, FIRST, made_at="day 1")
    again, _ = publish_ingredients(store, FIRST, made_at="day 2")
    assert first.verdict == again.verdict == verdict.reason
