"""What people wrote on pictures and songs, as places on the affect plane.

Words of the mood vocabulary stand for their moods' places; ratings are places already.
Most items say nothing, and say so: a place is missing rather than in the middle.

Not here: what follows for items without labels (affect_ridge).
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evoke_core.config import Vocabulary
from evoke_core.errors import ConfigError
from evoke_core.moods import mood_coordinates
from evoke_core.vectors import Array

_LONGEST_PHRASE = 3  # words
_ID_COLUMNS = ("id", "path", "file", "track_id")


def place_words(words: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Array:
    """Place items by the words of the vocabulary that people wrote on them.

    Args:
        words: N lists of keywords, labels and titles.
        vocabulary: Its moods' names and `words` are looked for, one to three long.

    Returns:
        float32[N, 2]: the mean of the named moods; NaN where no mood is named.
    """
    places = mood_coordinates(vocabulary).astype(np.float64)
    placed = np.full((len(words), 2), np.nan, np.float32)
    for row, named in enumerate(find_moods(words, vocabulary)):
        if named:
            placed[row] = places[named].mean(axis=0)
    return placed


def find_moods(
    words: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> list[list[int]]:
    """Find the moods that people's words name.

    Returns:
        For each item the numbers of its moods, one for every word that names one, in
        the words' order; empty where none does.
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


def read_labels(path: Path, vocabulary: Vocabulary) -> dict[str, tuple[float, float]]:
    """Read a table of labels.

    Args:
        path: CSV with a column id, path, file or track_id, and either the columns
            valence and arousal in [-1, 1] or a column labels (words parted by "," ";"
            or "|").
        vocabulary: Says where words lie.

    Returns:
        Places by id; rows whose words name no mood, or whose places are no numbers,
        are left out.

    Raises:
        ConfigError: No such file, or the columns are missing.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise ConfigError(
            f"labels {path}: can't be read ({wrong}); bring a CSV file in UTF-8"
        ) from wrong
    ids = [row[_id_column(path, columns)] or "" for row in rows]
    if {"valence", "arousal"} <= set(columns):
        placed = [(_number(row["valence"]), _number(row["arousal"])) for row in rows]
    else:
        said = [re.split(r"[,;|]", row["labels"] or "") for row in rows]
        placed = [(float(v), float(a)) for v, a in place_words(said, vocabulary)]
    return {
        name: place
        for name, place in zip(ids, placed, strict=True)
        if name and np.isfinite(place).all()
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


def _id_column(path: Path, columns: Sequence[str]) -> str:
    named = [name for name in _ID_COLUMNS if name in columns]
    told = {"valence", "arousal"} <= set(columns) or "labels" in columns
    if not named or not told:
        raise ConfigError(
            f"labels {path}: needs a column {', '.join(_ID_COLUMNS)}, and either "
            f"valence and arousal or labels; got {', '.join(columns) or 'none'}"
        )
    return named[0]


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
