"""What a music encoder is, and the vectors it returns.

Not here: any encoder; handcrafted lives in its own module, pretrained ones in theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evoke_core.music.analysis import TrackAnalysis
from evoke_core.music.decode import Track
from evoke_core.vectors import Array, l2_normalize, weighted_mean


@dataclass(frozen=True, slots=True)
class TrackEmbedding:
    """A song as vectors, on the windows of its analysis.

    Args:
        whole: float32[D], unit length.
        windows: float32[W, D], unit length.
        starts_s: float32[W].
        ends_s: float32[W].
        weights: float32[W], salience, sums to 1.
    """

    whole: Array
    windows: Array
    starts_s: Array
    ends_s: Array
    weights: Array

    @classmethod
    def of(
        cls, analysis: TrackAnalysis, windows: Array, whole: Array | None = None
    ) -> "TrackEmbedding":
        """Lay vectors on the windows of an analysis.

        Args:
            analysis: Of W windows.
            windows: float32[W, D], unit length.
            whole: float32[D], unit length; the mean of the windows by salience, brought
                to unit length, where there is none.
        """
        if whole is None:
            whole = l2_normalize(weighted_mean(windows, analysis.weights))
        return cls(
            whole=whole,
            windows=windows,
            starts_s=analysis.starts_s,
            ends_s=analysis.ends_s,
            weights=analysis.weights,
        )


class MusicEncoder(Protocol):
    """Turns songs into vectors; equal fingerprints make equal vectors."""

    @property
    def name(self) -> str:
        """Say which encoder, in a word."""

    @property
    def dimension(self) -> int:
        """Length D of its vectors."""

    @property
    def sample_rate(self) -> int:
        """Hz at which it wants a track decoded."""

    @property
    def fingerprint(self) -> str:
        """Model, weights, preprocessing and version in one string."""

    @property
    def licence(self) -> str:
        """Terms of its vectors, as an SPDX identifier where there is one."""

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Encode a song whole and window by window."""


@runtime_checkable
class BatchedMusicEncoder(Protocol):
    """What an encoder with a large model offers beyond a MusicEncoder.

    It is held once, in this process, and uses all cores by itself.
    """

    def encode_songs(
        self, songs: Sequence[tuple[Track, TrackAnalysis]]
    ) -> list[TrackEmbedding]:
        """Encode several songs, whose windows share batches."""
        ...


@runtime_checkable
class NamedSongs(Protocol):
    """What an encoder offers that knows songs by name and not by sound."""

    def named(self, names: Sequence[str]) -> MusicEncoder:
        """Return the encoder of one song; TrackRefused where it is not known."""
        ...
