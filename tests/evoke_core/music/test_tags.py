"""Music is tagged by sound and by what people said of it, against the library."""

import numpy as np
import polars as pl
import pytest

from evoke_core.config.loading import load_vocabulary
from evoke_core.config.profile import TagRules
from evoke_core.moods import mood_coordinates
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.tags import calibrate_tracks, score_music, tag_tracks
from evoke_core.schemas import TABLES, validate
from evoke_core.vectors import l2_normalize

RULES = TagRules(bandwidth=0.35, word_weight=0.75, per_item=1)
ONE = HandcraftedMusicEncoder()


class Reader(HandcraftedMusicEncoder):
    """Reads two words, each on an axis of its own."""

    def encode_texts(self, texts):
        return np.array([[float("calm" in t), float("loud" in t)] for t in texts])


def parts(vectors, affect, *, ids=None, numbers=None):
    return pl.DataFrame(
        {
            "track_id": ids or [f"t{row}" for row in range(len(vectors))],
            "part": numbers or [0] * len(vectors),
            "valence": [place[0] for place in affect],
            "arousal": [place[1] for place in affect],
            "embedding": np.asarray(vectors, np.float32).tolist(),
        },
        schema_overrides={
            "part": pl.Int32,
            "valence": pl.Float32,
            "arousal": pl.Float32,
            "embedding": pl.List(pl.Float32),
        },
    )


def manifest(**said):
    """What was said of tracks: words, or a rating."""
    rows = [
        {"track_id": track}
        | {
            "labels": what if isinstance(what, list) else [],
            "rated_valence": None if isinstance(what, list) else what[0],
            "rated_arousal": None if isinstance(what, list) else what[1],
        }
        for track, what in said.items()
    ]
    return TABLES["track_manifest"].frame(rows)


def tagged(rows, vocabulary, encoder, rules=RULES, **said):
    calibration = calibrate_tracks(rows, vocabulary, rules, encoder)
    tags = tag_tracks(rows, manifest(**said), vocabulary, rules, calibration)
    assert validate("track_tags", tags).equals(tags)
    return tags


def placed(vocabulary, **affect):
    """Move moods to other places, known by their names alone."""
    moods = {
        name: vocabulary.moods[name].model_copy(
            update={"valence": valence, "arousal": arousal, "words": ()}
        )
        for name, (valence, arousal) in affect.items()
    }
    return vocabulary.model_copy(update={"moods": moods})


def places(tags):
    return tags.select("valence", "arousal").to_numpy()


def test_an_encoder_that_reads_texts_is_asked_by_prompts(vocabulary_of):
    vocabulary = vocabulary_of(calm="calm pads", loud="loud drums")
    # Their place on the plane says nothing here: both moods lie at the same one.
    rows = parts([[0.9, 0.4], [0.4, 0.9]], [(0, 0), (0, 0)])
    tags = tagged(rows, vocabulary, Reader())
    assert tags["moods"].to_list() == [["calm"], ["loud"]]
    np.testing.assert_allclose([sum(s) for s in tags["scores"]], 1, atol=1e-6)
    assert tags["labelled"].to_list() == [False, False]


def test_any_other_encoder_is_tagged_by_the_plane(assets_config):
    vocabulary = load_vocabulary(assets_config)
    serene = vocabulary.moods["serene"]
    rows = parts([[1.0, 0.0]], [(serene.valence, serene.arousal)])
    tags = tagged(rows, vocabulary, ONE)
    assert tags["moods"].to_list() == [["serene"]]
    assert places(tags) == pytest.approx(np.array([(serene.valence, serene.arousal)]))


def test_an_empty_library_has_no_tags(vocabulary_of):
    empty = parts([[0.0, 1.0]], [(0, 0)]).clear()
    for encoder in (ONE, Reader()):
        assert tagged(empty, vocabulary_of(a="a"), encoder).height == 0


@pytest.mark.parametrize("encoder", [ONE, Reader()])
def test_a_song_that_comes_later_is_named_as_if_it_were_in_the_library(
    encoder, assets_config
):
    vocabulary = load_vocabulary(assets_config)
    moods = {
        name: mood.model_copy(update={"music": (("calm", "loud")[n % 2],)})
        for n, (name, mood) in enumerate(vocabulary.moods.items())
    }
    vocabulary = vocabulary.model_copy(update={"moods": moods})
    rng = np.random.default_rng(8)
    vectors = l2_normalize(rng.uniform(0.1, 1, (60, 2)))
    affect = rng.uniform(-1, 1, (60, 2)).astype(np.float32)
    rows = parts(vectors, affect)
    calibration = calibrate_tracks(rows, vocabulary, RULES, encoder)

    among = tag_tracks(rows, manifest(), vocabulary, RULES, calibration)
    later = score_music(vectors[4:5], affect[4:5], calibration, vocabulary, RULES)

    np.testing.assert_allclose(later[0], among["scores"][4].to_list(), atol=1e-6)


