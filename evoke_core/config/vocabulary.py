"""The words that pictures and music share: moods, slider axes, and how words feel."""

import hashlib
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from evoke_core.config.fields import AXES, Coordinate, Frozen, require_once


class Mood(Frozen):
    """One word of the vocabulary that pictures and music share."""

    images: Annotated[tuple[str, ...], Field(min_length=1)]
    music: Annotated[tuple[str, ...], Field(min_length=1)]
    words: tuple[str, ...] = ()
    valence: Coordinate
    arousal: Coordinate


class Axis(Frozen):
    """One slider: its name and the words at its ends."""

    low: str
    high: str
    low_prompts: Annotated[tuple[str, ...], Field(min_length=1)]
    high_prompts: Annotated[tuple[str, ...], Field(min_length=1)]


class WordGroup(Frozen):
    """Words that feel alike.

    Args:
        at: Valence and arousal of the things that they name.
        words: One to three words each.
        plain: Things of use that nobody feels much about: a stapler, a wall.
    """

    at: tuple[Coordinate, Coordinate]
    words: Annotated[tuple[str, ...], Field(min_length=1)]
    plain: bool = False


class Vocabulary(Frozen):
    """The moods, the four slider axes, and how further words feel.

    Args:
        moods: By name, in the order of every table of scores.
        axes: The four of AXES.
        lexicon: Words that name no mood but a thing with a feeling.
    """

    moods: Mapping[str, Mood]
    axes: Mapping[str, Axis]
    lexicon: tuple[WordGroup, ...] = ()

    @property
    def digest(self) -> str:
        """Return a digest of all words and places."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @field_validator("axes")
    @classmethod
    def _names_the_four(cls, axes: Mapping[str, Axis]) -> Mapping[str, Axis]:
        if set(axes) != set(AXES):
            raise ValueError(f"needs exactly the axes {', '.join(AXES)}")
        return axes

    @field_validator("lexicon")
    @classmethod
    def _places_each_word_once(
        cls, lexicon: tuple[WordGroup, ...]
    ) -> tuple[WordGroup, ...]:
        require_once(word for group in lexicon for word in group.words)
        return lexicon
