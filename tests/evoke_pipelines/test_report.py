"""The status page in Dagster: drawn when anything changed, whatever is missing."""

from contextlib import contextmanager

import dagster as dg
import pytest

from evoke_core.config.loading import load_vocabulary
from evoke_core.errors import IndexUnreachable
from evoke_pipelines.assets import report as module
from evoke_pipelines.environment import CONFIG_FOLDER
from tests.evoke_core.status import planted


class AwayIndex:
    """No server answers."""

    def __init__(self, why: str = "no server answers; start it") -> None:
        self.why = why

    @contextmanager
    def open(self):
        raise IndexUnreachable(self.why)
        yield


@pytest.fixture
def materialize(store):
    def run(index: object = None) -> dict[str, object]:
        done = dg.materialize(
            [module.evoke_report],
            resources={
                "store": store,
                "vocabulary": load_vocabulary(CONFIG_FOLDER),
                "index": index or AwayIndex(),
            },
        )
        [made] = done.asset_materializations_for_node("evoke_report")
        return {name: shown.value for name, shown in made.metadata.items()}

    return run


def test_page_and_picture_are_stored_and_shown_with_their_counts(store, materialize):
    planted.plant_store(store)
    shown = materialize()
    assert store.read(module.PAGE).startswith(b"<!doctype html>")
    assert store.read(module.POSTER).startswith(b"\x89PNG")
    assert shown["status"].startswith("![](data:image/")
    assert str(shown["stored_at"]).endswith("reports/evoke.html")
    assert shown["headline"] == "18 pictures, 5 tracks, 2 boards"
    assert (shown["pictures_listed"], shown["pictures_served"]) == (24, 18)
    assert (shown["drops_waiting"], shown["drops_set_aside"]) == (2, 1)


def test_an_index_that_is_away_is_a_finding_and_no_failure(store, materialize):
    planted.plant_store(store)
    assert materialize()["index"] == "No server answers; start it."


def test_an_empty_store_has_a_page(store, materialize):
    shown = materialize()
    assert shown["headline"] == "0 pictures, 0 tracks, 0 boards"
    assert shown["index"] == "Nothing has been released yet."


def test_the_same_status_is_drawn_once(store, materialize):
    planted.plant_store(store)
    assert materialize()["recomputed"]
    before = store.etag(module.PAGE)
    assert not materialize()["recomputed"]
    assert store.etag(module.PAGE) == before
    store.delete(module.POSTER)
    assert materialize()["recomputed"]


def test_an_index_that_answers_otherwise_is_told(store, materialize):
    planted.plant_store(store)
    assert materialize()["index"] == "No server answers; start it."
    assert materialize(AwayIndex("its disk is full"))["index"] == "Its disk is full."


def test_it_is_made_anew_when_a_board_has_come(store, materialize):
    planted.plant_store(store)
    materialize()
    planted.plant_board(store, "new-1")
    assert materialize()["boards_stored"] == 3
