"""No aesthetic, mood or look takes more than its share, and who leaves is fixed."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.config.profile import BalanceRules
from evoke_core.corpus.balance import (
    balance_corpus,
    cluster_embeddings,
    mood_bins,
    nearest_centre,
    over_quota,
)
from evoke_core.schemas import TABLES, validate
from evoke_core.vectors import l2_normalize

NO_LOOKS = pl.DataFrame(
    schema={
        "image_id": pl.String,
        "attributes": pl.List(pl.Float32),
        "embedding": pl.List(pl.Float32),
    }
)


def corpus(aesthetics: list[str | None], **more: Any) -> pl.DataFrame:
    columns = TABLES["curated_images"].columns
    rows = [
        dict.fromkeys(columns)
        | {"image_id": f"i{n}", "source": "open", "source_key": f"{n}"}
        | {"status": "kept", "served": True, "aesthetic": aesthetic}
        | {name: values[n] for name, values in more.items()}
        for n, aesthetic in enumerate(aesthetics)
    ]
    schema = {name: column.dtype for name, column in columns.items()}
    return pl.DataFrame(rows, schema=schema)


def kept(frame: pl.DataFrame) -> set[str]:
    return set(frame.filter(pl.col("status") == "kept")["image_id"])


def test_null_caps_change_nothing():
    curated = corpus(["nature"] * 9 + [None])

    assert balance_corpus(curated, NO_LOOKS, BalanceRules()).equals(curated)


def test_what_is_over_the_share_of_its_aesthetic_leaves_with_a_sentence():
    curated = corpus(["nature"] * 8 + ["urban"] * 2)
    rules = BalanceRules(max_aesthetic=0.5)

    balanced = balance_corpus(curated, NO_LOOKS, rules)

    assert validate("curated_images", balanced).equals(balanced)
    assert balanced["image_id"].equals(curated["image_id"])
    gone = balanced.filter(pl.col("status") == "rejected")
    assert gone.height == 3
    assert set(gone["reason"]) == {"over_quota"}
    assert set(gone["aesthetic"]) == {"nature"}
    assert "aesthetic nature would hold more than 5" in gone["detail"][0]
    assert "max_aesthetic" in gone["detail"][0]


def test_what_was_not_kept_is_neither_counted_nor_changed():
    status = ["rejected"] * 5 + ["kept"] * 5
    curated = corpus(["nature"] * 5 + ["urban"] * 5, status=status)

    balanced = balance_corpus(curated, NO_LOOKS, BalanceRules(max_aesthetic=0.4))

    assert balanced.head(5).equals(curated.head(5))
    assert len(kept(balanced)) == 2


def test_unnamed_pictures_are_never_over():
    curated = corpus([None] * 10)

    assert (
        len(kept(balance_corpus(curated, NO_LOOKS, BalanceRules(max_aesthetic=0))))
        == 10
    )


def test_exempt_collections_are_counted_but_never_thinned():
    source = ["mine"] * 6 + ["open"] * 4
    curated = corpus(["nature"] * 10, source=source)
    rules = BalanceRules(max_aesthetic=0.7, exempt=("mine",))

    balanced = balance_corpus(curated, NO_LOOKS, rules)

    assert set(balanced.filter(pl.col("source") == "mine")["status"]) == {"kept"}
    assert len(kept(balanced)) == 7


@given(
    st.lists(st.sampled_from(["nature", "urban", "abstract", None]), min_size=1),
    st.floats(0.05, 1),
    st.integers(0, 5),
)
@settings(max_examples=30)
def test_no_aesthetic_exceeds_its_share_and_order_does_not_matter(
    aesthetics: list[str | None], share: float, seed: int
):
    rules = BalanceRules(max_aesthetic=share, seed=seed)
    curated = corpus(aesthetics)

    balanced = balance_corpus(curated, NO_LOOKS, rules)
    backwards = balance_corpus(curated.reverse(), NO_LOOKS, rules)

    assert kept(balanced) == kept(backwards)
    counts = balanced.filter(pl.col("status") == "kept").drop_nulls("aesthetic")
    most = max(1, share * len(aesthetics) + 1e-6)
    assert all(n <= most for n in counts.group_by("aesthetic").len()["len"])


def test_a_larger_share_keeps_what_a_smaller_one_kept():
    curated = corpus(["nature"] * 60 + ["urban"] * 40)

    few, many = (
        kept(balance_corpus(curated, NO_LOOKS, BalanceRules(max_aesthetic=share)))
        for share in (0.2, 0.3)
    )

    assert few < many


def test_the_emotional_range_has_27_cells():
    attributes = np.float32([[0, 0, 0, 1], [0.5, 0.5, 0.5, 0], [1, 1, 1, 0]])

    assert mood_bins(attributes) == [
        "serene cold minimal", "even neutral medium", "chaotic warm dense",
    ]  # fmt: skip


def groups(sizes: tuple[int, ...], *, seed: int = 0) -> np.ndarray:
    """Unit vectors around orthogonal axes, group after group."""
    rng = np.random.default_rng(seed)
    axes = np.repeat(np.eye(8)[: len(sizes)], sizes, axis=0)
    return l2_normalize(axes + rng.normal(0, 0.05, axes.shape))


def test_clusters_are_the_groups_that_were_planted():
    vectors = groups((50, 30, 20))
    ids = pl.Series([f"i{n}" for n in range(100)])

    centres = cluster_embeddings(vectors, ids, BalanceRules(clusters=3))
    nearest = nearest_centre(vectors, centres)

    assert np.allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    assert [len(set(part)) for part in np.split(nearest, [50, 80])] == [1, 1, 1]
    assert len(set(nearest)) == 3


def test_equal_pictures_are_one_cluster():
    vectors = np.tile(groups((1,)), (9, 1))
    ids = pl.Series([f"i{n}" for n in range(9)])

    assert len(cluster_embeddings(vectors, ids, BalanceRules(clusters=4))) == 1


def test_a_look_that_dominates_is_thinned_and_a_rare_one_stays():
    vectors = groups((80, 20))
    curated = corpus([None] * 100)
    looks = pl.DataFrame(
        {
            "image_id": curated["image_id"],
            "attributes": [[0.5] * 4] * 100,
            "embedding": vectors.tolist(),
        },
        schema_overrides=dict(NO_LOOKS.schema),
    )

    balanced = balance_corpus(curated, looks, BalanceRules(max_cluster=0.3, clusters=2))
    stayed = balanced["status"] == "kept"

    assert (stayed[:80].sum(), stayed[80:].sum()) == (30, 20)
    mood = balance_corpus(curated, looks, BalanceRules(max_mood_bin=0.25))
    assert len(kept(mood)) == 25
    assert "mood bin even neutral medium" in mood["detail"].drop_nulls()[0]


def test_whoever_left_for_one_cap_is_not_counted_by_the_next():
    candidates = pl.DataFrame(
        {
            "image_id": [f"i{n}" for n in range(10)],
            "exempt": [False] * 10,
            "aesthetic": ["nature"] * 6 + ["urban"] * 4,
            "mood_bin": ["one"] * 6 + ["two"] * 4,
        }
    )

    over = over_quota(candidates, BalanceRules(max_aesthetic=0.4, max_mood_bin=0.4))

    assert over.height == 2
    assert over["stratum_sentence"].str.starts_with("aesthetic nature").all()


@pytest.mark.slow
def test_a_hundred_thousand_pictures_take_seconds():
    vectors = l2_normalize(np.random.default_rng(0).normal(size=(100_000, 128)))
    ids = pl.Series([f"i{n}" for n in range(100_000)])

    centres = cluster_embeddings(vectors, ids, BalanceRules())

    assert np.bincount(nearest_centre(vectors, centres)).sum() == 100_000
