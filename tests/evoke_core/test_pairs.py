"""Tags are one-hot or two-mood rows, so that every similarity is known."""

import tracemalloc

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import evoke_core.pairs as module
from evoke_core import vectors
from evoke_core.config.profile import PairRules
from evoke_core.pairs import pair_by_tags
from evoke_core.schemas import validate
from evoke_core.shared_space import with_feeling

RULES = PairRules(positives=2, hard_negatives=1, random_negatives=1, seed=5)
# Cosines with the mood (1, 0): 1, 0.8, 0.6, 0.28, 0, 0; from the third on "unlike".
SCORES = [[1, 0], [0.8, 0.6], [0.6, 0.8], [0.28, 0.96], [0, 1], [0, 2]]
# The fifth looks like the best.
LOOKS = with_feeling(np.eye(4)[[0, 0, 3, 1, 0, 2]], np.zeros((6, 2)))


def tagged(key, scores):
    names = [f"{key[0]}{number}" for number in range(len(scores))]
    vectors = pl.Series(scores, dtype=pl.List(pl.Float32))
    return pl.DataFrame({key: names, "scores": vectors})


def paired(tracks=((1.0, 0.0),), rules=RULES, folds=2):
    return pair_by_tags(
        tagged("track_id", [list(scores) for scores in tracks]),
        tagged("image_id", SCORES),
        LOOKS,
        rules,
        folds=folds,
    )


def of_kind(pairs, kind):
    return pairs.filter(pl.col("kind") == kind)["image_id"].to_list()


def test_positives_are_the_pictures_of_the_same_moods():
    pairs = paired()
    assert of_kind(pairs, "positive") == ["i0", "i1"]
    found = pairs.filter(pl.col("kind") == "positive")["similarity"].to_list()
    assert found == pytest.approx([1.0, 0.8], abs=1e-6)


def test_a_hard_negative_looks_alike_and_feels_otherwise():
    assert of_kind(paired(), "hard_negative") == ["i4"]


def test_random_negatives_come_from_the_unlike_half_and_are_not_the_hard_ones():
    drawn = {
        of_kind(paired(rules=RULES.model_copy(update={"seed": s})), "negative")[0]
        for s in range(12)
    }
    assert drawn == {"i3", "i5"}


def test_what_is_paired_fits_the_data_dictionary():
    pairs = paired(tracks=[(1, 0), (0, 1), (1, 1)])
    assert validate("training_pairs", pairs).height == 3 * 4


def test_the_same_seed_draws_the_same_pairs():
    tracks = [(1, 0), (0, 1), (1, 1), (2, 1)]
    assert paired(tracks).equals(paired(tracks))


def test_tracks_are_dealt_evenly_and_each_keeps_one_fold():
    pairs = paired(tracks=[(1, n) for n in range(7)], folds=3)
    folds = pairs.select("track_id", "fold").unique()
    assert folds.height == 7
    assert sorted(folds["fold"].value_counts()["count"].to_list()) == [2, 2, 3]


def test_a_small_corpus_yields_what_it_has():
    rules = PairRules(positives=10, hard_negatives=10, random_negatives=10, seed=5)
    pairs = paired(rules=rules)
    assert of_kind(pairs, "positive") == ["i0", "i1", "i2", "i3", "i4", "i5"]
    assert pairs.height == 6


def test_pairs_are_the_same_however_many_tracks_are_compared_together(monkeypatch):
    rng = np.random.default_rng(0)
    tracks, pictures = (
        tagged(key, rng.random((count, 7)).tolist())
        for key, count in (("track_id", 23), ("image_id", 50))
    )
    looks = with_feeling(rng.normal(size=(50, 4)), np.zeros((50, 2)))
    whole = pair_by_tags(tracks, pictures, looks, RULES, folds=3)
    for rows in (1, 5):
        monkeypatch.setattr(vectors, "CELLS_AT_ONCE", rows * 50)
        found = pair_by_tags(tracks, pictures, looks, RULES, folds=3)
        assert_frame_equal(found, whole, rel_tol=1e-6)


def test_of_many_tracks_some_are_compared_at_a_time(monkeypatch):
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", 30_000)
    rng = np.random.default_rng(0)
    tracks, pictures = (np.float32(rng.random((n, 2))) for n in (400, 3000))
    tracemalloc.start()
    assert sum(len(row) for row in module._compare(tracks, pictures)) == 400 * 3000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6  # all at once would take 4.8e6


def test_without_tracks_or_pictures_the_table_is_empty():
    nothing = pl.Schema({"scores": pl.List(pl.Float32)})
    no_tracks = pl.DataFrame(schema={"track_id": pl.String, **nothing})
    no_pictures = pl.DataFrame(schema={"image_id": pl.String, **nothing})
    pictures, tracks = tagged("image_id", SCORES), tagged("track_id", [[1.0, 0.0]])
    for left, right in ((no_tracks, pictures), (tracks, no_pictures)):
        pairs = pair_by_tags(left, right, LOOKS, RULES, folds=2)
        assert validate("training_pairs", pairs).is_empty()
