"""What moods pictures have: by their looks, and by the words people wrote on them."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from evoke_core.config import TagRules, Vocabulary
from evoke_core.images.handcrafted import affect_of
from evoke_core.moods import name_moods, score_moods
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array

_LONGEST_PHRASE = 3  # words


def tag_pictures(
    pictures: pl.DataFrame, vocabulary: Vocabulary, rules: TagRules
) -> pl.DataFrame:
    """Tag pictures by their place on the affect plane.

    Args:
        pictures: Columns image_id, keywords, embedding.
        vocabulary: The moods and the words that name them.
        rules: Kernel width, weight of words, and how many moods to name.

    Returns:
        The table `image_tags`.
    """
    if not pictures.height:
        return TABLES["image_tags"].empty()
    looks = affect_of(as_matrix(pictures["embedding"]))
    words = pictures["keywords"].to_list()
    affect = join_words(looks, words, vocabulary, weight=rules.word_weight)
    scores = score_moods(affect, vocabulary, rules)
    names = name_moods(scores, list(vocabulary.moods), count=rules.per_item)
    return pictures.select("image_id").with_columns(
        pl.Series("valence", affect[:, 0], pl.Float32),
        pl.Series("arousal", affect[:, 1], pl.Float32),
        pl.Series("moods", names, pl.List(pl.String)),
        pl.Series("scores", scores.tolist(), pl.List(pl.Float32)),
    )


def join_words(
    looks: Array,
    words: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    *,
    weight: float,
) -> Array:
    """Move pictures towards the moods that their own words name.

    Args:
        looks: float32[N, 2], valence and arousal by the pixels.
        words: N lists of keywords and titles, as people wrote them.
        vocabulary: Its moods' `words` are looked for, one to three words long.
        weight: Of the words; a picture whose words name no mood stays where it is.

    Returns:
        float32[N, 2] in [-1, 1].
    """
    places = _places_by_word(vocabulary)
    joined = looks.copy()
    for row, said in enumerate(words):
        # In one order, since a sum of floats depends on it and a set has none.
        named = [places[word] for word in sorted(_phrases(said)) if word in places]
        if named:
            meant = np.mean(named, axis=0)
            joined[row] = (1 - weight) * looks[row] + weight * meant
    return joined


def _places_by_word(vocabulary: Vocabulary) -> Mapping[str, tuple[float, float]]:
    return {
        _stem(word): (mood.valence, mood.arousal)
        for name, mood in vocabulary.moods.items()
        for word in (name, *mood.words)
    }


def _phrases(said: Sequence[str]) -> set[str]:
    """Return all runs of one to three words, each word without its plural s."""
    found = set()
    for text in said:
        words = re.findall(r"[^\W\d_]+", text.lower())
        for length in range(1, _LONGEST_PHRASE + 1):
            for start in range(len(words) - length + 1):
                found.add(_stem(" ".join(words[start : start + length])))
    return found


def _stem(phrase: str) -> str:
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word
        for word in phrase.split()
    )
