"""Copies are found exactly, the best of them stays, and no chain ties strangers."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.config import DedupeRules
from evoke_core.corpus import dedupe
from evoke_core.corpus.dedupe import cluster_duplicates, hamming_pairs
from evoke_core.schemas import validate

RULES = DedupeRules(radius_bits=12, min_cosine=0.75)
SAME = np.array([1.0, 0.0], np.float32)
OTHER = np.array([0.0, 1.0], np.float32)

BITS = st.lists(st.integers(0, 63), max_size=6).map(
    lambda bs: sum({1 << b for b in bs})
)
HASHES = st.lists(BITS | st.integers(0, 2**64 - 1), max_size=24)


def bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


def pictures(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows with what does not matter filled in; all alike but in id and bytes."""
    plain = {
        "source": "s", "phash": 0, "width_px": 100, "height_px": 100,
        "licence": "CC0", "sharpness": 1.0,
    }  # fmt: skip
    schema = {
        "image_id": pl.String, "source": pl.String, "source_key": pl.String,
        "sha256": pl.String, "phash": pl.UInt64, "width_px": pl.Int32,
        "height_px": pl.Int32, "licence": pl.String, "sharpness": pl.Float32,
    }  # fmt: skip
    filled = [
        plain | {"image_id": f"i{n}", "source_key": f"k{n}", "sha256": f"h{n}"} | row
        for n, row in enumerate(rows)
    ]
    return pl.DataFrame(filled, schema=schema)


def cluster(
    frame: pl.DataFrame, vectors: list[np.ndarray] | None = None
) -> pl.DataFrame:
    embeddings = np.stack(vectors or [SAME] * frame.height)
    found = cluster_duplicates(frame, embeddings, RULES)
    assert validate("duplicate_clusters", found).equals(found)
    assert found["image_id"].equals(frame["image_id"])
    assert set(found.filter("is_keeper")["image_id"]) == set(found["cluster_id"])
    return found


def brute_force(hashes: list[int], radius: int) -> list[tuple[int, int]]:
    return [
        (left, right)
        for left in range(len(hashes))
        for right in range(left + 1, len(hashes))
        if (hashes[left] ^ hashes[right]).bit_count() <= radius
    ]


@given(HASHES, st.integers(0, 64), st.sampled_from([1, 7, 64, 1 << 22]))
def test_the_join_finds_what_comparing_every_pair_finds(
    hashes: list[int], radius: int, cells: int
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dedupe, "_CELLS_AT_ONCE", cells)
        found = hamming_pairs(np.array(hashes, np.uint64), radius)

    assert found.dtype == np.int64
    assert [tuple(pair) for pair in found.tolist()] == brute_force(hashes, radius)


def test_the_radius_is_inclusive():
    hashes = np.array([0, bits(*range(12)), bits(*range(13))], np.uint64)

    assert hamming_pairs(hashes, 12).tolist() == [[0, 1], [1, 2]]


def test_no_pictures_are_no_clusters():
    empty = cluster_duplicates(pictures(), np.empty((0, 0), np.float32), RULES)

    assert validate("duplicate_clusters", empty).height == 0


def test_pictures_that_are_unlike_keep_to_themselves():
    far = bits(*range(22))  # where look-alikes start

    found = cluster(pictures({}, {"phash": far}))

    assert found["relation"].to_list() == ["keeper", "keeper"]
    assert found["cluster_id"].to_list() == ["i0", "i1"]


def test_a_near_hash_needs_the_embedding_to_agree():
    frame = pictures({}, {"phash": bits(1)})
    edge = np.array([0.75, np.sqrt(1 - 0.75**2)], np.float32)

    assert cluster(frame, [SAME, SAME])["relation"].to_list() == ["keeper", "near"]
    assert cluster(frame, [SAME, edge])["relation"].to_list() == ["keeper", "near"]
    assert cluster(frame, [SAME, OTHER])["relation"].to_list() == ["keeper", "keeper"]


