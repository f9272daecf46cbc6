"""Pictures are tagged by their looks, and moved by the words people wrote on them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evoke_core.images.tags as tags_module
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Axis, Mood, Vocabulary
from evoke_core.images.handcrafted import HandcraftedImageEncoder, affect_of
from evoke_core.images.tags import tag_pictures
from evoke_core.labels import join_named, join_words, place_words
from evoke_core.moods import mood_coordinates
from evoke_core.schemas import validate
from evoke_core.vectors import Array, l2_normalize

AXIS = Axis(low="a", high="b", low_prompts=("a",), high_prompts=("b",))
LOOKS = HandcraftedImageEncoder()
RULES = TagRules(bandwidth=0.35, per_item=2, word_weight=0.75)


def mood(valence: float, arousal: float, *words: str) -> Mood:
    return Mood(
        images=("i",), music=("m",), valence=valence, arousal=arousal, words=words
    )


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(
        moods={
            "serene": mood(0.8, -0.8, "lake", "still water"),
            "tense": mood(-0.6, 0.6, "storm", "cracked grass"),
            "neutral": mood(0.0, 0.0),
        },
        axes=dict.fromkeys(("energy", "warmth", "complexity", "abstraction"), AXIS),
    )


def joined(vocabulary: Vocabulary, *said: str, weight: float = 0.75) -> list[float]:
    looks = np.array([[0.4, 0.4]], np.float32)
    places = place_words([list(said)], vocabulary)
    (place,) = join_words(looks, places, weight=weight)
    assert looks.tolist() == [[np.float32(0.4)] * 2]
    return place.tolist()


@pytest.fixture
def embeddings() -> Array:
    rng = np.random.default_rng(5)
    encoder = HandcraftedImageEncoder()
    pictures = [
        rng.integers(low, low + 100, (64, 64, 3), dtype=np.uint8)
        for low in (0, 80, 150)
    ]
    return encoder.encode_images(pictures)


def pictures(embeddings: Array, *words: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "image_id": [f"i{n}" for n in range(len(embeddings))],
            "keywords": list(words) or [[]] * len(embeddings),
            "embedding": embeddings.tolist(),
        },
        schema={
            "image_id": pl.String,
            "keywords": pl.List(pl.String),
            "embedding": pl.List(pl.Float32),
        },
    )


def test_without_words_a_picture_is_tagged_by_its_looks(
    vocabulary: Vocabulary, embeddings: Array
):
    tags = tag_pictures(pictures(embeddings), vocabulary, RULES, LOOKS)

    assert validate("image_tags", tags).equals(tags)
    places = tags.select("valence", "arousal").to_numpy()
    # Pixels count as much as they do beside words.
    trusted = (1 - RULES.word_weight) * affect_of(embeddings)
    assert places == pytest.approx(trusted, abs=1e-6)
    for row in tags.iter_rows(named=True):
        scores = dict(zip(vocabulary.moods, row["scores"], strict=True))
        assert sum(row["scores"]) == pytest.approx(1, abs=1e-5)
        best_first = sorted(scores, key=lambda name: -scores[name])
        assert row["moods"] == best_first[:2]


def test_its_words_decide_what_a_picture_is_called(
    vocabulary: Vocabulary, embeddings: Array
):
    frame = pictures(embeddings, ["A lake at dawn"], ["storm"], [])

    heeded = RULES.model_copy(update={"word_weight": 1.0})
    tags = tag_pictures(frame, vocabulary, heeded, LOOKS)

    assert [moods[0] for moods in tags["moods"]][:2] == ["serene", "tense"]
    assert tags["image_id"].to_list() == ["i0", "i1", "i2"]


class Seeing:
    """An encoder of three dimensions that reads texts: calm, storm and neither."""

    name = "seeing"
    dimension = 3
    fingerprint = "seeing-1"
    licence = "none"

    def encode_images(self, pictures: Sequence[np.ndarray]) -> Array:
        raise AssertionError("tags need no pixels")

    def encode_texts(self, texts: Sequence[str]) -> Array:
        places = [(("calm" in t), ("storm" in t), 0.1) for t in texts]
        return l2_normalize(np.array(places, np.float32))


@pytest.fixture
def prompted(vocabulary: Vocabulary) -> Vocabulary:
    """The same moods, asked for by prompts."""
    asked = {"serene": "a calm sea", "tense": "a storm", "neutral": "a wall"}
    moods = {
        name: mood.model_copy(update={"images": (asked[name],)})
        for name, mood in vocabulary.moods.items()
    }
    return vocabulary.model_copy(update={"moods": moods})


SEEN = l2_normalize(np.array([[9, 1, 1], [1, 9, 1], [1, 1, 9], [5, 5, 1]], np.float32))


def test_an_encoder_that_reads_texts_is_asked_by_the_prompts(prompted: Vocabulary):
    tags = tag_pictures(pictures(SEEN), prompted, RULES, Seeing())

    assert validate("image_tags", tags).equals(tags)
    assert [moods[0] for moods in tags["moods"]][:3] == ["serene", "tense", "neutral"]
    places = np.array([(0.8, -0.8), (-0.6, 0.6), (0.0, 0.0)])
    for row in tags.iter_rows(named=True):
        assert sum(row["scores"]) == pytest.approx(1, abs=1e-5)
        expected = np.array(row["scores"]) @ places
        assert (row["valence"], row["arousal"]) == pytest.approx(
            tuple(expected), abs=1e-5
        )


def test_words_join_the_prompts_as_they_join_the_looks(prompted: Vocabulary):
    frame = pictures(SEEN, ["a lake"], ["a lake"], [], ["storm", "lake"])
    bare = tag_pictures(pictures(SEEN), prompted, RULES, Seeing())

    tags = tag_pictures(frame, prompted, RULES, Seeing())

    assert [moods[0] for moods in tags["moods"]][:2] == ["serene", "serene"]
    assert tags.row(2) == bare.row(2)
    looks = bare.select("valence", "arousal").to_numpy()
    places = place_words(frame["keywords"].to_list(), prompted)
    moved = join_words(looks, places, weight=0.75)
    assert tags.select("valence", "arousal").to_numpy() == pytest.approx(
        moved, abs=1e-5
    )


def test_named_moods_share_the_weight_of_words(vocabulary: Vocabulary):
    looks = np.full((2, 3), 1 / 3, np.float32)

    joined = join_named(looks, [["storm", "lake"], []], vocabulary, weight=0.75)

    assert joined[0] == pytest.approx([1 / 12 + 3 / 8, 1 / 12 + 3 / 8, 1 / 12])
    assert joined[1].tolist() == looks[1].tolist()


def test_of_other_vectors_the_pictures_with_words_teach_the_rest(
    vocabulary: Vocabulary,
):
    rng = np.random.default_rng(4)
    side = np.repeat([1.0, -1.0], 30)
    noise = rng.normal(0, 0.2, (60, 3))
    vectors = l2_normalize(noise + np.outer(side, [1.0, 0, 0]))
    words = [["lake"] if s > 0 else ["storm"] for s in side]
    words[5], words[40] = [], []

    class Brought(Seeing):
        name = "precomputed"
        encode_texts = None

    tags = tag_pictures(pictures(vectors, *words), vocabulary, RULES, Brought())

    assert tags["moods"][5][0] == "serene"
    assert tags["moods"][40][0] == "tense"


def test_rated_pictures_lie_where_they_were_rated(
    vocabulary: Vocabulary, prompted: Vocabulary, embeddings: Array
):
    rated = [
        pl.Series("rated_valence", [0.5, None, None], pl.Float32),
        pl.Series("rated_arousal", [-0.5, None, None], pl.Float32),
    ]
    words = (["storm"], ["storm"], ["a wall"])
    looks = pictures(embeddings, *words).with_columns(rated)
    seen = pictures(SEEN[:3], *words).with_columns(rated)

    for tags in (
        tag_pictures(looks, vocabulary, RULES, LOOKS),
        tag_pictures(seen, prompted, RULES, Seeing()),
    ):
        assert tags.row(0)[1:3] == (0.5, -0.5)
        assert tags["labelled"].to_list() == [True, True, False]
        assert tags["moods"][1][0] == "tense"


def test_every_mood_is_reached_by_a_picture_at_its_place(assets_config: Path):
    shipped = load_vocabulary(assets_config)
    rules = load_run_profile(assets_config, "demo").tags
    own = np.repeat(mood_coordinates(shipped), 3, axis=0)
    spread = own + np.random.default_rng(2).normal(0, 0.1, own.shape)
    rated = pictures(np.zeros((len(own), HandcraftedImageEncoder().dimension)))
    rated = rated.with_columns(
        pl.Series("rated_valence", spread[:, 0], pl.Float32),
        pl.Series("rated_arousal", spread[:, 1], pl.Float32),
    )

    tags = tag_pictures(rated, shipped, rules, LOOKS)

    assert set(tags["moods"].explode()) == set(shipped.moods)


def test_no_pictures_have_no_tags(vocabulary: Vocabulary):
    empty = tag_pictures(
        pictures(np.empty((0, 3), np.float32)), vocabulary, RULES, LOOKS
    )

    assert validate("image_tags", empty).height == 0


def test_a_word_moves_a_picture_three_quarters_of_the_way(vocabulary: Vocabulary):
    assert joined(vocabulary, "lake") == pytest.approx([0.7, -0.5])
    assert joined(vocabulary, "lake", weight=0.0) == pytest.approx([0.4, 0.4])
    assert joined(vocabulary, "lake", weight=1.0) == pytest.approx([0.8, -0.8])


def test_words_of_several_moods_are_averaged_each_word_once(vocabulary: Vocabulary):
    middle = joined(vocabulary, "lake", "storm", weight=1.0)

    assert middle == pytest.approx([0.1, -0.1])
    assert joined(vocabulary, "storm lake lake", "Lake", weight=1.0) == middle


@pytest.mark.parametrize(
    "text",
    [
        "LAKE",
        "the lakes!",
        "Still Waters run deep",
        "serene",
        "IMG_2041_lake-2",
        "Lake.",
    ],
)
def test_words_are_found_in_any_case_number_and_company(
    vocabulary: Vocabulary, text: str
):
    assert joined(vocabulary, text, weight=1.0) == pytest.approx([0.8, -0.8])


@pytest.mark.parametrize(
    "text", ["", "blake", "lakeside", "still", "water still", "<b>x</b>", "湖", "\x00"]
)
def test_words_that_name_no_mood_leave_a_picture_where_it_is(
    vocabulary: Vocabulary, text: str
):
    assert joined(vocabulary, text, weight=1.0) == pytest.approx([0.4, 0.4])


def test_the_order_of_words_does_not_change_a_bit(vocabulary: Vocabulary):
    words = ["lake", "storm", "neutral", "tense", "serene"]

    assert joined(vocabulary, *words) == joined(vocabulary, *words[::-1])


def test_shipped_words_are_found_as_they_are_written(assets_config: Path):
    vocabulary = load_vocabulary(assets_config)
    for name, shipped in vocabulary.moods.items():
        for word in (name, *shipped.words):
            place = joined(vocabulary, word, weight=1.0)
            assert place != pytest.approx([0.4, 0.4]), word


def test_no_shipped_word_is_claimed_by_two_moods(assets_config: Path):
    moods = load_vocabulary(assets_config).moods
    claims = Counter(
        word for name, shipped in moods.items() for word in {name, *shipped.words}
    )

    assert [word for word, count in claims.items() if count > 1] == []


def test_words_are_looked_up_once_and_progress_is_told(
    vocabulary: Vocabulary, embeddings: Array, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []

    def count(words: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Array:
        asked.append(len(words))
        return place_words(words, vocabulary)

    monkeypatch.setattr(tags_module, "place_words", count)
    monkeypatch.setattr(tags_module, "_AT_ONCE", 2)
    frame = pictures(embeddings, ["lake"], ["storm"], ["a wall"])
    told: list[tuple[int, int]] = []

    in_blocks = tag_pictures(
        frame, vocabulary, RULES, LOOKS, report=lambda *at: told.append(at)
    )

    assert asked == [2, 1]
    assert told == [(2, 3), (3, 3)]
    monkeypatch.undo()
    assert in_blocks.equals(tag_pictures(frame, vocabulary, RULES, LOOKS))
