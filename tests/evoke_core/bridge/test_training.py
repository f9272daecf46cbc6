"""Tables of three tracks and four pictures become arrays in a known order."""

import numpy as np
import polars as pl
import pytest

from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.training import held_truth, training_set
from evoke_core.config.profile import BridgeRules
from evoke_core.errors import BridgeError
from evoke_core.shared_space import FEELING
from evoke_core.vectors import from_half_circle, l2_normalize

PARTS = pl.DataFrame(
    {
        "track_id": ["t2", "t1", "t1", "t2", "t3"],
        "part": [0, 1, 0, 1, 0],
        "embedding": [[2.0, 0.0], [1.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]],
        "scores": [[0.2, 0.8], [0.1, 0.9], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]],
        "valence": [0.2, 0.1, 0.1, 0.2, 0.3],
        "arousal": [-0.2, -0.1, -0.1, -0.2, -0.3],
    },
    schema_overrides={"part": pl.Int32},
)
PICTURES = pl.DataFrame(
    {
        "image_id": ["p3", "p1", "p2", "p4"],
        "embedding": [[0.0, 3.0], [0.0, 1.0], [0.0, 2.0], [0.0, 4.0]],
        "scores": [[1.0, 0.0]] * 4,
        "valence": [0.0, 0.5, 1.0, 0.0],
        "arousal": [0.0, 0.5, 1.0, 0.0],
    }
)
PAIRS = pl.DataFrame(
    {
        "track_id": ["t1", "t1", "t2"],
        "image_id": ["p3", "p1", "p1"],
        "kind": ["positive", "hard_negative", "negative"],
        "similarity": [0.9, 0.4, 0.2],
        "fold": [1, 1, 0],
    }
)


def trained():
    return training_set(PARTS, PICTURES, PAIRS)


def planted(key, places):
    schema = {key: pl.String, "planted_valence": pl.Float32}
    return pl.DataFrame(
        [(name, *(place or (None, None))) for name, place in places.items()],
        schema={**schema, "planted_arousal": pl.Float32},
        orient="row",
    )


def test_rows_are_sorted_by_track_and_part():
    found = trained()
    assert found.track_ids.tolist() == ["t1", "t1", "t2", "t2"]
    assert found.is_whole.tolist() == [True, False, True, False]
    expected = l2_normalize(np.array([[1, 0], [1, 1], [2, 0], [2, 1]], np.float32))
    heard = l2_normalize(found.music.embedding[:, FEELING:])
    np.testing.assert_allclose(heard, expected, atol=1e-6)
    np.testing.assert_allclose(
        from_half_circle(found.music.embedding[:, :FEELING]),
        found.music.affect,
        atol=1e-5,
    )
    np.testing.assert_allclose(found.music.affect[0], [0.1, -0.1], rtol=1e-6)
    assert found.music.embedding.dtype == found.music.moods.dtype == np.float32


def test_every_part_is_in_its_tracks_fold():
    assert trained().folds.tolist() == [1, 1, 0, 0]


def test_only_what_a_pair_names_takes_part():
    found = trained()
    assert "t3" not in found.track_ids
    assert found.image_ids.tolist() == ["p1", "p3"]
    np.testing.assert_array_equal(found.images.embedding, [[0, 1], [0, 3]])


def test_planted_truth_is_preferred_and_judges_planted_pictures_only():
    tracks = planted("track_id", {"t3": None, "t2": (0.0, 0.0), "t1": (1.0, 1.0)})
    pictures = planted("image_id", {"p3": (0.9, 0.9), "p2": (0, 0), "p1": None})
    truth, judged = held_truth(trained(), tracks, pictures)
    assert truth.kind == "planted"
    assert judged.tolist() == [False, True]
    np.testing.assert_array_equal(truth.label, [[True], [False]])  # t1, t2 against p3


def test_a_mixed_library_is_judged_on_its_planted_tracks_alone():
    tracks = planted("track_id", {"t1": (0.0, 0.0), "t2": None})
    pictures = planted("image_id", {"p1": (0.0, 0.0), "p3": (0.9, 0.9)})
    truth, judged = held_truth(trained(), tracks, pictures)
    assert truth.kind == "planted"
    assert judged.tolist() == [True, True]
    assert truth.known.tolist() == [True, False]
    np.testing.assert_array_equal(truth.label, [[True, False]])


