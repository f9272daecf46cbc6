"""Nobody is judged on what they were fitted on; truth is worked out by hand."""

import json
import tracemalloc

import numpy as np
import pytest

import evoke_core.bridge.report as report_module
from evoke_core import vectors
from evoke_core.bridge.projection import Side
from evoke_core.bridge.report import (
    Truth,
    compare,
    cross_fit,
    fit_all,
    planted_truth,
    tag_truth,
)
from evoke_core.config.profile import BridgeRules
from evoke_core.errors import BridgeError
from evoke_core.vectors import l2_normalize

RULES = BridgeRules(
    hidden=0, temperature=0.1, learning_rate=0.003, weight_decay=0.05,
    max_epochs=3, patience=3, folds=3, seed=3,
)  # fmt: skip


def sides(tracks=12, pictures=20, dimension=4, seed=0):
    rng = np.random.default_rng(seed)
    return tuple(
        Side(
            l2_normalize(rng.normal(size=(count, dimension))),
            rng.random((count, 3)).astype(np.float32),
            rng.uniform(-1, 1, (count, 2)).astype(np.float32),
        )
        for count in (tracks, pictures)
    )


class Memory:
    """Stands for a fitted projection; it remembers every row that it saw."""

    def __init__(self, seen):
        self.seen = {row.tobytes() for row in seen}

    def project(self, music):
        assert not any(row.tobytes() in self.seen for row in music.embedding)
        return music.embedding


def test_no_row_is_projected_by_a_model_that_saw_its_track(monkeypatch):
    music, images = sides(tracks=12)
    groups = np.repeat(np.arange(6), 2)  # a whole and a window each
    folds = np.repeat([0, 1, 2, 2, 1, 0], 2)
    fitted_on = []

    def spy(seen, pictures, tracks, rules, supervision):
        fitted_on.append(set(tracks.tolist()))
        assert len(pictures) == len(images)
        return {"memory": Memory(seen.embedding)}

    monkeypatch.setattr(report_module, "fit_all", spy)
    projected = cross_fit(music, images, groups, folds, RULES)
    assert fitted_on == [{1, 2, 3, 4}, {0, 2, 3, 5}, {0, 1, 4, 5}]
    # every row is filled in, at its own place
    np.testing.assert_array_equal(projected["memory"], music.embedding)


def test_cross_fitting_gives_unit_vectors_of_every_kind():
    music, images = sides(tracks=12)
    projected = cross_fit(music, images, np.arange(12), np.arange(12) % 3, RULES)
    assert set(projected) == {
        "chance", "mean", "affect", "tags", "ridge", "cca", "bridge",
    }  # fmt: skip
    for rows in projected.values():
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("folds", "left"), [([], 0), ([0], 0), ([0, 1], 1), ([0, 0, 1], 1)]
)
def test_too_few_tracks_to_hold_one_out_are_counted_with_the_remedy(folds, left):
    count = len(folds)
    music, images = sides(tracks=count)
    said = rf"got {count} tracks, of which {left} are left; add music .* 3 tracks"
    with pytest.raises(BridgeError, match=said):
        cross_fit(music, images, np.arange(count), np.array(folds), RULES)


def test_three_tracks_in_three_folds_are_enough():
    music, images = sides(tracks=3)
    projected = cross_fit(music, images, np.arange(3), np.arange(3), RULES)
    assert np.isfinite(projected["bridge"]).all()


def test_vectors_that_do_not_vary_are_named_before_anything_is_fitted():
    music, images = sides()
    flat = Side(np.repeat(images.embedding[:1], 20, 0), images.moods, images.affect)
    with pytest.raises(BridgeError, match="check the picture encoder"):
        fit_all(music, flat, np.arange(12), RULES)


