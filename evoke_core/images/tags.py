"""What moods pictures have: by their looks, and by what people wrote on them.

How looks are read depends on who made the vectors. An encoder that reads texts is
asked by the moods' prompts (`zero_shot`); handcrafted vectors hold a place on the
affect plane; of any others the pictures with words teach the rest (`affect_ridge`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.affect_ridge import affect_from_labels
from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.handcrafted import HandcraftedImageEncoder, affect_of
from evoke_core.labels import (
    are_labelled,
    are_plain,
    find_moods,
    join_affect,
    join_named,
    join_ratings,
    place_words,
    ratings_of,
)
from evoke_core.moods import (
    calibrate_plane,
    mood_coordinates,
    name_moods,
    score_moods,
)
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array
from evoke_core.zero_shot import TextEncoder, calibrate_prompts, zero_shot_scores

# Prompts are of scenes; these say that a picture of one is meant, and whichever medium.
TEMPLATES = (
    "{}",
    "a photo of {}",
    "a painting of {}",
    "a picture that shows {}",
)

# Of the feeling in a picture of a thing of use. Raters call such things calm and
# neither pleasant nor unpleasant, and so they are; but nobody's music feels like one.
_PLAIN = 0.5

_AT_ONCE = 2000  # pictures whose words are looked up between two reports


def tag_pictures(
    pictures: pl.DataFrame,
    vocabulary: Vocabulary,
    rules: TagRules,
    encoder: ImageEncoder,
    *,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> pl.DataFrame:
    """Tag pictures by their looks, and by the words and ratings people gave them.

    Args:
        pictures: Columns image_id, keywords, embedding, and rated_valence and
            rated_arousal where there are any; the whole corpus, which calibrates.
        vocabulary: The moods, their prompts and the words that name them.
        rules: Kernel width, weight of words, and how many moods to name.
        encoder: Made the embeddings.
        report: Told (done, total) while words are looked up, which takes longest.

    Returns:
        The table `image_tags`.

    Raises:
        BridgeError: The encoder reads no texts, and too few pictures carry words.
    """
    if not pictures.height:
        return TABLES["image_tags"].empty()
    words, rated = pictures["keywords"].to_list(), ratings_of(pictures)
    written = _Written.of(words, vocabulary, report)
    is_rated = np.asarray(np.isfinite(rated).all(axis=1))
    labelled = are_labelled(written.places, rated)
    if isinstance(encoder, TextEncoder):
        prompted = _prompted(pictures, vocabulary, encoder)
        scores = join_named(prompted, words, vocabulary, weight=rules.word_weight)
        scores = join_ratings(scores, rated, vocabulary, rules)
        looks = prompted @ mood_coordinates(vocabulary)
        affect = join_affect(looks, written.places, rated, weight=rules.word_weight)
    else:
        looks = _places(pictures, rated, written.places, encoder)
        affect = join_affect(looks, written.places, rated, weight=rules.word_weight)
        calibration = calibrate_plane(affect, vocabulary, rules)
        scores = score_moods(affect, vocabulary, rules, calibration)
        affect = np.where(labelled[:, None], affect, _trust(encoder, rules) * affect)
    said = written.moods if rules.word_weight else None
    names = name_moods(scores, list(vocabulary.moods), count=rules.per_item, said=said)
    return pictures.select("image_id").with_columns(
        pl.Series("valence", affect[:, 0], pl.Float32),
        pl.Series("arousal", affect[:, 1], pl.Float32),
        pl.Series("moods", names, pl.List(pl.String)),
        pl.Series("scores", scores.tolist(), pl.List(pl.Float32)),
        pl.Series("labelled", labelled, pl.Boolean),
        pl.Series(
            "strength", np.where(written.plain & ~is_rated, _PLAIN, 1.0), pl.Float32
        ),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """What people's words say of pictures, looked up once.

    Args:
        places: float32[N, 2], valence and arousal; NaN without a word that is known.
        plain: bool[N], they name things of use and nothing more.
        moods: Numbers of the moods that they name.
    """

    places: Array
    plain: npt.NDArray[np.bool_]
    moods: list[list[int]]

    @classmethod
    def of(
        cls,
        words: Sequence[Sequence[str]],
        vocabulary: Vocabulary,
        report: Callable[[int, int], None],
    ) -> "_Written":
        read = []
        for at in range(0, len(words), _AT_ONCE):
            block = words[at : at + _AT_ONCE]
            read.append(_read_words(block, vocabulary))
            report(at + len(block), len(words))
        places, plain, moods = zip(*read, strict=True)
        return cls(np.concatenate(places), np.concatenate(plain), [*chain(*moods)])


def _read_words(
    words: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> tuple[Array, npt.NDArray[np.bool_], list[list[int]]]:
    places = place_words(words, vocabulary)
    plain = np.asarray(np.isfinite(places).all(axis=1))  # else no word is known at all
    known = [words[row] for row in np.flatnonzero(plain).tolist()]
    plain[plain] = are_plain(known, vocabulary)
    return places, plain, find_moods(words, vocabulary)


def _trust(encoder: ImageEncoder, rules: TagRules) -> float:
    """Say how far from the middle a picture may lie that only its looks place.

    A fit has drawn its places inwards already. Published formulas have not: pixels
    count as much as they do beside words.
    """
    is_fitted = encoder.name != HandcraftedImageEncoder.name
    return 1.0 if is_fitted else 1.0 - rules.word_weight


def _prompted(
    pictures: pl.DataFrame, vocabulary: Vocabulary, encoder: TextEncoder
) -> Array:
    """Score moods by their prompts, calibrated over the corpus; float32[N, T]."""
    embeddings = as_matrix(pictures["embedding"])
    prompts = {name: mood.images for name, mood in vocabulary.moods.items()}
    calibration = calibrate_prompts(embeddings, encoder, prompts, TEMPLATES)
    return zero_shot_scores(embeddings, calibration)


def _places(
    pictures: pl.DataFrame, rated: Array, worded: Array, encoder: ImageEncoder
) -> Array:
    embeddings = as_matrix(pictures["embedding"])
    if encoder.name == HandcraftedImageEncoder.name:
        return affect_of(embeddings)
    labelled = np.where(np.isfinite(rated), rated, worded)
    return affect_from_labels(
        embeddings, labelled, np.arange(len(embeddings)), spread=False
    )
