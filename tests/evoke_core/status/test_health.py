"""The index is asked now, and what is wrong is said with its remedy."""

import pytest

from evoke_core.errors import IndexUnavailable
from evoke_core.index.image_index import Hit
from evoke_core.release import publish
from evoke_core.status.health import check_index, unreachable
from evoke_core.status.served import read_served
from tests.evoke_core.status import planted


class FakeIndex:
    """Finds exactly, in the collections that it holds; faults can be switched on."""

    def __init__(self, served, *, collections=(planted.COLLECTION,), alias=None):
        self.served = served
        self.collections = collections
        self.alias = alias or planted.COLLECTION
        self.rows = len(served)
        self.renamed = False
        self.shuffled = False
        self.client = self

    def has(self, name):
        return name in self.collections

    def require(self, name, dimension):
        if name not in self.collections:
            raise IndexUnavailable(f"{name} is not in the index; publish again")
        assert dimension == self.served.vectors.shape[1]

    def query(self, name, **_):
        return [{"count(*)": self.rows}]

    def served_collection(self):
        return self.alias

    def search(self, name, probes, *, top_k):
        scores = probes @ self.served.vectors.T
        order = (scores if self.shuffled else -scores).argsort(axis=1)[:, :top_k]
        if self.shuffled:
            order = order[:, : top_k // 2]
        names = [f"other{i}" if self.renamed else i for i in self.served.image_ids]
        return [[Hit(names[row], 0.0) for row in rows] for rows in order]


@pytest.fixture
def served(store):
    planted.plant_pictures(store)
    return read_served(store)


@pytest.fixture
def release(store):
    return planted.plant_release(store)


def test_a_whole_index_is_well(store, served, release):
    health = check_index(store, FakeIndex(served), release, served)
    assert health.is_well
    assert (health.count, health.recall, health.alias) == (18, 1.0, planted.COLLECTION)
    assert health.previous is None


def test_a_collection_that_has_gone_is_said(store, served, release):
    health = check_index(store, FakeIndex(served, collections=()), release, served)
    assert health.count is None
    assert health.recall is None
    assert any("is not in the index" in each for each in health.problems)


def test_an_alias_that_points_elsewhere_is_said(store, served, release):
    index = FakeIndex(served, alias="images_2_older")
    health = check_index(store, index, release, served)
    assert health.problems == (
        "the alias points elsewhere; run the job publish_release",
    )


def test_lost_rows_are_counted(store, served, release):
    index = FakeIndex(served)
    index.rows = 11
    health = check_index(store, index, release, served)
    assert "it holds 11 of 18 pictures" in health.problems[0]


def test_pictures_that_changed_since_are_not_called_a_bad_recall(
    store, served, release
):
    index = FakeIndex(served)
    index.renamed = True
    health = check_index(store, index, release, served)
    assert health.recall is None
    assert "pictures have changed since it was built" in health.problems[0]


def test_a_graph_that_misses_what_is_near_is_said(store, served, release):
    index = FakeIndex(served)
    index.shuffled = True
    health = check_index(store, index, release, served)
    assert health.recall < 0.98
    assert "of what is nearest" in health.problems[0]


def test_the_release_before_is_named_and_looked_for(store, served, release):
    later = planted.plant_release(store, collection="images_2_later")
    publish(store, release)
    index = FakeIndex(served, collections=(planted.COLLECTION, later.collection))
    health = check_index(store, index, release, served)
    assert health.previous == "images_2_later"
    assert health.previous_is_there
    assert health.is_well
    gone = check_index(store, FakeIndex(served), release, served)
    assert "images_2_later is gone" in gone.problems[0]


def test_an_index_that_is_away_is_told_without_figures(store, release):
    health = unreachable(store, release, "no server answers")
    assert not health.is_well
    assert health.count is health.recall is health.alias is None
