"""Figures worked by hand on rankings of four to six items."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core import vectors
from evoke_core.evaluation import (
    Figure,
    Products,
    bootstrap,
    retrieval_figures,
)


def figures_of(scores, relevant):
    found = retrieval_figures(
        np.array(scores, np.float32), np.array(relevant, dtype=bool)
    )
    return {name: figure.value for name, figure in found.items()}


def test_one_ranking_by_hand():
    # relevant at ranks 2 and 4; of the four (relevant, other) pairs one is in order
    found = figures_of([[0.9, 0.8, 0.7, 0.6, 0.5, 0.4]], [[0, 1, 0, 1, 0, 0]])
    assert found == {
        "mrr": 0.5,
        "recall_at_1": 0.0,
        "recall_at_5": 1.0,
        "recall_at_10": 1.0,
        "precision_at_1": 0.0,
        "precision_at_5": pytest.approx(2 / 5),
        "auc": pytest.approx(5 / 8),
    }


def test_figures_are_means_over_queries():
    scores = [[3, 2, 1, 0], [3, 2, 1, 0]]
    found = figures_of(scores, [[1, 0, 0, 0], [0, 0, 0, 1]])
    assert found["mrr"] == pytest.approx((1 + 1 / 4) / 2)
    assert found["recall_at_1"] == found["precision_at_1"] == 0.5
    assert found["auc"] == 0.5


def test_a_perfect_ranking_scores_one_and_the_reverse_nothing():
    relevant = [[1, 1, 0, 0, 0, 0]]
    assert figures_of([[6, 5, 4, 3, 2, 1]], relevant)["auc"] == 1.0
    assert figures_of([[1, 2, 3, 4, 5, 6]], relevant)["auc"] == 0.0


def test_recall_counts_the_sixth_among_ten_but_not_among_five():
    found = figures_of([[6, 5, 4, 3, 2, 1]], [[0, 0, 0, 0, 0, 1]])
    assert (found["recall_at_5"], found["recall_at_10"]) == (0.0, 1.0)
    assert found["mrr"] == pytest.approx(1 / 6)


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_tie_is_worth_the_same_in_every_column(column):
    queries = 4000
    relevant = np.zeros((queries, 3), bool)
    relevant[:, column] = True
    found = retrieval_figures(np.ones((queries, 3), np.float32), relevant)
    # ranks 1, 2 and 3 are equally likely
    assert found["mrr"].value == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, abs=0.02)
    assert found["precision_at_1"].value == pytest.approx(1 / 3, abs=0.03)
    assert found["auc"].value == pytest.approx(0.5, abs=0.03)


def test_ties_fall_the_same_way_under_the_same_seed():
    scores, relevant = np.ones((50, 9), np.float32), np.eye(50, 9, dtype=bool)
    first, same, other = (
        retrieval_figures(scores, relevant, seed=seed)["mrr"] for seed in (1, 1, 2)
    )
    assert first == same
    assert first != other


def test_ten_thousand_queries_are_judged_in_little_memory(monkeypatch):
    values = np.random.default_rng(0).random(10_000)
    whole = bootstrap(values[:500])
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", 50_000)
    assert bootstrap(values[:500]) == whole  # parts draw what the whole draws
    tracemalloc.start()
    found = bootstrap(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6  # all draws at once would take 160 MB twice
    assert found.high - found.low == pytest.approx(4 * 0.2887 / 100, rel=0.1)


def test_queries_are_ranked_some_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    scores, relevant = rng.random((40, 12), np.float32), rng.random((40, 12)) < 0.2
    whole = retrieval_figures(scores, relevant)
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", 30)
    found = retrieval_figures(scores, relevant)
    assert {n: f.value for n, f in found.items()} == {
        n: pytest.approx(f.value) for n, f in whole.items()
    }


def test_where_everything_is_relevant_nothing_can_be_outscored():
    scores = np.array([[2, 1], [2, 1]], np.float32)
    found = retrieval_figures(scores, np.array([[1, 1], [0, 1]], bool))
    assert (found["auc"].value, found["auc"].n) == (0.0, 1)
    assert found["mrr"].n == 2
    found = retrieval_figures(scores, np.ones((2, 2), bool))
    assert np.isnan(found["auc"].value)
    assert (found["auc"].n, found["mrr"].value) == (0, 1.0)


@pytest.mark.parametrize("cells", [1, 40, 10**6])
def test_products_are_those_of_the_whole_table_however_many_are_asked(
    monkeypatch, cells
):
    rng = np.random.default_rng(0)
    queries, items = (rng.normal(size=(n, 5)).astype(np.float32) for n in (30, 17))
    items[9:] = items[9]  # as many equal scores as there are copies
    relevant = rng.random((30, 17)) < 0.2
    scores = queries.astype(np.float64) @ items.T.astype(np.float64)
    whole = retrieval_figures(scores.astype(np.float32), relevant)
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", cells)
    found = retrieval_figures(Products(queries, items), relevant)
    assert [f.value for f in found.values()] == pytest.approx(
        [f.value for f in whole.values()]
    )


def test_queries_without_a_relevant_item_are_left_out():
    found = retrieval_figures(
        np.array([[2, 1], [2, 1]], np.float32), np.array([[1, 0], [0, 0]], bool)
    )
    assert found["mrr"].n == 1
    assert found["mrr"].value == 1.0


def test_no_relevant_item_at_all_gives_no_figure():
    found = retrieval_figures(np.ones((2, 3), np.float32), np.zeros((2, 3), bool))
    assert found["mrr"].n == 0
    assert np.isnan(found["mrr"].value)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40))
def test_the_interval_contains_the_mean(values):
    figure = bootstrap(np.array(values))
    assert figure.low - 1e-6 <= figure.value <= figure.high + 1e-6
    assert figure.value == pytest.approx(np.mean(values), abs=1e-6)


def test_the_interval_of_a_fair_coin_is_that_of_the_binomial():
    figure = bootstrap(np.tile([0.0, 1.0], 200))
    assert figure.low == pytest.approx(0.5 - 1.96 * 0.5 / 20, abs=0.01)
    assert figure.high == pytest.approx(0.5 + 1.96 * 0.5 / 20, abs=0.01)


def test_the_same_seed_gives_the_same_interval():
    values = np.linspace(0, 1, 30) ** 3
    assert bootstrap(values, seed=4) == bootstrap(values, seed=4)
    assert bootstrap(values, seed=4) != bootstrap(values, seed=5)


def test_figures_compare_beyond_the_interval():
    standing = Figure(0.5, 0.4, 0.6, 10)
    assert Figure(0.4, 0.3, 0.5, 10).overlaps_or_exceeds(standing)
    assert not Figure(0.39, 0.3, 0.5, 10).overlaps_or_exceeds(standing)
    assert Figure(0.61, 0.5, 0.7, 10).exceeds(standing)
    assert not Figure(0.6, 0.5, 0.7, 10).exceeds(standing)


def test_what_could_not_be_judged_is_neither_worse_nor_better():
    known, unknown = Figure(0.5, 0.4, 0.6, 10), Figure(np.nan, np.nan, np.nan, 0)
    for one, other in ((known, unknown), (unknown, known), (unknown, unknown)):
        assert one.overlaps_or_exceeds(other)
        assert not one.exceeds(other)