def test_equal_bytes_are_one_picture_whatever_the_embedding_says():
    frame = pictures({"sha256": "h"}, {"sha256": "h"}, {"sha256": "other"})

    found = cluster(frame, [SAME, OTHER, -SAME])

    assert found["relation"].to_list() == ["keeper", "exact", "keeper"]


def test_copies_are_found_across_sources():
    frame = pictures({"source": "unsplash"}, {"source": "mine", "width_px": 200})

    found = cluster(frame)

    assert found["cluster_id"].to_list() == ["i1", "i1"]
    assert found["is_keeper"].to_list() == [False, True]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"width_px": 100}, {"width_px": 101}),
        ({"height_px": 100, "sharpness": 9.0}, {"height_px": 101, "licence": "NC"}),
        ({"licence": "CC BY 4.0", "sharpness": 9.0}, {"licence": "CC0-1.0"}),
        ({"licence": "private", "sharpness": 9.0}, {"licence": "CC BY 4.0"}),
        ({"licence": "CC BY-NC 4.0", "sharpness": 9.0}, {"licence": "CC BY 4.0"}),
        ({"licence": "cc-by-nc-4.0", "sharpness": 9.0}, {"licence": "CC BY 4.0"}),
        ({"sharpness": 1.0}, {"sharpness": 1.5}),
    ],
)
def test_the_keeper_is_the_largest_then_freest_then_sharpest(
    worse: dict[str, Any], better: dict[str, Any]
):
    for order in ((worse, better), (better, worse)):
        found = cluster(pictures(*order))
        keeper = order.index(better)
        assert found["is_keeper"].to_list() == [n == keeper for n in range(2)]


def test_a_tie_goes_to_the_lower_id_whatever_the_order_of_rows():
    first, second = {"image_id": "a"}, {"image_id": "b"}

    for order in ((first, second), (second, first)):
        assert set(cluster(pictures(*order))["cluster_id"]) == {"a"}


def test_areas_beyond_32_bits_are_compared_rightly():
    huge = {"width_px": 65_536, "height_px": 65_536}  # nought in 32 bits

    assert cluster(pictures({}, huge))["is_keeper"].to_list() == [False, True]


def test_a_chain_of_small_steps_does_not_tie_its_ends_together():
    a = {"width_px": 300}
    b = {"width_px": 200, "phash": bits(*range(10))}
    c = {"width_px": 100, "phash": bits(*range(20))}  # 10 from b, 20 from a

    found = cluster(pictures(a, b, c))

    assert found["cluster_id"].to_list() == ["i0", "i0", "i2"]
    assert found["relation"].to_list() == ["keeper", "near", "keeper"]


def test_the_middle_of_a_chain_may_hold_both_ends():
    a = {"width_px": 100}
    b = {"width_px": 300, "phash": bits(*range(10))}
    c = {"width_px": 200, "phash": bits(*range(20))}

    assert cluster(pictures(a, b, c))["cluster_id"].to_list() == ["i1", "i1", "i1"]


@given(st.lists(st.integers(0, 2**14 - 1), min_size=1, max_size=12), st.data())
@settings(max_examples=50)
def test_every_copy_is_within_reach_of_its_keeper(
    hashes: list[int], data: st.DataObject
):
    widths = data.draw(
        st.lists(st.integers(1, 5), min_size=len(hashes), max_size=len(hashes))
    )
    radius = data.draw(st.integers(0, 16))
    frame = pictures(
        *({"phash": h, "width_px": w} for h, w in zip(hashes, widths, strict=True))
    )
    rules = DedupeRules(radius_bits=radius, min_cosine=0.75)
    embeddings = np.stack([SAME] * len(hashes))

    found = cluster_duplicates(frame, embeddings, rules)

    at = {name: n for n, name in enumerate(frame["image_id"])}
    keepers = [at[name] for name in found["cluster_id"]]
    for row, keeper in enumerate(keepers):
        assert (hashes[row] ^ hashes[keeper]).bit_count() <= radius
        assert keepers[keeper] == keeper
        assert widths[row] <= widths[keeper]
    # No two keepers are copies of each other.
    pairs = brute_force([hashes[k] for k in sorted(set(keepers))], radius)
    assert pairs == []
