"""Songs whose vectors someone else computed: looked up by name, never encoded.

A song is found by the SHA-256 of its bytes, by its source key, or by any end of that at
a "/". The song is still decoded and analysed, since feeling, form and profile come from
the samples. A song that the file does not hold is refused with a reason.

Not here: the file and how names are compared (evoke_core.precomputed).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from evoke_core.errors import TrackRefused
from evoke_core.music.analysis import TrackAnalysis
from evoke_core.music.decode import Track
from evoke_core.music.encode import TrackEmbedding
from evoke_core.music.frames import ANALYSIS_RATE
from evoke_core.precomputed import VERSION, VectorFile, read_vector_file
from evoke_core.vectors import Array

NO_VECTOR = "no_vector"


class PrecomputedMusic:
    """Finds songs' vectors in a file; `named` makes it the encoder of one song.

    Args:
        path: Parquet or npz, see `read_vector_file`; it is read when first needed.
    """

    name = "precomputed-music"
    licence = "the user's own"
    sample_rate = ANALYSIS_RATE

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getstate__(self) -> dict[str, object]:
        """Send the path to worker processes, which read the file themselves."""
        return {"path": self.path}

    @property
    def dimension(self) -> int:
        """D, as the file has it."""
        return self.vectors.dimension

    @property
    def fingerprint(self) -> str:
        """Digest of the file and version of what is done to it."""
        return f"{self.name}/{VERSION}+{self.vectors.digest[:16]}"

    @cached_property
    def vectors(self) -> VectorFile:
        """The file's content.

        Raises:
            ConfigError: The file is missing or not of the right form.
        """
        return read_vector_file(self.path)

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Refuse: samples don't say what a song is called; see `named`.

        Raises:
            TrackRefused: Always.
        """
        del analysis
        raise _refusal(self.path, track.title or "a song without a name")

    def named(self, names: Sequence[str]) -> "PrecomputedSong":
        """Return the encoder of one song.

        Args:
            names: Its SHA-256, source key and whatever else it may be listed under;
                the first that is found counts.

        Raises:
            TrackRefused: The file has no vector of it; reason `no_vector`.
        """
        (row,) = self.vectors.rows_of([names])
        if row is None:
            raise _refusal(self.path, names[-1] if names else "a song without a name")
        return PrecomputedSong(
            vector=self.vectors.embedding[row],
            fingerprint=self.fingerprint,
            licence=self.licence,
        )


@dataclass(frozen=True, slots=True)
class PrecomputedSong:
    """The MusicEncoder of one song, whose vector is known.

    Args:
        vector: float32[D], unit length.
        fingerprint: Of the file.
        licence: Of the vectors.
    """

    vector: Array
    fingerprint: str
    licence: str

    @property
    def name(self) -> str:
        """Say which encoder, in a word."""
        return PrecomputedMusic.name

    @property
    def dimension(self) -> int:
        """D."""
        return len(self.vector)

    @property
    def sample_rate(self) -> int:
        """Hz of the analysis: nothing else listens."""
        return PrecomputedMusic.sample_rate

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Give the whole and every window the one vector that is known."""
        del track  # its vector was looked up
        windows = np.repeat(self.vector[None], len(analysis.starts_s), axis=0)
        return TrackEmbedding.of(analysis, windows, self.vector)


def _refusal(path: Path, song: str) -> TrackRefused:
    return TrackRefused(
        NO_VECTOR,
        f"{path.name} has no vector of {song}; add one under the song's file name or "
        "SHA-256, or choose another music encoder",
    )
