"""Labels become moods and places on the plane, or nothing."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evoke_core.config.fields import AXES
from evoke_core.config.loading import load_vocabulary
from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Axis, Mood, Vocabulary, WordGroup
from evoke_core.labels import (
    are_labelled,
    are_plain,
    find_moods,
    join_affect,
    join_ratings,
    place_words,
    ratings_of,
    unknown_labels,
)

NOWHERE = (float("nan"), float("nan"))


def mood(valence: float, arousal: float, *words: str) -> Mood:
    return Mood(
        images=("i",), music=("m",), words=words, valence=valence, arousal=arousal
    )


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    axis = Axis(low="a", high="b", low_prompts=("a",), high_prompts=("b",))
    return Vocabulary(
        moods={
            "serene": mood(0.8, -0.8, "lake", "still water"),
            "tense": mood(-0.6, 0.6, "storm"),
        },
        axes=dict.fromkeys(AXES, axis),
    )


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (["lake"], (0.8, -0.8)),
        (["Two LAKES in the hills"], (0.8, -0.8)),
        (["over still waters"], (0.8, -0.8)),
        (["tense"], (-0.6, 0.6)),
        (["mood/theme---tense"], (-0.6, 0.6)),
        (["lake", "storm"], (0.1, -0.1)),
        (["storm, lake and storm"], (0.1, -0.1)),
    ],
)
def test_words_stand_where_the_moods_that_they_name_lie(
    vocabulary: Vocabulary, said: list[str], place: tuple[float, float]
):
    assert place_words([said], vocabulary)[0] == pytest.approx(place)


def test_moods_are_found_once_for_each_phrase_in_alphabetical_order(
    vocabulary: Vocabulary,
):
    said = [["storm", "still water, storms"], ["lake and still water"], ["oak"]]
    assert find_moods(said, vocabulary) == [[0, 1], [0, 0], []]


@pytest.mark.parametrize("said", [[], [""], ["snowflake", "stormy still"]])
def test_words_that_name_no_mood_have_no_place(vocabulary: Vocabulary, said: list[str]):
    placed = place_words([said, ["lake"]], vocabulary)
    assert placed.dtype == np.float32
    assert np.isnan(placed[0]).all()
    assert np.isfinite(placed[1]).all()


def test_labels_that_name_no_mood_are_counted_most_frequent_first(
    vocabulary: Vocabulary,
):
    said = [["film", "lake"], ["deep", "film"], [], ["mood/theme---film", "film"]]

    assert unknown_labels(said, vocabulary) == {
        "film": 3,
        "deep": 1,
        "mood/theme---film": 1,
    }


def test_a_rating_is_taken_as_it_is_and_words_move_the_rest(vocabulary: Vocabulary):
    heard = np.array([[0.4, 0.4], [0.4, 0.4], [0.4, 0.4]], np.float32)
    rated = np.array([(0.1, -0.2), NOWHERE, NOWHERE], np.float32)

    places = place_words([["storm"], ["lake"], []], vocabulary)

    placed = join_affect(heard, places, rated, weight=0.75)

    assert placed == pytest.approx(np.array([(0.1, -0.2), (0.7, -0.5), (0.4, 0.4)]))


def test_moods_of_a_rated_item_mix_by_the_weight_of_words(vocabulary: Vocabulary):
    rules = TagRules(bandwidth=0.2, word_weight=0.75, per_item=1)
    seen = np.full((2, 2), 0.5, np.float32)
    rated = np.array([(0.8, -0.8), NOWHERE], np.float32)

    joined = join_ratings(seen, rated, vocabulary, rules)

    # Two units from the other mood nothing is left of it.
    assert joined == pytest.approx(np.array([(0.875, 0.125), (0.5, 0.5)]), abs=1e-6)


def test_only_what_somebody_labelled_counts_as_labelled(vocabulary: Vocabulary):
    rated = np.array([NOWHERE, (0.0, 0.0), NOWHERE, (0.5, np.nan)], np.float32)
    places = place_words([["lake"], [], ["film"], []], vocabulary)

    assert are_labelled(places, rated).tolist() == [True, True, False, False]


def test_a_table_without_ratings_has_none():
    bare = pl.DataFrame({"image_id": ["a", "b"]})
    rated = bare.with_columns(
        pl.Series("rated_valence", [0.5, None]), pl.Series("rated_arousal", [-0.5, 0.0])
    )

    assert np.isnan(ratings_of(bare)).tolist() == [[True, True]] * 2
    assert ratings_of(rated)[0].tolist() == [0.5, -0.5]
    assert np.isnan(ratings_of(rated)[1, 0])


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("mood/theme---dark", "sombre"),
        ("mood/theme---happy", "joyful"),
        ("mood/theme---relaxing", "serene"),
        ("mood/theme---epic", "heroic"),
        ("sadness", "melancholic"),
        ("nostalgia", "nostalgic"),
    ],
)
def test_shipped_moods_know_the_labels_of_published_collections(
    assets_config: Path, label: str, name: str
):
    shipped = load_vocabulary(assets_config)
    [[found]] = find_moods([[label]], shipped)

    assert list(shipped.moods)[found] == name


@pytest.mark.parametrize("label", ["film", "deep", "slow", "emotional", "background"])
def test_labels_that_fit_opposite_moods_are_left_alone(assets_config: Path, label: str):
    assert find_moods([[label]], load_vocabulary(assets_config)) == [[]]


@pytest.mark.shared
def test_three_quarters_of_jamendos_labelled_tracks_name_a_mood(
    shared: Path, assets_config: Path
):
    from evoke_core.label_tables import read_labels

    table = read_labels(shared / "data" / "labels" / "mtg_jamendo_moodtheme.tsv")
    words = [label.words for label in table.labels.values()]
    named = find_moods(words, load_vocabulary(assets_config))

    assert len(words) > 10_000
    assert table.refusals == ()
    assert sum(map(bool, named)) / len(named) > 0.75


def test_words_of_the_lexicon_lie_where_it_says_and_the_longest_phrase_counts(
    vocabulary: Vocabulary,
):
    lexicon = (
        WordGroup(at=(0.5, 0.0), words=("nest", "lake")),
        WordGroup(at=(-0.5, 0.5), words=("wasp nest",)),
    )
    rich = vocabulary.model_copy(update={"lexicon": lexicon})

    placed = place_words([["a nest"], ["old wasp nests"], ["lake"], ["tense"]], rich)

    # The lexicon goes before a mood's words, and a mood's own name before both.
    assert placed == pytest.approx(
        np.array([[0.5, 0.0], [-0.5, 0.5], [0.5, 0.0], [-0.6, 0.6]])
    )


def test_a_picture_is_plain_where_all_its_known_words_are(vocabulary: Vocabulary):
    plain = WordGroup(at=(0.0, -0.5), words=("stapler", "wall"), plain=True)
    rich = vocabulary.model_copy(update={"lexicon": (plain,)})
    said = [["Staplers", "red"], ["stapler by the lake"], ["red"], []]

    assert are_plain(said, rich).tolist() == [True, False, False, False]
