"""A song and its words become one image. Read this first: it is the table of contents.

    song -> stems -> float32[4096] ----> direction [768] --+
    words -> states [77, 768] -----------------------------+--> fused states -> image

Not here: keeping (keepsake), and the board that the image becomes the cover of.
Idea: a literal picture of a song is not how music is remembered; its words come back,
coloured by how it sounded.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evoke_core.memory.diffusion import Drawing
from evoke_core.memory.fusion import FusionRules, fuse, states_distance
from evoke_core.memory.projection import Direction
from evoke_core.memory.sound import Sound, hear_song
from evoke_core.memory.studio import Studio
from evoke_core.memory.text_encoder import TextStates
from evoke_core.memory.words import Words, choose_words, find_words
from evoke_core.music.readers import Recording
from evoke_core.storage.store import digest
from evoke_core.vectors import Array


@dataclass(frozen=True, slots=True)
class RememberedSong:
    """What is known of a song besides its sound.

    Args:
        song_id: Of its board, and of its folder below `private/memory/`.
        title: As the board shows it.
        moods: The strongest first.
        lyrics: What lies beside it, as bytes or decoded; None where nothing does.
    """

    song_id: str
    title: str
    moods: Sequence[str]
    lyrics: bytes | str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything from the song to the image.

    Args:
        song: What was known.
        sound: What was heard.
        words: What was said.
        text: States of the words alone.
        direction: Where the sound pulls them.
        states: float32[77, 768], what the image was drawn from.
        drawings: By strength, weakest first; with them the one that counts.
        strength: Of the one that counts.
        seed: Of the noise.
        distances: Cosine distance of the states from the words alone, by strength.
        moved_by_words: Cosine distance to the states of title and moods under the same
            sound; None where these are the words.
        spent: Seconds by what they were spent on.
    """

    song: RememberedSong
    sound: Sound
    words: Words
    text: TextStates
    direction: Direction
    states: Array
    drawings: Mapping[float, Drawing]
    strength: float
    seed: int
    distances: Mapping[float, float]
    moved_by_words: float | None
    spent: Mapping[str, float]

    @property
    def drawing(self) -> Drawing:
        """The image that counts."""
        return self.drawings[self.strength]


def remember(song: RememberedSong, audio: Recording, studio: Studio) -> Memory:
    """Remember a song; the same song, words, models and rules give the same image.

    Args:
        song: What is known of it.
        audio: The bytes of its file, or its path.
        studio: Models and rules.

    Raises:
        TrackRefused: The song can't be used; the reason says why.
        ConfigError: The weights don't fit each other, or give no numbers.
    """
    spent: dict[str, float] = {}
    with _timed(spent, "sound"):
        sound = hear_song(audio, song.song_id, studio)
    with _timed(spent, "words"):
        words = find_words(audio, song.lyrics, title=song.title, moods=song.moods)
        text = studio.text.encode(words.text)
    with _timed(spent, "fusion"):
        direction = studio.projection.direct(sound.heard.vector)
        fused = _fuse_at(_strengths(studio), text, direction)
    seed = seed_of(sound.sha256, studio.rules.seed)
    drawings = {}
    for strength, states in fused.items():
        drawn = studio.painter.draw(states, studio.negative, seed=seed)
        drawings[strength] = drawn
        spent[f"image_{strength:g}"] = drawn.seconds
    states = fused[studio.rules.strength]
    return Memory(
        song=song,
        sound=sound,
        words=words,
        text=text,
        direction=direction,
        states=states,
        drawings=drawings,
        strength=studio.rules.strength,
        seed=seed,
        distances={at: states_distance(text.states, f) for at, f in fused.items()},
        moved_by_words=_moved_by_words(song, words, states, direction, studio),
        spent=spent,
    )


def seed_of(sha256: str, seed: int) -> int:
    """Draw the seed of a song's noise, so that songs don't share one composition.

    Args:
        sha256: Of the song's bytes.
        seed: Of the rules.

    Returns:
        0 <= seed < 2**63.
    """
    return int(digest([sha256, seed]), 16) % 2**63


def fingerprint_of(song: RememberedSong, audio_sha256: str, studio: Studio) -> str:
    """Digest everything that an image depends on, to know one that is there already."""
    lyrics = song.lyrics.encode() if isinstance(song.lyrics, str) else song.lyrics
    said = [song.title, list(song.moods), digest(lyrics) if lyrics else None]
    return digest([studio.fingerprint, audio_sha256, said])


def _strengths(studio: Studio) -> list[float]:
    return sorted({studio.rules.strength, *studio.rules.sweep})


def _fuse_at(
    strengths: Sequence[float], text: TextStates, direction: Direction
) -> dict[float, npt.NDArray[np.float32]]:
    rules = FusionRules()
    return {
        strength: fuse(
            text.states, text.is_word, direction, replace(rules, strength=strength)
        )
        for strength in strengths
    }


def _moved_by_words(
    song: RememberedSong,
    words: Words,
    states: Array,
    direction: Direction,
    studio: Studio,
) -> float | None:
    """Set the song under other words: those that it would have without lyrics."""
    if words.origin == "moods":
        return None
    plain = choose_words(None, None, title=song.title, moods=song.moods)
    text = studio.text.encode(plain.text)
    other = _fuse_at([studio.rules.strength], text, direction)
    return states_distance(states, other[studio.rules.strength])


@contextmanager
def _timed(spent: dict[str, float], what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent[what] = time.perf_counter() - started
