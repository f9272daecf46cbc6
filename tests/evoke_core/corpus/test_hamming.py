"""Every pair within the radius is found, once, and components are what they say."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.corpus import components, hamming
from evoke_core.corpus.components import hamming_components, mirrored_components
from evoke_core.corpus.hamming import (
    distinct_edges,
    hamming_edges,
    hamming_pairs,
)

BITS = st.lists(st.integers(0, 63), max_size=6).map(
    lambda bs: sum({1 << b for b in bs})
)
HASHES = st.lists(BITS | st.integers(0, 2**64 - 1), max_size=24)


def bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


def array(hashes: list[int]) -> np.ndarray:
    return np.array(hashes, np.uint64)


def near(left: int, right: int, radius: int) -> bool:
    return (left ^ right).bit_count() <= radius


def brute_force(hashes: list[int], radius: int) -> list[list[int]]:
    return [
        [i, j]
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if near(hashes[i], hashes[j], radius)
    ]


def walked(hashes: list[int], radius: int) -> list[int]:
    """Label components by walking them, each by its lowest row."""
    labels = list(range(len(hashes)))
    for _ in hashes:
        for i, j in brute_force(hashes, radius):
            labels[i] = labels[j] = min(labels[i], labels[j])
    return labels


def with_copies(count: int, *, seed: int) -> np.ndarray:
    """Uniform hashes; a quarter is another one with 0 to 16 of its bits flipped."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    copies = hashes[: count // 4].copy()
    often = rng.random(len(copies))
    for _ in range(16):
        flip = np.uint64(1) << rng.integers(0, 64, len(copies)).astype(np.uint64)
        copies ^= np.where(rng.random(len(copies)) < often, flip, np.uint64(0))
    hashes[-len(copies) :] = copies
    return rng.permutation(hashes)


def compared(hashes: np.ndarray, radius: int) -> np.ndarray:
    """Find the pairs by comparing all."""
    distance = np.bitwise_count(hashes[:, None] ^ hashes)
    return np.argwhere(np.triu(distance <= radius, k=1))