def test_every_song_counts_once_however_many_windows_it_has(assets_config):
    vocabulary = load_vocabulary(assets_config)
    rows = parts([[1, 0], [0, 1]], [(0.5, 0.5), (-0.5, -0.5)])
    windows = parts(
        [[0, 1]] * 9, [(-0.9, -0.9)] * 9, ids=["t1"] * 9, numbers=[*range(1, 10)]
    )

    bare = calibrate_tracks(rows, vocabulary, RULES, ONE)
    long = calibrate_tracks(pl.concat([rows, windows]), vocabulary, RULES, ONE)

    np.testing.assert_array_equal(bare.mean, long.mean)


@pytest.mark.parametrize("encoder", [ONE, Reader()])
def test_labels_are_taken_as_tags_and_mix_with_what_is_heard(vocabulary_of, encoder):
    vocabulary = vocabulary_of(calm="calm pads", loud="loud drums")
    vocabulary = placed(vocabulary, calm=(0.8, -0.8), loud=(-0.8, 0.8))
    rows = parts([[0.9, 0.4], [0.4, 0.9]], [(0.8, -0.8), (-0.4, 0.4)])

    tags = tagged(rows, vocabulary, encoder, t1=["mood/theme---calm", "film"])

    assert tags["moods"].to_list() == [["calm"], ["calm"]]
    assert tags["labelled"].to_list() == [False, True]
    # Three quarters of the way from what is heard to what was said.
    assert places(tags)[1] == pytest.approx((0.5, -0.5))


def test_windows_follow_the_label_of_their_track(assets_config):
    vocabulary = load_vocabulary(assets_config)
    rows = parts([[1, 0]] * 2, [(0, 0), (0.2, 0)], ids=["a", "a"], numbers=[0, 1])

    tags = tagged(rows, vocabulary, ONE, a=["happy"])

    assert tags["moods"].to_list() == [["joyful"], ["joyful"]]
    assert tags["labelled"].all()


def test_a_rated_track_lies_where_it_was_rated_and_its_windows_beside_it(
    assets_config,
):
    vocabulary = load_vocabulary(assets_config)
    rows = parts(
        [[1, 0]] * 3,
        [(0.1, 0.1), (0.3, 0), (0.9, 0.1)],
        ids=["a"] * 3,
        numbers=[0, 1, 2],
    )

    tags = tagged(rows, vocabulary, ONE, a=(0.5, -0.6))

    expected = np.array([(0.5, -0.6), (0.7, -0.7), (1.0, -0.6)])
    assert places(tags) == pytest.approx(expected, abs=1e-6)
    assert tags["labelled"].all()


def test_a_rating_moves_moods_that_prompts_named(vocabulary_of):
    vocabulary = vocabulary_of(calm="calm pads", loud="loud drums")
    vocabulary = placed(vocabulary, calm=(0.8, -0.8), loud=(-0.8, 0.8))
    rows = parts([[0.9, 0.4], [0.4, 0.9]], [(0, 0), (0, 0)])

    tags = tagged(rows, vocabulary, Reader(), t1=(0.8, -0.8))

    assert tags["moods"].to_list() == [["calm"], ["calm"]]


@pytest.mark.parametrize("seed", [0, 1])
def test_prompts_name_no_mood_of_everything_or_of_nothing(assets_config, seed):
    """Classes that share a common part, as text vectors do, are told apart."""
    vocabulary = load_vocabulary(assets_config)
    rules = TagRules(bandwidth=0.35, word_weight=0.75, per_item=4)
    rng = np.random.default_rng(seed)
    hub = rng.normal(size=32)
    known = {}

    class Mulan(HandcraftedMusicEncoder):
        def encode_texts(self, texts):
            for text in texts:
                known.setdefault(text, hub * rng.uniform(0, 2) + rng.normal(size=32))
            return l2_normalize(np.stack([known[text] for text in texts]))

    vectors = l2_normalize(rng.normal(size=(1500, 32)) - hub)
    tags = tagged(parts(vectors, [(0, 0)] * 1500), vocabulary, Mulan(), rules)

    shares = tags["moods"].explode().value_counts()["count"] / tags.height
    assert len(shares) == len(vocabulary.moods)
    assert shares.min() > 0.005
    assert shares.max() < 0.25


def test_every_mood_is_reached_by_a_track_at_its_place(assets_config):
    vocabulary = load_vocabulary(assets_config)
    own = np.repeat(mood_coordinates(vocabulary), 3, axis=0)
    spread = own + np.random.default_rng(1).normal(0, 0.1, own.shape)
    rules = RULES.model_copy(update={"per_item": 4})

    tags = tagged(parts([[1.0, 0.0]] * len(own), spread), vocabulary, ONE, rules)

    assert set(tags["moods"].explode()) == set(vocabulary.moods)
