"""The bridge's report in Dagster: what people said of boards stands beside its figures.

How the figures come about is tested where they are made, the whole graph in test_graph.
"""

from datetime import UTC, datetime
from types import SimpleNamespace

import dagster as dg
import numpy as np
import pytest

from evoke_core.bridge.report import Truth, compare
from evoke_core.config.loading import load_run_profile
from evoke_core.reviews.ballot import Ballot, Choice, write_ballot
from evoke_core.reviews.inbox import BALLOTS
from evoke_core.storage.local import LocalStore
from evoke_pipelines.assets import bridge
from evoke_pipelines.environment import CONFIG_FOLDER


def say(store, rater, *, is_real):
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    choice = Choice("study-1", 1, is_real, "random", "ridge", at)
    ballot = Ballot(rater, rater, "neither", (), (choice,))
    store.write(f"{BALLOTS}{rater}.json", write_ballot(ballot))


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Materialise the report of two songs that find their pictures."""
    store, same = LocalStore(tmp_path), np.eye(2, dtype=np.float32)
    found = compare({"bridge": same}, same, Truth("planted", same > 0, same > 0))
    unread = dict.fromkeys(("music", "images", "track_ids", "folds", "supervision"))
    monkeypatch.setattr(bridge, "_training", lambda _: SimpleNamespace(**unread))
    monkeypatch.setattr(bridge, "cross_fit", lambda *_, **__: {})
    monkeypatch.setattr(bridge, "_compare", lambda *_: found)

    def run():
        done = dg.materialize(
            [bridge.bridge_report],
            resources={
                "store": store,
                "run_profile": load_run_profile(CONFIG_FOLDER, "demo"),
            },
        )
        [made] = done.asset_materializations_for_node("bridge_report")
        return {name: shown.value for name, shown in made.metadata.items()}

    return store, run


def test_an_answer_that_came_since_is_counted_and_none_computes_nothing(report):
    store, run = report
    assert "real_board_preferred" not in run()
    assert run()["recomputed"] is False

    say(store, "ann", is_real=True)

    assert "1.00" in run()["real_board_preferred"]
    say(store, "bo", is_real=False)
    assert "0.50" in run()["real_board_preferred"]
    assert run()["recomputed"] is False
