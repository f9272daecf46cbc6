"""Exact search: worked by hand, against a full sort, and on ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core import vectors
from evoke_core.index.exact import nearest
from evoke_core.vectors import l2_normalize


def test_the_nearest_come_first_with_their_cosine():
    embeddings = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    rows, scores = nearest(embeddings, np.array([[0, 1]], np.float32), 2)
    assert rows.tolist() == [[1, 2]]
    assert scores[0] == pytest.approx([1, 0.8])


def test_equal_rows_come_in_order_also_at_the_end_of_the_list():
    embeddings = np.tile(l2_normalize(np.ones((1, 7))), (50, 1))
    rows, scores = nearest(embeddings, embeddings[:3], 20)
    assert rows.tolist() == [list(range(20))] * 3
    assert len(set(scores.ravel().tolist())) == 1


def test_fewer_rows_than_asked_for_are_all_given():
    rows, _ = nearest(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), 9)
    assert rows.tolist() == [[0, 1, 2], [1, 0, 2], [2, 0, 1]]


def test_nothing_is_found_among_nothing():
    rows, scores = nearest(np.empty((0, 4), np.float32), np.ones((2, 4), np.float32), 5)
    assert rows.shape == scores.shape == (2, 0)


@pytest.mark.parametrize(("top_k", "length"), [(0, 4), (3, 5)])
def test_what_cant_be_asked_is_refused(top_k, length):
    with pytest.raises(ValueError, match="ask for at least 1"):
        nearest(np.ones((2, 4), np.float32), np.ones((1, length), np.float32), top_k)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 70))
def test_it_agrees_with_sorting_everything(seed, count, top_k):
    rng = np.random.default_rng(seed)
    embeddings = l2_normalize(rng.integers(-2, 3, (count, 3)) + 0.5)  # many are equal
    queries = rng.normal(size=(4, 3)).astype(np.float32)
    rows, scores = nearest(embeddings, queries, top_k)
    for query, found, score in zip(queries, rows, scores, strict=True):
        truth = (embeddings.astype(float) * query.astype(float)).sum(axis=1)
        assert found.tolist() == np.argsort(-truth, kind="stable")[:top_k].tolist()
        assert score.tolist() == truth[found].tolist()


def test_the_answer_does_not_depend_on_what_is_asked_together(monkeypatch):
    rng = np.random.default_rng(0)
    embeddings = l2_normalize(rng.normal(size=(500, 33)))
    queries = rng.normal(size=(11, 33)).astype(np.float32)
    together = nearest(embeddings, queries, 40)
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", 1500)  # three queries at a time
    for way in (nearest(embeddings, queries, 40), nearest(embeddings, queries[:1], 40)):
        for one, other in zip(way, together, strict=True):
            assert one.tolist() == other[: len(one)].tolist()