@pytest.fixture
def always_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make visits free, so that a handful of hashes goes through the buckets too."""
    monkeypatch.setattr(hamming, "_FEW", 0)
    monkeypatch.setattr(hamming, "_BUCKET_NS", 0.0)
    monkeypatch.setattr(hamming, "_VISIT_NS", 0.0)


@given(HASHES, st.integers(0, 64), st.sampled_from([1, 7, 64, 1 << 16]))
def test_the_join_finds_what_comparing_every_pair_finds(
    hashes: list[int], radius: int, cells: int
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "_CELLS", cells)
        found = hamming_pairs(array(hashes), radius)

    assert found.dtype == np.int64
    assert found.tolist() == brute_force(hashes, radius)


@pytest.mark.parametrize("radius", range(17))
@pytest.mark.usefixtures("always_cut")
def test_chunks_lose_no_pair_and_tell_none_twice(radius: int):
    hashes = with_copies(500, seed=radius)

    assert hamming._cut(radius, 500, 500)
    assert np.array_equal(hamming_pairs(hashes, radius), compared(hashes, radius))


@pytest.mark.parametrize("radius", range(17))
def test_any_cut_grants_enough_bits_in_disjoint_chunks(radius: int):
    for count in range(1, radius + 2):
        chunks = hamming._chunks(radius, count)

        # Were every chunk to differ in a bit more than granted, radius were passed.
        assert sum(chunk.granted + 1 for chunk in chunks) == radius + 1
        used = [b for c in chunks for b in range(c.shift, c.shift + c.width)]
        assert len(used) == len(set(used))
        assert max(used) < 64
        assert max(chunk.width for chunk in chunks) <= 16


def test_a_chunk_is_its_bits_and_no_others():
    chunk = hamming._Chunk(shift=4, width=8, granted=1)

    assert chunk.of(array([0xABCDFE, 0xF])).tolist() == [0xDF, 0]
    assert chunk.flips().tolist() == [0, 1, 2, 4, 8, 16, 32, 64, 128]


@pytest.mark.parametrize(
    ("sizes", "joined"),
    [
        ([1, 1, 1, 1, 1], [4, 1]),
        ([1000, 23, 5], [1028]),
        ([1000, 24, 5], [1024, 5]),
        ([1023, 1024], [2047]),
    ],
)
def test_blocks_are_joined_until_they_are_a_thousand_edges_or_four(
    sizes: list[int], joined: list[int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hamming, "_CELLS", 1024)
    blocks = [np.full((size, 2), n) for n, size in enumerate(sizes)]

    found = list(hamming._batched(iter(blocks)))

    assert [len(block) for block in found] == joined
    assert np.array_equal(np.concatenate(found), np.concatenate(blocks))


def granted(radius: int, left: int, right: int) -> list[int]:
    return [chunk.granted for chunk in hamming._cut(radius, left, right)]


def test_equal_hashes_are_sought_in_buckets_where_visits_cost_less_than_all_pairs(
    monkeypatch: pytest.MonkeyPatch,
):
    # To visit a bucket of 16 bits and its one neighbour costs as much as 12,300 pairs;
    # of n x n pairs every 65,536th is left to be compared.
    assert granted(0, 12_300, 12_300) == []
    assert granted(0, 12_301, 12_301) == [0]
    assert granted(0, 500, 12_301) == [0]  # 500 visits at most
    # 65,536 visits at most: 806,092,800 pairs' worth.
    assert granted(0, 70_000, 11_515) == []
    assert granted(0, 70_000, 11_516) == [0]
    monkeypatch.setattr(hamming, "_FEW", 0)
    assert granted(0, 1, 12_300) == []
    assert granted(0, 1, 12_301) == [0]


def test_one_bit_is_granted_to_one_chunk_until_two_chunks_cost_less(
    monkeypatch: pytest.MonkeyPatch,
):
    # 65,536 visits with 17 neighbours each cost 7,500 pairs less than two with one;
    # 17 of 65,536 pairs are left, or 2: even at n^2 = 500 * 65,536^2, n = 1,465,429.5.
    assert granted(1, 1_465_429, 1_465_429) == [1]
    assert granted(1, 1_465_430, 1_465_430) == [0, 0]
    # Were a pair twice as dear: n^2 = 250 * 65,536^2, n = 1,036,215.1.
    monkeypatch.setattr(hamming, "_CELL_NS", 2.0)
    assert granted(1, 1_036_215, 1_036_215) == [1]
    assert granted(1, 1_036_216, 1_036_216) == [0, 0]
    # And for equal hashes: half of 12,300.
    assert granted(0, 6_150, 6_150) == []
    assert granted(0, 6_151, 6_151) == [0]


@pytest.mark.parametrize("radius", range(17))
def test_no_chunk_of_millions_of_hashes_is_granted_more_than_3_bits(radius: int):
    assert max(granted(radius, 2_000_000, 2_000_000)) <= 3


@pytest.mark.usefixtures("always_cut")
def test_few_pairs_and_far_radii_are_compared_without_a_cut(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(hamming, "_FEW", 1 << 20)
    assert granted(0, 1_024, 1_024) == []
    assert granted(0, 1_024, 1_025) == [0]
    assert granted(16, 1_025, 1_025)
    assert granted(17, 1_025, 1_025) == []


def test_hashes_with_half_their_bits_set_are_joined_completely():
    rng = np.random.default_rng(3)
    order = np.argsort(rng.random((5_000, 64)), axis=1)
    hashes = np.packbits(order < 32, axis=1).view(np.uint64).ravel()

    assert np.array_equal(hamming_pairs(hashes, 12), compared(hashes, 12))


def test_the_radius_is_inclusive():
    hashes = array([0, bits(*range(12)), bits(*range(13))])

    assert hamming_pairs(hashes, 12).tolist() == [[0, 1], [1, 2]]


def test_a_block_compares_no_more_than_a_cache_holds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hamming, "_CELLS", 4)

    blocks = list(hamming._near(array([0] * 3), array([0] * 6), 0))

    # Three rows with four columns one by one, then with two columns two at once.
    assert [len(block) for block in blocks] == [4, 4, 4, 4, 2]
    assert sorted(np.concatenate(blocks).tolist()) == [
        [i, j] for i in range(3) for j in range(6)
    ]


def pairs_between(new: np.ndarray, old: np.ndarray, radius: int) -> list[list[int]]:
    blocks = [block.tolist() for block in distinct_edges(new, old, radius)]
    return sorted(pair for block in blocks for pair in block)


@given(HASHES, HASHES, st.integers(0, 20))
def test_new_against_old_finds_every_pair_between_them(
    new: list[int], old: list[int], radius: int
):
    new, old = sorted(set(new)), sorted(set(old))

    assert pairs_between(array(new), array(old), radius) == [
        [i, j]
        for i in range(len(new))
        for j in range(len(old))
        if near(new[i], old[j], radius)
    ]


@pytest.mark.usefixtures("always_cut")
def test_new_against_old_goes_through_the_buckets_alike():
    hashes = with_copies(600, seed=5)
    new, old = np.unique(hashes[:200]), np.unique(hashes[200:])

    distance = np.bitwise_count(new[:, None] ^ old)
    expected = np.argwhere(distance <= 12)
    assert len(expected) > 20
    assert pairs_between(new, old, 12) == expected.tolist()


@given(HASHES, st.integers(0, 20))
def test_components_are_what_pairs_connect(hashes: list[int], radius: int):
    assert hamming_components(array(hashes), radius).tolist() == walked(hashes, radius)


@given(HASHES, HASHES, HASHES, st.integers(0, 20))
def test_components_after_additions_and_withdrawals_equal_a_fresh_run(
    stays: list[int], leaves: list[int], comes: list[int], radius: int
):
    before = array(leaves + stays)
    known = (before, hamming_components(before, radius))
    after = array(comes + stays)

    resumed = hamming_components(after, radius, known)

    assert resumed.tolist() == hamming_components(after, radius).tolist()


def test_only_new_hashes_are_compared_with_the_old(monkeypatch: pytest.MonkeyPatch):
    hashes = with_copies(3_000, seed=1)
    old = set(hashes[:2_990].tolist())
    new = set(hashes.tolist()) - old
    known = (hashes[:2_990], hamming_components(hashes[:2_990], 12))
    sizes = []
    whole = hamming._near

    def counted(left, right, radius):
        sizes.append(len(left) * len(right))
        return whole(left, right, radius)

    monkeypatch.setattr(hamming, "_near", counted)
    resumed = hamming_components(hashes, 12, known)

    assert sum(sizes) == len(new) * (len(new) + len(old))
    assert np.array_equal(resumed, hamming_components(hashes, 12))


def test_every_hash_is_left_alone_with_itself_and_each_pair_comes_in_order():
    # Values that descend, so that the later row of a pair is of the lower hash.
    hashes = array([7, 6, 6, 1 << 40])
    blocks = list(hamming_edges(hashes, 1))

    assert all(len(block) for block in blocks)
    assert sorted(np.concatenate(blocks).tolist()) == [[0, 1], [0, 2], [1, 2]]


def test_ten_thousand_equal_hashes_cost_no_list_of_pairs():
    hashes = np.zeros(10_000, np.uint64)

    tracemalloc.start()
    components = hamming_components(hashes, 12)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert not components.any()
    assert peak < 5e6  # the list of pairs would take 800 MB


def test_edges_come_in_bounded_blocks():
    blocks = list(hamming_edges(np.zeros(1_000, np.uint64), 0))

    assert max(len(block) for block in blocks) <= hamming._CELLS
    assert sum(len(block) for block in blocks) == 1_000 * 999 // 2


def test_a_dense_cloud_of_hashes_is_merged_in_portions(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(components, "_EDGES", 100)
    hashes = np.arange(512, dtype=np.uint64) << np.uint64(7)

    assert not hamming_components(hashes, 4).any()


def test_a_mirrored_copy_is_tied_by_any_of_its_forms():
    far = bits(*range(40))
    phashes = array([0, far, bits(*range(30, 64))])
    forms = np.repeat(phashes[:, None], 8, axis=1)
    forms[1, 5] = bits(1, 2)  # turned, the second lies two bits from the first

    assert mirrored_components(phashes, forms, 2).tolist() == [0, 0, 2]
    assert mirrored_components(phashes, forms, 1).tolist() == [0, 1, 2]
