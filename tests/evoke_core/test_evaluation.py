"""Figures worked by hand on rankings of four to six items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.evaluation import (
    Figure,
    board_consistency,
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


def test_ties_are_ranked_by_column():
    assert figures_of([[1, 1, 1]], [[0, 1, 0]])["mrr"] == 0.5


def test_where_everything_is_relevant_the_area_is_whole():
    assert figures_of([[1, 2]], [[1, 1]])["auc"] == 1.0


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


def test_consistency_by_hand():
    angles = np.radians([0, 10, 90])
    queries = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    boards = [{"a", "b", "c"}, {"b", "c", "d"}, {"c", "x", "y"}]
    near, far = board_consistency(queries, boards)
    # nearest: 0-1, 1-0, 2-1; farthest: 0-2, 1-2, 2-0
    assert near == pytest.approx((2 / 4 + 2 / 4 + 1 / 5) / 3)
    assert far == pytest.approx((1 / 5 + 1 / 5 + 1 / 5) / 3)


def test_two_boards_say_nothing_about_consistency():
    found = board_consistency(np.eye(2, dtype=np.float32), [{"a"}, {"a"}])
    assert np.isnan(found).all()
