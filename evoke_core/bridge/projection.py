"""A way from music into image space: what the bridge and each of its rivals is.

A projection is a kind and a few arrays, so that any of them can be stored as
safetensors, compared with the others, and served. Fitting is next door.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from evoke_core.shared_space import FEELING, ask_by_feeling, with_feeling
from evoke_core.vectors import Array, l2_normalize

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of N items on one side of the bridge.

    Args:
        embedding: float32[N, D], unit length.
        moods: float32[N, T], mood scores, rows sum to 1.
        affect: float32[N, 2], valence and arousal in [-1, 1].
        feels: Whether embeddings are of the shared space, their feeling first.
    """

    embedding: Array
    moods: Array
    affect: Array
    feels: bool = False

    def __len__(self) -> int:
        """Return N."""
        return len(self.embedding)

    def rows(self, chosen: npt.NDArray[Any] | slice) -> "Side":
        """Return the chosen rows, by mask, number or slice."""
        return Side(
            self.embedding[chosen], self.moods[chosen], self.affect[chosen], self.feels
        )


def in_shared_space(music: Side) -> Side:
    """Lay songs out as pictures are: feeling first, then what they sound like.

    Pictures come so from `images.gather`; see `evoke_core.shared_space`.
    """
    shared = with_feeling(music.embedding, music.affect)
    return replace(music, embedding=shared, feels=True)


@dataclass(frozen=True, slots=True)
class Projection:
    """A fitted way from music into image space.

    Args:
        kind: One of KINDS.
        arrays: Whatever that kind needs, by name.
    """

    kind: str
    arrays: Arrays

    def project(self, music: Side) -> Array:
        """Place music in image space.

        What is learned of the shared space is how pictures of a song look; its feeling
        is known, and no average of others' takes its place.

        Returns:
            float32[N, D_image], unit length.
        """
        found = _KINDS[self.kind](self.arrays, music)
        if music.feels and self.kind in LEARNED:
            found = found.copy()
            found[:, :FEELING] = with_feeling(found, music.affect)[:, :FEELING]
        return l2_normalize(found)


def _linear(arrays: Arrays, music: Side) -> Array:
    """Apply x W + b: ridge, CCA, and the bridge without a hidden layer."""
    return music.embedding @ arrays["weight"] + arrays["bias"]


def _hidden(arrays: Arrays, music: Side) -> Array:
    """Apply one hidden layer with a rectifier, beside the linear way."""
    hidden = np.maximum(music.embedding @ arrays["inner"] + arrays["inner_bias"], 0.0)
    return cast("Array", hidden @ arrays["outer"] + _linear(arrays, music))


def _constant(arrays: Arrays, music: Side) -> Array:
    """Answer every song with the same vector."""
    return np.repeat(arrays["vector"][None], len(music), axis=0)


def _random(arrays: Arrays, music: Side) -> Array:
    """Answer with a vector that a song fixes but that means nothing."""
    return cast("Array", np.sin(music.embedding @ arrays["weight"]))


def _by_feeling(arrays: Arrays, music: Side) -> Array:
    """Ask for the song's place on the plane, and for what pictures there look like.

    The place is asked for exactly; the looks around it, which are an average and so
    short, only hold the board together.
    """
    looks, places = arrays["looks"], arrays["places"]
    distance2 = ((music.affect[:, None] - places[None]) ** 2).sum(-1)
    weight = np.exp(-distance2 / (2 * float(arrays["bandwidth"][0]) ** 2)) + 1e-9
    asked = ask_by_feeling(music.affect, FEELING + looks.shape[1])
    asked[:, FEELING:] = weight @ looks / weight.sum(axis=1, keepdims=True)
    return asked


def _by_tags(arrays: Arrays, music: Side) -> Array:
    """Average what pictures of a song's moods look like."""
    return music.moods @ arrays["looks"]


_KINDS: Mapping[str, Callable[[Arrays, Side], Array]] = {
    "chance": _random,
    "mean": _constant,
    "affect": _by_feeling,
    "tags": _by_tags,
    "ridge": _linear,
    "cca": _linear,
    "bridge": _linear,
    "deep_bridge": _hidden,
}
KINDS = tuple(_KINDS)
LEARNED = ("ridge", "cca", "bridge", "deep_bridge")
