"""What a music encoder is, and the vectors it returns.

Not here: any encoder; handcrafted lives in its own module, pretrained ones in theirs.
"""

from dataclasses import dataclass
from typing import Protocol

from evoke_core.music.analysis import TrackAnalysis
from evoke_core.music.decode import Track
from evoke_core.vectors import Array


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
