"""The music encoder that needs no weights: published features, fixed constants.

Half of a vector and a little more says where the song lies on the plane of valence and
arousal, the rest what it sounds like. It depends on the song and the shipped constants
only, so songs encoded years apart compare.

Not here: the features (descriptors) and the plane (emotion), which cite their sources.
"""

import numpy as np

from evoke_core.music.analysis import TrackAnalysis
from evoke_core.music.decode import Track
from evoke_core.music.descriptors import BLOCKS, DESCRIPTORS
from evoke_core.music.emotion import affect
from evoke_core.music.encode import TrackEmbedding
from evoke_core.music.reference import load_reference
from evoke_core.music.spectra import ANALYSIS_RATE
from evoke_core.vectors import Array, l2_normalize, on_half_circle

AFFECT_SHARE = 0.6  # of the squared norm: a board should first of all feel right
VERSION = 1  # raise it with every change of arithmetic

_AFFECT_DIMENSION = 4


class HandcraftedMusicEncoder:
    """Encodes songs by affect and standardised descriptors; see MusicEncoder."""

    name = "handcrafted-music"
    dimension = _AFFECT_DIMENSION + len(DESCRIPTORS)
    sample_rate = ANALYSIS_RATE
    licence = "MIT"

    @property
    def fingerprint(self) -> str:
        """Name, version of the arithmetic and digest of the constants."""
        return f"{self.name}/{VERSION}+{load_reference().digest}"

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Encode a song whole and window by window.

        The first four coordinates are valence and arousal on half circles with
        AFFECT_SHARE of the squared norm; the descriptors follow in their order, each
        block of them with the same weight.
        """
        del track  # the analysis has heard it
        vectors = _encode_rows(np.vstack([analysis.overall, analysis.descriptors]))
        return TrackEmbedding(
            whole=vectors[0],
            windows=vectors[1:],
            starts_s=analysis.starts_s,
            ends_s=analysis.ends_s,
            weights=analysis.weights,
        )


def _encode_rows(descriptors: Array) -> Array:
    feeling = l2_normalize(on_half_circle(affect(descriptors)))
    deviations = load_reference().standardise(descriptors)
    sizes = np.array([len(names) for names in BLOCKS.values()])
    sound = l2_normalize(deviations / np.sqrt(np.repeat(sizes, sizes)))
    parts = [np.sqrt(AFFECT_SHARE) * feeling, np.sqrt(1 - AFFECT_SHARE) * sound]
    return l2_normalize(np.concatenate(parts, axis=1))
