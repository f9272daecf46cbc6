"""What moods music has, tagged without knowing any picture.

Where the encoder reads texts, by prompts; else by the place on the affect plane, which
descriptors tell whatever encoder made the vectors. Either way against the library: a
song that comes later is named by the library's calibration, as if it were in it.

Not here: the arithmetic of prompts (zero_shot), of the plane (moods) and of words
(labels).
"""

import numpy as np
import polars as pl

from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.labels import (
    RATED,
    are_labelled,
    find_moods,
    join_affect,
    join_named,
    join_ratings,
    place_words,
    ratings_of,
)
from evoke_core.moods import (
    MoodCalibration,
    calibrate_plane,
    name_moods,
    score_moods,
)
from evoke_core.music.encode import MusicEncoder
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array
from evoke_core.zero_shot import TextEncoder, calibrate_prompts, zero_shot_scores

# Prompts are of sounds already; this says that music is meant.
TEMPLATES = ("{}", "the sound of {}", "a song with {}")


def calibrate_tracks(
    parts: pl.DataFrame,
    vocabulary: Vocabulary,
    rules: TagRules,
    encoder: MusicEncoder,
) -> MoodCalibration:
    """Note how much of each mood the library has; every song counts once, as a whole.

    Args:
        parts: The table `track_embeddings`.
        vocabulary: Its moods' `music` are the prompts.
        rules: Kernel width, on the plane.
        encoder: Made the embeddings.
    """
    whole = parts.filter(pl.col("part") == 0)
    if isinstance(encoder, TextEncoder) and whole.height:
        prompts = {name: mood.music for name, mood in vocabulary.moods.items()}
        embeddings = as_matrix(whole["embedding"])
        return calibrate_prompts(embeddings, encoder, prompts, TEMPLATES)
    return calibrate_plane(_affect(whole), vocabulary, rules)


def score_music(
    embeddings: Array,
    affects: Array,
    calibration: MoodCalibration,
    vocabulary: Vocabulary,
    rules: TagRules,
) -> Array:
    """Say how strongly each mood applies to music, against the library.

    Args:
        embeddings: float32[N, D], unit length.
        affects: float32[N, 2], valence and arousal.
        calibration: Of the library, by `calibrate_tracks`.
        vocabulary: The moods.
        rules: Kernel width, on the plane.

    Returns:
        float32[N, T], rows sum to 1.
    """
    if calibration.classes is None:
        return score_moods(affects, vocabulary, rules, calibration)
    return zero_shot_scores(embeddings, calibration)


def tag_tracks(
    parts: pl.DataFrame,
    manifest: pl.DataFrame,
    vocabulary: Vocabulary,
    rules: TagRules,
    calibration: MoodCalibration,
) -> pl.DataFrame:
    """Tag tracks and their windows by how they sound and by what people said of them.

    Words move a track and its windows alike. A rating is taken as it is: the track lies
    where it was rated, and its windows move with it.

    Args:
        parts: The table `track_embeddings`.
        manifest: The table `track_manifest`.
        vocabulary: The moods, and the words that name them.
        rules: Kernel width, weight of words, and how many moods to name.
        calibration: Of the library, by `calibrate_tracks`.

    Returns:
        The table `track_tags`.
    """
    written = manifest.select("track_id", "labels", *RATED)
    known = parts.join(written, on="track_id", how="left", maintain_order="left")
    words, rated = known["labels"].fill_null([]).to_list(), _rated_parts(known)
    places = place_words(words, vocabulary)
    affect = join_affect(_affect(parts), places, rated, weight=rules.word_weight)
    scores = score_music(
        as_matrix(parts["embedding"]), affect, calibration, vocabulary, rules
    )
    if calibration.classes is not None:
        scores = join_named(scores, words, vocabulary, weight=rules.word_weight)
        scores = join_ratings(scores, rated, vocabulary, rules)
    said = find_moods(words, vocabulary) if rules.word_weight else None
    names = name_moods(scores, list(vocabulary.moods), count=rules.per_item, said=said)
    return parts.select("track_id", "part").with_columns(
        pl.Series("valence", affect[:, 0], pl.Float32),
        pl.Series("arousal", affect[:, 1], pl.Float32),
        pl.Series("moods", names, pl.List(pl.String)),
        pl.Series("scores", scores.tolist(), pl.List(pl.Float32)),
        pl.Series("labelled", are_labelled(places, rated), pl.Boolean),
    )


def _affect(parts: pl.DataFrame) -> Array:
    return parts.select("valence", "arousal").to_numpy().astype(np.float32)


def _rated_parts(known: pl.DataFrame) -> Array:
    """Place the parts of rated tracks: the whole as rated, windows as far from it.

    Returns:
        float32[N, 2] in [-1, 1]; NaN where nobody rated the track.
    """
    whole = known.filter(pl.col("part") == 0).select(
        "track_id", pl.col("valence", "arousal").name.prefix("whole_")
    )
    beside = known.join(whole, on="track_id", how="left", maintain_order="left")
    heard = beside.select("whole_valence", "whole_arousal").to_numpy()
    moved: Array = np.clip(_affect(known) - heard + ratings_of(known), -1, 1)
    return moved
