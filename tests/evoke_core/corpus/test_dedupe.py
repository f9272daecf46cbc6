"""Copies are found exactly, the best of them stays, and no chain ties strangers."""

import tracemalloc
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.config.profile import DedupeRules
from evoke_core.corpus import hamming
from evoke_core.corpus.dedupe import cluster_duplicates
from evoke_core.corpus.mirrors import FORMS, turn
from evoke_core.schemas import validate

RULES = DedupeRules(radius_bits=12, min_cosine=0.75)
SAME = np.array([1.0, 0.0], np.float32)
OTHER = np.array([0.0, 1.0], np.float32)


def bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


def pictures(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows with what does not matter filled in; all alike but in id and bytes."""
    plain = {
        "source": "s", "phash": 0, "width_px": 100, "height_px": 100,
        "freedom": 0, "served": True, "sharpness": 1.0,
    }  # fmt: skip
    schema = {
        "image_id": pl.String, "source": pl.String, "source_key": pl.String,
        "sha256": pl.String, "phash": pl.UInt64, "width_px": pl.Int32,
        "height_px": pl.Int32, "freedom": pl.Int64, "served": pl.Boolean,
        "sharpness": pl.Float32,
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


def test_no_pictures_are_no_clusters():
    empty = cluster_duplicates(pictures(), np.empty((0, 0), np.float32), RULES)

    assert validate("duplicate_clusters", empty).height == 0

    asked = RULES.model_copy(update={"mirrored": True})
    mirrored = cluster_duplicates(
        pictures(), np.empty((0, 0)), asked, mirror_hashes=np.empty((0, 8), np.uint64)
    )
    assert validate("duplicate_clusters", mirrored).height == 0


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
        ({"served": False, "width_px": 900}, {"served": True}),
        ({"width_px": 100}, {"width_px": 101}),
        ({"height_px": 100, "sharpness": 9.0}, {"height_px": 101, "freedom": 5}),
        ({"freedom": 1, "sharpness": 9.0}, {"freedom": 0}),
        ({"sharpness": 1.0}, {"sharpness": 1.5}),
    ],
)
def test_the_keeper_is_the_one_shown_then_largest_freest_sharpest(
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


def test_columns_that_are_not_there_decide_nothing():
    frame = pictures({"freedom": 3, "served": False}, {}).drop("freedom", "served")

    assert cluster(frame)["cluster_id"].to_list() == ["i0", "i0"]


def blobs(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (16, 16)).astype(np.uint8)


def with_grids(frame: pl.DataFrame, *grids: np.ndarray) -> pl.DataFrame:
    raw = [np.ascontiguousarray(grid).tobytes() for grid in grids]
    return frame.with_columns(pl.Series("luma_grid", raw, pl.Binary))


def test_an_outline_confirms_what_the_feeling_of_a_faded_copy_denies():
    faded = blobs(0) // 2 + 60
    frame = with_grids(pictures({}, {}), blobs(0), faded)

    assert cluster(frame, [SAME, OTHER])["relation"].to_list() == ["keeper", "near"]


def test_another_outline_denies_what_one_feeling_would_confirm():
    frame = with_grids(pictures({}, {}), blobs(0), blobs(1))

    assert cluster(frame, [SAME, SAME])["relation"].to_list() == ["keeper", "keeper"]


def test_a_chain_s_far_end_has_nothing_left_to_be_asked_of():
    a, b = {"width_px": 300}, {"width_px": 200, "phash": bits(*range(10))}
    c = {"width_px": 250, "phash": bits(*range(20))}  # out of reach of a
    frame = with_grids(pictures(a, b, c), blobs(0), blobs(1), blobs(2))

    assert cluster(frame)["cluster_id"].to_list() == ["i0", "i1", "i2"]
    assert cluster(frame[::2])["cluster_id"].to_list() == ["i0", "i2"]


def test_blank_pages_are_left_to_the_embedding():
    white, red = np.full((16, 16), 255, np.uint8), np.full((16, 16), 76, np.uint8)
    frame = with_grids(pictures({}, {}, {}, {}), white, red, white, blobs(0))

    found = cluster(frame, [SAME, OTHER, SAME, SAME])

    assert found["cluster_id"].to_list() == ["i0", "i1", "i0", "i3"]


@pytest.mark.parametrize("form", range(1, FORMS))
def test_a_flipped_or_turned_copy_is_found_when_asked_and_not_else(form: int):
    rng = np.random.default_rng(form)
    forms = rng.integers(0, 2**64, (2, FORMS), dtype=np.uint64)
    forms[1, 0] = forms[0, form]  # the second *is* the first in that form
    frame = pictures(*({"phash": int(own)} for own in forms[:, 0]))
    frame = with_grids(frame, blobs(0), turn(blobs(0), form))
    vectors = np.stack([SAME, OTHER])
    asked = RULES.model_copy(update={"mirrored": True})

    plain = cluster_duplicates(frame, vectors, RULES, mirror_hashes=forms)
    mirrored = cluster_duplicates(frame, vectors, asked, mirror_hashes=forms)

    assert plain["cluster_id"].to_list() == ["i0", "i1"]
    assert mirrored["cluster_id"].to_list() == ["i0", "i0"]


@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize(("away", "is_copy"), [(12, True), (13, False)])
def test_a_turned_hash_is_near_within_the_radius_whichever_of_two_was_turned(
    turned: int, away: int, *, is_copy: bool
):
    # A stranger stands first, so that rows of the two are not those of all.
    forms = np.random.default_rng(1).integers(0, 2**64, (3, FORMS), dtype=np.uint64)
    forms[1 + turned, 3] = forms[2 - turned, 0] ^ np.uint64(bits(*range(away)))
    frame = pictures(*({"phash": int(own)} for own in forms[:, 0]))
    asked = RULES.model_copy(update={"mirrored": True})

    found = cluster_duplicates(frame, np.stack([SAME] * 3), asked, mirror_hashes=forms)

    assert found["cluster_id"].to_list() == ["i0", "i1", "i1" if is_copy else "i2"]


def test_a_chain_of_pictures_alike_from_all_sides_does_not_tie_its_ends_together():
    hashes = (0, bits(*range(10)), bits(*range(20)))  # the last is 20 from the first
    widths = (300, 200, 100)
    frame = pictures(
        *({"phash": h, "width_px": w} for h, w in zip(hashes, widths, strict=True))
    )
    forms = np.repeat(np.array(hashes, np.uint64)[:, None], FORMS, axis=1)
    asked = RULES.model_copy(update={"mirrored": True})

    found = cluster_duplicates(frame, np.stack([SAME] * 3), asked, mirror_hashes=forms)

    assert found["cluster_id"].to_list() == ["i0", "i0", "i2"]


@pytest.mark.parametrize("form", range(1, FORMS))
def test_a_turned_outline_confirms_nothing_where_nobody_asked(form: int):
    frame = with_grids(pictures({}, {}), blobs(0), turn(blobs(0), form))

    assert cluster(frame)["cluster_id"].to_list() == ["i0", "i1"]


def test_outlines_as_like_as_the_bound_are_like_enough():
    upright = np.zeros((16, 16), np.uint8)
    upright[:, 8:] = 200
    frame = with_grids(pictures({}, {}), upright, upright.T)  # of cosine 0
    vectors = np.stack([SAME, OTHER])

    for bound, clusters in ((0.0, ["i0", "i0"]), (0.01, ["i0", "i1"])):
        rules = RULES.model_copy(update={"min_outline": bound})
        found = cluster_duplicates(frame, vectors, rules)
        assert found["cluster_id"].to_list() == clusters


def test_mirrored_copies_need_their_hashes():
    asked = RULES.model_copy(update={"mirrored": True})

    with pytest.raises(ValueError, match=r"got None.*mirrored copies; pass .*hashes$"):
        cluster_duplicates(pictures({}), np.stack([SAME]), asked)


def test_thousands_of_equal_hashes_are_one_cluster_without_a_list_of_pairs():
    count = 5_000
    frame = pictures(*({"image_id": f"{n:04}"} for n in range(count)))
    embeddings = np.repeat(SAME[None], count, axis=0)

    tracemalloc.start()
    found = cluster_duplicates(frame, embeddings, RULES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert set(found["cluster_id"]) == {"0000"}
    assert peak < 10e6  # the list of pairs would take 200 MB


def test_a_large_component_of_few_copies_keeps_all_that_are_unlike():
    count, alike = 200, 150
    frame = pictures(*({"image_id": f"{n:03}"} for n in range(count)))
    vectors = np.eye(count, dtype=np.float32)
    vectors[:alike] = vectors[0]

    found = cluster(frame, list(vectors))

    singles = [f"{n:03}" for n in range(alike, count)]
    assert found["cluster_id"].to_list() == ["000"] * alike + singles


def test_a_resumed_run_compares_no_hashes_again(monkeypatch: pytest.MonkeyPatch):
    frame = pictures({}, {"phash": bits(1)}, {"phash": bits(*range(40))})
    known = cluster(frame)

    def never(*_: object) -> None:
        raise AssertionError("hashes were compared that had been compared before")

    monkeypatch.setattr(hamming, "_near", never)
    vectors = np.stack([SAME] * 3)

    assert cluster_duplicates(frame, vectors, RULES, known).equals(known)


@given(st.integers(0, 2**32), st.integers(0, 16))
@settings(max_examples=60)
def test_a_resumed_run_equals_one_from_scratch(seed: int, radius: int):
    rng = np.random.default_rng(seed)
    rules = DedupeRules(radius_bits=radius, min_cosine=0.75)
    known = None
    kinds = rng.integers(0, 2**64, 6, dtype=np.uint64)
    rows = [_random_row(rng, n, kinds) for n in range(60)]
    for _ in range(5):
        here = rng.permutation(len(rows))[: rng.integers(0, len(rows) + 1)]
        for row in here[:3]:  # a file is replaced, a licence or a size mended
            rows[row] = _random_row(rng, int(row), kinds)
        frame = pictures(*(rows[row] for row in here))
        vectors = np.stack(
            [(SAME, OTHER)[row % 7 == 0] for row in here.tolist()] or [SAME]
        )
        vectors = vectors[: len(here)]

        resumed = cluster_duplicates(frame, vectors, rules, known)

        assert resumed.equals(cluster_duplicates(frame, vectors, rules))
        known = resumed


def _random_row(
    rng: np.random.Generator, number: int, kinds: np.ndarray
) -> dict[str, Any]:
    """Make a picture like one of few kinds: the same bytes, hash, or a near one."""
    kind = int(rng.integers(len(kinds)))
    flips = rng.integers(0, 64, rng.choice([0, 0, 3, 9]))
    phash = int(kinds[kind]) ^ bits(*set(flips.tolist()))
    sha256 = f"k{kind}" if len(flips) == 0 and number % 2 else f"own{number}-{phash}"
    return {
        "image_id": f"i{number}",
        "phash": phash,
        "sha256": sha256,
        "width_px": int(rng.integers(100, 104)),
        "freedom": int(rng.integers(3)),
    }


def test_progress_counts_the_pictures_that_have_a_near_hash():
    far = (bits(*range(20)), bits(*range(20, 50)))
    frame = pictures(*({"phash": p} for p in (0, 0, far[0], far[0], far[0], far[1])))
    told: list[tuple[int, int]] = []

    cluster_duplicates(
        frame, np.stack([SAME] * 6), RULES, report=lambda *at: told.append(at)
    )

    assert sorted(told) in ([(2, 5), (5, 5)], [(3, 5), (5, 5)])
