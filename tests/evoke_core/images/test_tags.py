"""Pictures are tagged by their looks, and moved by the words people wrote on them."""

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evoke_core.config import Axis, Mood, TagRules, Vocabulary, load_vocabulary
from evoke_core.images.handcrafted import HandcraftedImageEncoder, affect_of
from evoke_core.images.tags import join_words, tag_pictures
from evoke_core.schemas import validate
from evoke_core.vectors import Array

AXIS = Axis(low="a", high="b", low_prompts=("a",), high_prompts=("b",))
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
    (place,) = join_words(looks, [list(said)], vocabulary, weight=weight)
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
    tags = tag_pictures(pictures(embeddings), vocabulary, RULES)

    assert validate("image_tags", tags).equals(tags)
    places = tags.select("valence", "arousal").to_numpy()
    assert places == pytest.approx(affect_of(embeddings), abs=1e-6)
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
    tags = tag_pictures(frame, vocabulary, heeded)

    assert [moods[0] for moods in tags["moods"]][:2] == ["serene", "tense"]
    assert tags["image_id"].to_list() == ["i0", "i1", "i2"]


def test_no_pictures_have_no_tags(vocabulary: Vocabulary):
    empty = tag_pictures(pictures(np.empty((0, 3), np.float32)), vocabulary, RULES)

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
