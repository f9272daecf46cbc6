"""What moods pictures have: by their looks, and by the words people wrote on them.

How looks are read depends on who made the vectors. An encoder that reads texts is
asked by the moods' prompts (`zero_shot`); handcrafted vectors hold a place on the
affect plane; of any others the pictures with words teach the rest (`affect_ridge`).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evoke_core.affect_ridge import affect_from_labels
from evoke_core.config import TagRules, Vocabulary
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.handcrafted import HandcraftedImageEncoder, affect_of
from evoke_core.labels import find_moods, place_words
from evoke_core.moods import mood_coordinates, name_moods, score_moods
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array
from evoke_core.zero_shot import TextEncoder, class_embeddings, zero_shot_scores

# Prompts are of scenes; these say that a picture of one is meant, and whichever medium.
TEMPLATES = (
    "{}",
    "a photo of {}",
    "a painting of {}",
    "a picture that shows {}",
)


def tag_pictures(
    pictures: pl.DataFrame,
    vocabulary: Vocabulary,
    rules: TagRules,
    encoder: ImageEncoder,
) -> pl.DataFrame:
    """Tag pictures by their looks and by the words people wrote on them.

    Args:
        pictures: Columns image_id, keywords, embedding; the whole corpus.
        vocabulary: The moods, their prompts and the words that name them.
        rules: Kernel width, weight of words, and how many moods to name.
        encoder: Made the embeddings.

    Returns:
        The table `image_tags`.

    Raises:
        BridgeError: The encoder reads no texts, and too few pictures carry words.
    """
    if not pictures.height:
        return TABLES["image_tags"].empty()
    embeddings = as_matrix(pictures["embedding"])
    words = pictures["keywords"].to_list()
    if isinstance(encoder, TextEncoder):
        looks = mood_scores(embeddings, vocabulary, encoder)
        scores = join_named(looks, words, vocabulary, weight=rules.word_weight)
        affect = scores @ mood_coordinates(vocabulary)
    else:
        looks = _places(embeddings, words, vocabulary, encoder)
        affect = join_words(looks, words, vocabulary, weight=rules.word_weight)
        scores = score_moods(affect, vocabulary, rules)
    names = name_moods(scores, list(vocabulary.moods), count=rules.per_item)
    return pictures.select("image_id").with_columns(
        pl.Series("valence", affect[:, 0], pl.Float32),
        pl.Series("arousal", affect[:, 1], pl.Float32),
        pl.Series("moods", names, pl.List(pl.String)),
        pl.Series("scores", scores.tolist(), pl.List(pl.Float32)),
    )


def mood_scores(
    embeddings: Array, vocabulary: Vocabulary, encoder: TextEncoder
) -> Array:
    """Score moods by their picture prompts, calibrated over the corpus.

    Args:
        embeddings: float32[N, D], unit length: the whole corpus.
        vocabulary: Its moods' `images` are the prompts.
        encoder: Made the embeddings.

    Returns:
        float32[N, T], rows sum to 1.
    """
    prompts = {name: mood.images for name, mood in vocabulary.moods.items()}
    classes = class_embeddings(encoder, prompts, TEMPLATES)
    return zero_shot_scores(embeddings, classes)


def join_named(
    looks: Array,
    words: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    *,
    weight: float,
) -> Array:
    """Give pictures more of the moods that their own words name.

    Places follow as `join_words` would move them, since a place is the mean of its
    moods' places.

    Args:
        looks: float32[N, T], rows sum to 1.
        words: N lists of keywords and titles, as people wrote them.
        vocabulary: Its moods' `words` are looked for, one to three words long.
        weight: Of the words; a picture whose words name no mood keeps its scores.

    Returns:
        float32[N, T], rows sum to 1.
    """
    joined = looks.copy()
    for row, named in enumerate(find_moods(words, vocabulary)):
        if named:
            meant = np.bincount(named, minlength=looks.shape[1]) / len(named)
            joined[row] = (1 - weight) * looks[row] + weight * meant
    return joined


def _places(
    embeddings: Array,
    words: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    encoder: ImageEncoder,
) -> Array:
    if encoder.name == HandcraftedImageEncoder.name:
        return affect_of(embeddings)
    labelled = place_words(words, vocabulary)
    return affect_from_labels(embeddings, labelled, np.arange(len(embeddings)))


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
    meant = place_words(words, vocabulary)
    joined = (1 - weight) * looks + weight * meant
    return np.where(np.isnan(meant), looks, joined).astype(np.float32)
