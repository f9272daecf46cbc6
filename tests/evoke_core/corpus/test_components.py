"""Components are what walking from hash to near hash reaches; see test_hamming, too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.corpus import hamming
from evoke_core.corpus.components import hamming_components, mirrored_components

# Of few bits, so that many lie near each other.
HASH = st.integers(0, 2**6 - 1).map(lambda low: low * 0x0101_0101)
PICTURE = st.lists(HASH, min_size=9, max_size=9)  # its hash, then its eight forms


def reached(tied: np.ndarray) -> list[int]:
    """Label rows by the lowest one that steps along ties, bool[N, N], come from."""
    labels = np.arange(len(tied))
    for _ in labels:
        for row in range(len(tied)):
            labels[row] = labels[tied[row] | (np.arange(len(tied)) == row)].min()
    return labels.tolist()


@given(st.lists(PICTURE, min_size=1, max_size=8), st.integers(0, 8))
def test_a_picture_is_tied_by_its_hash_to_any_form_within_the_radius(
    pictures: list[list[int]], radius: int
):
    hashes = np.array(pictures, np.uint64)
    own = hashes[:, 0]
    to_form = np.bitwise_count(own[:, None, None] ^ hashes).min(axis=2) <= radius
    # Forms that are one hash are one, however far from the picture.
    same = (hashes[:, None, :, None] == hashes[:, None, :]).any(axis=(2, 3))
    tied = to_form | to_form.T | same

    assert mirrored_components(own, hashes[:, 1:], radius).tolist() == reached(tied)


def test_no_pictures_have_no_components():
    nothing = np.empty(0, np.uint64)

    assert hamming_components(nothing, 12).tolist() == []
    assert mirrored_components(nothing, np.empty((0, 8), np.uint64), 12).tolist() == []


def test_a_component_that_loses_its_middle_falls_apart_and_others_stay():
    ends, middle = (0, 0b1111), 0b11
    other = (0xFF << 40, 0xFE << 40)
    before = np.array([ends[0], middle, ends[1], *other], np.uint64)
    known = (before, hamming_components(before, 2))
    after = np.array([ends[0], ends[1], *other], np.uint64)

    assert known[1].tolist() == [0, 0, 0, 3, 3]
    assert hamming_components(after, 2, known).tolist() == [0, 1, 2, 2]


def test_what_is_left_of_a_torn_component_is_compared_with_itself_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    # What is left of the first, 2 bits apart, lies around the second in order.
    lost = (0, 0b0111 << 30)
    outer = (1, 1 << 62, 1 << 63)
    inner = (0b0111 << 30 | 1 << 33, 0b0111 << 30 | 1 << 34)
    before = np.array([*lost, *outer, *inner], np.uint64)
    known = (before, hamming_components(before, 2))
    after = np.array([outer[0], *inner, *outer[1:]], np.uint64)
    compared, near = [], hamming._near

    def counted(left, right, radius):
        compared.append((len(left), len(right)))
        return near(left, right, radius)

    monkeypatch.setattr(hamming, "_near", counted)

    assert known[1].tolist() == [0, 1, 0, 0, 0, 1, 1]
    assert hamming_components(after, 2, known).tolist() == [0, 1, 1, 0, 0]
    assert sorted(compared) == [(2, 2), (3, 3)]


def test_labels_may_be_any_numbers_and_known_hashes_come_often():
    before = np.array([7, 7, 1 << 50, 7], np.uint64)
    known = (before, np.array([900, 900, -4, 900]))
    after = np.array([1 << 50, 7, 7, 1 << 51], np.uint64)

    assert hamming_components(after, 2, known).tolist() == [0, 1, 1, 0]
