import numpy as np
import polars as pl
import pytest

from evoke_core.errors import BridgeError
from evoke_core.memory.projection_fit import (
    fit_projection,
    project_library,
    tag_targets,
)
from evoke_core.vectors import l2_normalize


def planted(*, noise: float, seed: int = 0, count: int = 120, dimension: int = 96):
    """Songs of four moods; each mood sounds its own way, as far as noise lets it."""
    rng = np.random.default_rng(seed)
    mood = rng.integers(0, 4, count)
    heard = rng.standard_normal((4, dimension))
    said = l2_normalize(rng.standard_normal((4, 32)) + 2.0)
    sounds = 7 + heard[mood] + noise * rng.standard_normal((count, dimension))
    return sounds.astype(np.float32), said[mood], np.arange(count) // 2, mood


def test_songs_left_out_point_to_their_own_tags():
    sounds, targets, groups, _ = planted(noise=0.5)
    fit = fit_projection(sounds, targets, groups)
    assert fit.own.value > 0.8
    assert fit.is_better_than_chance
    assert fit.own.n == 60
    assert abs(fit.untrained.value) < 0.2 < fit.margin.low
    assert "120 songs in 60 groups" in fit.projection.origin


def test_the_projection_serves_new_songs_of_the_same_moods():
    sounds, targets, groups, _ = planted(noise=0.5)
    fit = fit_projection(sounds[:80], targets[:80], groups[:80])
    middle = targets[:80].mean(axis=0)
    for sound, target in zip(sounds[80:], targets[80:], strict=True):
        direction = fit.projection.direct(sound)
        assert direction.vector @ l2_normalize(target - middle) > 0.5
        assert 0.0 < direction.presence <= 1.0


def test_tags_that_have_nothing_to_do_with_the_sound_are_no_better_than_chance():
    sounds, targets, _, _ = planted(noise=0.5)
    shuffled = targets[np.random.default_rng(3).permutation(len(targets))]
    fit = fit_projection(sounds, shuffled, np.arange(len(sounds)))
    assert not fit.is_better_than_chance
    assert abs(fit.margin.value) < 0.2


def test_copies_of_a_song_do_not_judge_each_other():
    rng = np.random.default_rng(0)
    sounds = np.repeat(rng.standard_normal((30, 64)), 2, axis=0).astype(np.float32)
    targets = np.repeat(l2_normalize(rng.standard_normal((30, 16))), 2, axis=0)
    alone = fit_projection(sounds, targets, np.arange(60))
    together = fit_projection(sounds, targets, np.repeat(np.arange(30), 2))
    assert alone.own.value > 0.3
    assert together.own.value < 0.2


def test_the_same_seed_gives_the_same_projection_and_card():
    sounds, targets, groups, _ = planted(noise=1.0)
    first, second = (fit_projection(sounds, targets, groups) for _ in range(2))
    assert first.projection.fingerprint == second.projection.fingerprint
    assert first.card() == second.card()
    assert first.card()["own_cosine"]["groups"] == 60


def test_too_few_songs_or_one_mood_are_refused():
    sounds, targets, groups, _ = planted(noise=0.5)
    with pytest.raises(BridgeError, match="needs 10 groups"):
        fit_projection(sounds[:12], targets[:12], groups[:12])
    same = np.repeat(targets[:1], len(targets), axis=0)
    with pytest.raises(BridgeError, match="different moods"):
        fit_projection(sounds, same, groups)


@pytest.mark.parametrize("way", ["trained", "untrained"])
def test_a_library_is_trained_on_only_where_that_holds(way):
    sounds, targets, groups, _ = planted(noise=0.5, dimension=768)
    if way == "untrained":
        targets = targets[np.random.default_rng(3).permutation(len(targets))]
        groups = np.arange(len(groups))
    found = project_library(sounds, targets, groups)
    assert found.card["way"] == way
    assert found.card["own_cosine"]["groups"] == len(set(groups))
    assert found.projection.origin.startswith(
        "trained on 120" if way == "trained" else "orthogonal, seed 0, centred on 120"
    )


def test_a_library_without_tags_or_with_too_few_songs_is_a_centre():
    sounds, targets, groups, _ = planted(noise=0.5, dimension=768)
    bare = project_library(sounds, None, groups)
    few = project_library(sounds[:4], targets[:4], groups[:4])
    assert bare.card == {"way": "untrained", "reason": "no tags"}
    assert "needs 10 groups" in few.card["reason"]
    assert few.projection.mean is not None


@pytest.mark.shared
def test_real_music_left_out_points_to_how_its_raters_felt(shared, text_encoder):
    """The text side's weights are random here: its words differ, and mean nothing."""
    data = shared / "data"
    rated = pl.read_csv(data / "labels" / "emotify_track_means.csv")
    heard = np.load(data / "embeddings" / "tracks_musicnn.npz", allow_pickle=False)
    sound_of = dict(zip(heard["path"].tolist(), heard["embedding"], strict=True))
    clips = pl.read_csv(data / "music" / "music.csv", infer_schema_length=None)
    clips = clips.join(rated, left_on="emotify_track_id", right_on="track_id")
    clips = clips.filter(pl.col("path").is_in(list(sound_of)))
    moods = rated.columns[3:12]
    felt = clips.select(moods).to_numpy().argsort(axis=1)[:, :-3:-1]  # strongest first
    tags = [[moods[one].replace("_", " ") for one in pair] for pair in felt]
    sounds = np.stack([sound_of[path] for path in clips["path"]])
    sounds = ((sounds - sounds.mean(axis=0)) / (sounds.std(axis=0) + 1e-6)).astype("f4")
    again = {80: 54, 166: 163, 175: 172}  # the same recordings
    groups = np.array([again.get(each, each) for each in clips["emotify_track_id"]])
    fit = fit_projection(sounds, tag_targets(text_encoder, tags), groups)
    assert len(sounds) > 200
    assert fit.margin.low > 0.1
    assert fit.is_better_than_chance


def test_targets_are_the_mean_states_of_tags(text_encoder):
    targets = tag_targets(text_encoder, [("serene",), ("dark", "tense"), ("serene",)])
    assert targets.shape == (3, 768)
    assert np.array_equal(targets[0], targets[2])
    assert np.allclose(targets[1], text_encoder.encode("dark, tense").word_mean())
