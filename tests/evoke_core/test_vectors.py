"""Arithmetic on embeddings, worked by hand and by property."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evoke_core import vectors
from evoke_core.vectors import (
    cosine_similarity,
    from_half_circle,
    l2_normalize,
    mean_pairwise_distance,
    on_half_circle,
    row_blocks,
    softmax,
    spaced_rows,
    weighted_mean,
)

AXES = np.eye(3, dtype=np.float32)
ROWS = arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(1, 6)),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)
COORDINATE = st.floats(-1, 1, width=32)


def test_three_four_becomes_point_six_point_eight():
    unit = l2_normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))

    assert unit.dtype == np.float32
    assert unit == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0]]))


def test_a_single_vector_keeps_its_shape():
    assert l2_normalize(np.array([0.0, -2.0])).tolist() == [0.0, -1.0]


@given(ROWS)
def test_rows_are_unit_length_or_zero(rows: np.ndarray):
    norms = np.linalg.norm(l2_normalize(rows), axis=1)

    assert np.where(rows.any(axis=1), norms, 1.0) == pytest.approx(1.0, abs=1e-6)
    assert not norms[~rows.any(axis=1)].any()


def test_cosines_compare_every_row_with_every_row():
    left = np.array([[2.0, 0.0], [1.0, 1.0]], np.float32)
    right = np.array([[5.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], np.float32)
    half = np.sqrt(0.5)

    found = cosine_similarity(left, right)

    assert found == pytest.approx(np.array([[1, 0, -1], [half, half, -half]]))


def test_a_mean_weighs_its_rows():
    rows = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)

    assert weighted_mean(rows, np.array([3, 1], np.float32)).tolist() == [0.75, 0.25]
    assert weighted_mean(rows, np.zeros(2, np.float32)).tolist() == [0.5, 0.5]


def test_distance_is_nought_of_equals_one_of_orthogonals_two_of_opposites():
    assert mean_pairwise_distance(AXES) == pytest.approx(1.0)
    assert mean_pairwise_distance(AXES[[0, 0]]) == pytest.approx(0.0)
    assert mean_pairwise_distance(np.stack([AXES[0], -AXES[0]])) == pytest.approx(2.0)
    # Of three pairs one agrees and two are orthogonal.
    assert mean_pairwise_distance(AXES[[0, 0, 1]]) == pytest.approx(2 / 3)


def test_fewer_than_two_vectors_have_no_distance():
    assert mean_pairwise_distance(AXES[:1]) == 0.0
    assert mean_pairwise_distance(AXES[:0]) == 0.0


def test_bent_axes_end_at_the_two_sides_of_the_half_circle():
    ends = on_half_circle(np.array([[-1.0], [0.0], [1.0]]))

    assert ends == pytest.approx(np.array([[0, -1], [1, 0], [0, 1]]), abs=1e-6)
    assert ends.dtype == np.float32


@given(COORDINATE, COORDINATE)
def test_bent_axes_are_read_back_at_any_scale(u: float, v: float):
    bent = on_half_circle(np.array([[u, v]]))

    assert from_half_circle(3 * bent)[0] == pytest.approx([u, v], abs=1e-5)


def test_spaced_rows_hold_both_ends_and_are_all_where_there_are_few():
    assert spaced_rows(9, 3).tolist() == [0, 4, 8]
    assert spaced_rows(2, 3).tolist() == [0, 1]
    assert spaced_rows(0, 3).tolist() == []


def test_shares_are_as_the_exponentials_however_large_the_logits():
    shares = softmax(np.array([[1e4, 1e4 + np.log(3)], [0.0, 0.0]]))

    assert shares == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))


def test_cosines_come_before_sines():
    bent = on_half_circle(np.array([0.0, 1.0]))

    assert bent == pytest.approx(np.array([1, 0, 0, 1]), abs=1e-6)


@given(COORDINATE, COORDINATE)
def test_the_product_of_bent_values_falls_with_their_distance(u: float, v: float):
    left, right = on_half_circle(np.array([[u], [v]]))

    assert left @ right == pytest.approx(np.cos(np.pi / 2 * (u - v)), abs=1e-5)


def test_coordinates_beyond_the_ends_are_clipped():
    assert on_half_circle(np.array([7.0])).tolist() == (
        on_half_circle(np.array([1.0])).tolist()
    )


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 60))
def test_blocks_take_every_row_once_in_order_within_so_many_cells(rows, columns, cells):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vectors, "CELLS_AT_ONCE", cells)
        blocks = list(row_blocks(rows, columns))
    taken = [range(rows)[block] for block in blocks]
    assert [row for some in taken for row in some] == list(range(rows))
    assert all(len(some) == 1 or len(some) * columns <= cells for some in taken)
    assert all(block.stop <= rows for block in blocks)
