"""What moods music has, tagged without knowing any picture.

Not here: the arithmetic of prompts (evoke_core.zero_shot) and of the plane (moods).
"""

import numpy as np
import polars as pl

from evoke_core.config import TagRules, Vocabulary
from evoke_core.moods import name_moods, score_moods
from evoke_core.music.encode import MusicEncoder
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array
from evoke_core.zero_shot import TextEncoder, class_embeddings, zero_shot_scores

# Prompts are of sounds already; this says that music is meant.
TEMPLATES = ("{}", "the sound of {}", "a song with {}")


def tag_tracks(
    parts: pl.DataFrame,
    vocabulary: Vocabulary,
    rules: TagRules,
    encoder: MusicEncoder,
) -> pl.DataFrame:
    """Tag tracks and their windows: by prompts where the encoder reads texts.

    Else by their place on the affect plane, which their descriptors tell whatever
    encoder made the vectors.

    Args:
        parts: The table `track_embeddings`: the whole library, which calibrates.
        vocabulary: Its moods' `music` are the prompts.
        rules: Kernel width, and how many moods to name.
        encoder: Made the embeddings.

    Returns:
        The table `track_tags`.
    """
    if isinstance(encoder, TextEncoder) and parts.height:
        embeddings = as_matrix(parts["embedding"])
        scores = mood_scores(embeddings, vocabulary, encoder)
    else:
        affect = parts.select("valence", "arousal").to_numpy().astype(np.float32)
        scores = score_moods(affect, vocabulary, rules)
    names = name_moods(scores, list(vocabulary.moods), count=rules.per_item)
    return parts.select("track_id", "part").with_columns(
        pl.Series("moods", names, pl.List(pl.String)),
        pl.Series("scores", scores.tolist(), pl.List(pl.Float32)),
    )


def mood_scores(
    embeddings: Array, vocabulary: Vocabulary, encoder: TextEncoder
) -> Array:
    """Score moods by their music prompts, calibrated over the library.

    Args:
        embeddings: float32[N, D], unit length: the whole library.
        vocabulary: Its moods' `music` are the prompts.
        encoder: Made the embeddings.

    Returns:
        float32[N, T], rows sum to 1.
    """
    prompts = {name: mood.music for name, mood in vocabulary.moods.items()}
    classes = class_embeddings(encoder, prompts, TEMPLATES)
    return zero_shot_scores(embeddings, classes)
