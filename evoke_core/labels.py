"""What people wrote on pictures and songs: words that name moods, and ratings.

Words of the lexicon have places, and words of the mood vocabulary stand for their
moods' places; ratings are places already.
Most items say nothing, and say so: a place is missing rather than in the middle.

A labelled item's moods mix what is seen or heard with what was written. So labels are
no independent truth for tags: the tables of tags say which rows were labelled.

Not here: reading tables of labels (label_tables), and what follows for items without
labels (affect_ridge).
"""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.moods import score_moods
from evoke_core.vectors import Array

RATED = ("rated_valence", "rated_arousal")  # columns of manifests

_LONGEST_PHRASE = 3  # words


def place_words(words: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Array:
    """Place items by the words of the vocabulary that people wrote on them.

    In each text the longest phrases are looked up first, so that a "wasp nest" is no
    nest.

    Args:
        words: N lists of keywords, labels and titles.
        vocabulary: Its lexicon, and its moods' names and `words`, are looked for.

    Returns:
        float32[N, 2]: the mean over the different words found; NaN where there are
        none.
    """
    places = _places(vocabulary)
    placed = np.full((len(words), 2), np.nan, np.float32)
    for row, said in enumerate(words):
        if found := _phrases_of(said, places):
            # In one order, since a sum of floats depends on it and a set has none.
            placed[row] = np.mean([places[phrase] for phrase in sorted(found)], axis=0)
    return placed


def are_plain(
    words: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> npt.NDArray[np.bool_]:
    """Say which items show things of use and nothing more, by their words; bool[N]."""
    places = _places(vocabulary)
    plain = {
        _stem(word)
        for group in vocabulary.lexicon
        if group.plain
        for word in group.words
    }
    found = [_phrases_of(said, places) for said in words]
    return np.array([bool(each) and each <= plain for each in found], bool)


def find_moods(
    words: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> list[list[int]]:
    """Find the moods that people's words name.

    Returns:
        For each item the numbers of its moods, one for each distinct phrase that names
        one, in the phrases' alphabetical order; empty where none does.
    """
    moods = {
        _stem(word): number
        for number, (name, mood) in enumerate(vocabulary.moods.items())
        for word in (name, *mood.words)
    }
    # In one order, since a sum of floats depends on it and a set has none.
    return [
        [moods[word] for word in sorted(_phrases(said)) if word in moods]
        for said in words
    ]


def unknown_labels(
    words: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> dict[str, int]:
    """Count the labels that name no mood, the most frequent first.

    Such a label can be added to a mood's `words`.
    """
    counts = Counter(label for said in words for label in said)
    labels = list(counts)
    named = find_moods([[label] for label in labels], vocabulary)
    unknown = [label for label, moods in zip(labels, named, strict=True) if not moods]
    return {label: counts[label] for label in sorted(unknown, key=lambda n: -counts[n])}


def join_named(
    seen: Array,
    words: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    *,
    weight: float,
) -> Array:
    """Give items more of the moods that their own words name.

    Args:
        seen: float32[N, T], rows sum to 1: moods by looks or sound.
        words: N lists of words, as in `place_words`.
        vocabulary: Its moods' `words` are looked for.
        weight: Of the words; an item whose words name no mood keeps its scores.

    Returns:
        float32[N, T], rows sum to 1.
    """
    joined = seen.copy()
    for row, named in enumerate(find_moods(words, vocabulary)):
        if named:
            meant = np.bincount(named, minlength=seen.shape[1]) / len(named)
            joined[row] = (1 - weight) * seen[row] + weight * meant
    return joined


def join_words(seen: Array, places: Array, *, weight: float) -> Array:
    """Move items towards where their own words lie.

    Args:
        seen: float32[N, 2], valence and arousal by looks or sound.
        places: float32[N, 2] by `place_words`; an item without one stays where it is.
        weight: Of the words.

    Returns:
        float32[N, 2] in [-1, 1].
    """
    joined = (1 - weight) * seen + weight * places
    return np.where(np.isnan(places), seen, joined).astype(np.float32)


def join_ratings(
    seen: Array, rated: Array, vocabulary: Vocabulary, rules: TagRules
) -> Array:
    """Give items more of the moods around the place where people rated them.

    Args:
        seen: float32[N, T], rows sum to 1: moods by looks or sound.
        rated: float32[N, 2], NaN where nobody rated.
        vocabulary: The moods.
        rules: `word_weight` is the weight of ratings in moods, too.

    Returns:
        float32[N, T], rows sum to 1.
    """
    known = np.isfinite(rated).all(axis=1)
    joined = seen.copy()
    around = score_moods(rated[known], vocabulary, rules)
    joined[known] = (1 - rules.word_weight) * seen[known] + rules.word_weight * around
    return joined


def join_affect(seen: Array, places: Array, rated: Array, *, weight: float) -> Array:
    """Take places from ratings as they are; else move them as `join_words` does."""
    known = np.isfinite(rated).all(axis=1, keepdims=True)
    moved = join_words(seen, places, weight=weight)
    return np.where(known, rated, moved).astype(np.float32)


def are_labelled(places: Array, rated: Array) -> npt.NDArray[np.bool_]:
    """Say which items have words that place them, or a rating; bool[N]."""
    placed = np.isfinite(places).all(axis=1)
    return np.asarray(placed | np.isfinite(rated).all(axis=1))


def ratings_of(table: pl.DataFrame) -> Array:
    """Return float32[N, 2] of the columns rated_valence and rated_arousal.

    NaN where either is missing, or the table has no such columns.
    """
    if not set(RATED) <= set(table.columns):
        return np.full((table.height, 2), np.nan, np.float32)
    return table.select(pl.col(RATED).cast(pl.Float32)).to_numpy()


def _places(vocabulary: Vocabulary) -> dict[str, tuple[float, float]]:
    """Return where each phrase lies.

    A mood's name lies at the mood, a word where the lexicon has it, any other word of a
    mood at the mood.
    """
    moods = vocabulary.moods
    at = {name: (mood.valence, mood.arousal) for name, mood in moods.items()}
    words = {_stem(word): at[name] for name in moods for word in moods[name].words}
    listed = {
        _stem(word): group.at for group in vocabulary.lexicon for word in group.words
    }
    return words | listed | {_stem(name): place for name, place in at.items()}


def _phrases_of(said: Sequence[str], known: Container[str]) -> set[str]:
    return {phrase for text in said for phrase in _longest_phrases(text, known)}


def _longest_phrases(text: str, known: Container[str]) -> Iterator[str]:
    """Yield known phrases from left to right, the longest that starts at a word."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    start = 0
    while start < len(words):
        lengths = range(min(_LONGEST_PHRASE, len(words) - start), 0, -1)
        phrases = {n: _stem(" ".join(words[start : start + n])) for n in lengths}
        found = next((n for n, phrase in phrases.items() if phrase in known), 0)
        if found:
            yield phrases[found]
        start += max(found, 1)


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