def test_planted_truth_by_hand():
    tracks = np.array([[0.0, 0.0], [1.0, 1.0]], np.float32)
    pictures = np.array([[0.3, 0.3], [0.0, 0.5], [0.1, 0.0], [1, 0.9]], np.float32)
    truth = planted_truth(tracks, pictures)
    assert truth.kind == "planted"
    # distances of the first track: 0.42, 0.5, 0.1, 1.35; 0.45 is the limit
    np.testing.assert_array_equal(truth.label, [[1, 0, 1, 0], [0, 0, 0, 1]])
    np.testing.assert_array_equal(truth.instance, [[0, 0, 1, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("cells", [1, 50])
def test_truth_is_the_same_however_many_tracks_are_looked_at_together(
    monkeypatch, cells
):
    music, images = sides()
    images = images.rows([*range(20), *range(20)])  # of equals the first is the match
    whole = tag_truth(music, images)
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", cells)
    found = tag_truth(music, images)
    np.testing.assert_array_equal(found.label, whole.label)
    np.testing.assert_array_equal(found.instance, whole.instance)


def test_truth_and_figures_take_little_memory_beside_what_is_relevant(monkeypatch):
    rng = np.random.default_rng(0)
    tracks, pictures = (rng.normal(size=(n, 2)).astype(np.float32) for n in (400, 3000))
    monkeypatch.setattr(vectors, "CELLS_AT_ONCE", 30_000)
    tracemalloc.start()
    truth = planted_truth(tracks, pictures)
    compare({"k": tracks}, pictures, truth)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 7e6  # two tables of 1.2 million bools; one of scores takes 4.8e6


def test_truth_from_tags_says_that_it_is():
    music, images = sides()
    truth = tag_truth(music, images)
    assert truth.kind == "tags"
    assert truth.label.shape == truth.instance.shape == (12, 20)
    assert (truth.instance.sum(axis=1) == 1).all()


def test_comparison_by_hand_in_both_protocols_and_directions():
    images = np.eye(3, dtype=np.float32)
    truth = Truth(
        "planted",
        label=np.array([[1, 1, 0], [0, 1, 1]], bool),
        instance=np.array([[1, 0, 0], [0, 0, 1]], bool),
    )
    right = np.array([[0.9, 0.4, 0.1], [0.1, 0.4, 0.9]], np.float32)
    found = compare({"good": right, "bad": -right}, images, truth)
    assert found.served_by() is found.figures["label"]["music_to_image"]
    assert found.served_by()["good"]["mrr"].value == 1.0
    assert found.served_by()["bad"]["mrr"].value == 0.5
    instance = found.figures["instance"]
    assert instance["music_to_image"]["bad"]["mrr"].value == pytest.approx(1 / 3)
    assert instance["image_to_music"]["good"]["mrr"].value == 1.0
    # the middle picture is nobody's best match, so it asks nothing
    assert instance["image_to_music"]["good"]["mrr"].n == 2


def test_a_comparison_is_plain_data():
    images = np.eye(2, dtype=np.float32)
    truth = Truth("tags", np.eye(2, dtype=bool), np.eye(2, dtype=bool))
    plain = json.loads(json.dumps(compare({"k": images}, images, truth).as_json()))
    assert plain["truth"] == "tags"
    assert plain["figures"]["label"]["image_to_music"]["k"]["auc"]["value"] == 1.0


def test_truth_from_tags_is_labelled_as_such():
    images = np.eye(2, dtype=np.float32)
    for kind, said in (("tags", True), ("planted", False)):
        truth = Truth(kind, np.eye(2, dtype=bool), np.eye(2, dtype=bool))
        plain = compare({"k": images}, images, truth).as_json()
        assert plain["is_tag_derived"] is said


def test_only_tracks_that_the_truth_speaks_of_are_judged():
    images = np.eye(2, dtype=np.float32)
    known = np.array([False, True, True])
    truth = Truth("planted", np.eye(2, dtype=bool), np.eye(2, dtype=bool), known)
    queries = np.array([[0, 1], [1, 0], [0, 1]], np.float32)
    found = compare({"k": queries}, images, truth)
    assert found.served_by()["k"]["mrr"].n == 2
    assert found.served_by()["k"]["mrr"].value == 1.0


def test_alignment_counts_cosines_of_matches_and_of_drawn_pictures():
    images = np.eye(3, dtype=np.float32)
    truth = Truth("planted", np.eye(3, dtype=bool), np.eye(3, dtype=bool))
    found = compare({"good": images, "bad": -images}, images, truth)
    good, bad = found.alignment["good"], found.alignment["bad"]
    assert len(good.edges) == len(good.matched) + 1 == len(good.random) + 1
    assert (good.edges[0], good.edges[-1]) == (-1.0, 1.0)
    assert good.matched[-1] == bad.matched[0] == 3  # cosines of 1 and of -1
    assert sum(good.matched) == sum(good.random) == 3


def test_progress_counts_folds(monkeypatch):
    music, images = sides(tracks=12)
    told = []
    monkeypatch.setattr(
        report_module, "fit_all", lambda *_: {"memory": Memory(np.empty((0, 4)))}
    )

    cross_fit(
        music, images, np.arange(12), np.arange(12) % 3, RULES,
        report=lambda *at: told.append(at),
    )  # fmt: skip

    assert told == [(1, 3), (2, 3), (3, 3)]
