"""The music encoder that needs no weights: what a song sounds like, in fixed constants.

A vector depends on the song and the shipped constants only, so songs encoded years
apart compare. How a song feels is said by the analysis, beside any encoder's vectors.

Not here: the features (descriptors), which cite their sources.
"""

import numpy as np

from evoke_core.music.analysis import TrackAnalysis
from evoke_core.music.decode import Track
from evoke_core.music.descriptors import BLOCKS, DESCRIPTORS
from evoke_core.music.encode import TrackEmbedding
from evoke_core.music.frames import ANALYSIS_RATE
from evoke_core.music.reference import load_reference
from evoke_core.vectors import Array, l2_normalize

VERSION = 3  # raise it with every change of arithmetic


class HandcraftedMusicEncoder:
    """Encodes songs by standardised descriptors; see MusicEncoder."""

    name = "handcrafted-music"
    dimension = len(DESCRIPTORS)
    sample_rate = ANALYSIS_RATE
    licence = "MIT"

    @property
    def fingerprint(self) -> str:
        """Name, version of the arithmetic and digest of the constants."""
        return f"{self.name}/{VERSION}+{load_reference().digest}"

    def encode(self, track: Track, analysis: TrackAnalysis) -> TrackEmbedding:
        """Encode a song whole and window by window.

        Coordinates are the descriptors in their order, standardised; each block of them
        has the same weight.
        """
        del track  # the analysis has heard it
        vectors = _encode_rows(np.vstack([analysis.overall, analysis.descriptors]))
        return TrackEmbedding.of(analysis, windows=vectors[1:], whole=vectors[0])


def _encode_rows(descriptors: Array) -> Array:
    deviations = load_reference().standardise(descriptors)
    sizes = np.array([len(names) for names in BLOCKS.values()])
    weighed = deviations / np.sqrt(np.repeat(sizes, sizes))
    return l2_normalize(weighed)