def test_where_no_track_is_planted_the_tags_are_truth():
    tracks = planted("track_id", {"t1": None, "t2": None})
    pictures = planted("image_id", {"p1": (0.0, 0.0), "p3": (0.0, 0.0)})
    truth, judged = held_truth(trained(), tracks, pictures)
    assert truth.kind == "tags"
    assert judged.tolist() == [True, True]
    assert truth.label.shape == (2, 2)


def test_every_window_has_its_tracks_pairs_with_the_weight_of_their_kind():
    pairs = trained().supervision.pairs
    assert pairs.music.tolist() == [0, 0, 1, 1, 2, 3]  # t1 twice, t2 twice
    assert pairs.image.tolist() == [0, 1, 0, 1, 0, 0]  # p1, p3
    np.testing.assert_allclose(pairs.weight, [-1, 0.9, -1, 0.9, 0, 0], rtol=1e-6)


def test_curated_pairs_bring_their_pictures_and_are_signed_by_the_verdict():
    curated = pl.DataFrame(
        {
            "track_id": ["t2", "t1", "t9"],
            "image_id": ["p4", "p1", "p1"],
            "match": [0, 1, 1],
            "raters": [3, 1, 1],
            "agreement": [2 / 3, 1.0, 1.0],
        }
    )
    found = training_set(PARTS, PICTURES, PAIRS, curated)
    assert found.image_ids.tolist() == ["p1", "p3", "p4"]
    told = found.supervision.curated
    assert told.music.tolist() == [0, 1, 2, 3]
    assert told.image.tolist() == [0, 0, 2, 2]
    # One rater of one mind: 1 / 2. Two of three: a third of the way, times 3 / 4.
    np.testing.assert_allclose(told.weight, [0.5, 0.5, -0.25, -0.25], rtol=1e-6)
    assert len(trained().supervision.curated) == 0


def test_where_no_picture_is_planted_the_tags_are_truth():
    tracks = planted("track_id", {"t1": (0.0, 0.0), "t2": (0.0, 0.0)})
    pictures = planted("image_id", {"p1": None, "p3": None})
    assert held_truth(trained(), tracks, pictures)[0].kind == "tags"


def test_planted_places_keep_the_order_of_what_was_asked():
    count = 3000
    names = [f"t{n:05d}" for n in range(count)]
    parts = pl.DataFrame(
        {
            "track_id": names,
            "part": pl.Series([0] * count, dtype=pl.Int32),
            "embedding": [[1.0]] * count, "scores": [[1.0]] * count,
            "valence": [0.0] * count, "arousal": [0.0] * count,
        }
    )  # fmt: skip
    pairs = pl.DataFrame(
        {
            "track_id": names,
            "image_id": ["p1"] * count,
            "kind": ["positive"] * count,
            "similarity": [1.0] * count,
            "fold": [0] * count,
        }
    )
    valence = np.linspace(-1, 1, count)
    shuffled = np.random.default_rng(0).permutation(count)
    tracks = planted("track_id", {names[n]: (valence[n], 0.0) for n in shuffled})
    pictures = planted("image_id", {"p1": (0.0, 0.0)})
    truth, _ = held_truth(training_set(parts, PICTURES, pairs), tracks, pictures)
    np.testing.assert_array_equal(truth.label[:, 0], np.abs(valence) <= 0.45)


def test_no_pairs_make_an_empty_set_that_the_fit_refuses_in_words():
    found = training_set(PARTS, PICTURES, PAIRS.clear())
    assert len(found.music) == len(found.images) == 0
    rules = BridgeRules(
        hidden=0, temperature=0.1, learning_rate=0.01, weight_decay=0.0,
        max_epochs=1, patience=1, folds=2, seed=0,
    )  # fmt: skip
    with pytest.raises(BridgeError, match="got 0 and 0; add music"):
        fit_bridge(found.music, found.images, found.track_ids, rules)
