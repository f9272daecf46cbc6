"""A song heard once: windows, descriptors, feeling and form, whatever encodes it later.

Not here: vectors (encode, handcrafted); the arithmetic of each part.
"""

from dataclasses import dataclass

import numpy as np

from evoke_core.music.decode import Track
from evoke_core.music.descriptors import DESCRIPTORS, describe, place_windows
from evoke_core.music.emotion import EmotionArc, affect, feel
from evoke_core.music.sections import Section, find_sections
from evoke_core.music.spectra import compute_spectra
from evoke_core.vectors import Array, weighted_mean


@dataclass(frozen=True, slots=True)
class TrackAnalysis:
    """What a song sounds and feels like.

    Args:
        starts_s: float32[W], starts of the windows.
        ends_s: float32[W].
        weights: float32[W], salience: share of each window in the song's loudness
            (Stevens' sones), sums to 1.
        descriptors: float32[W, K], raw, in the order of DESCRIPTORS.
        arc: How it feels over time.
        affect: float32[2], valence and arousal of the whole song in [-1, 1].
        window_affect: float32[W, 2], the same of its windows.
        sections: Its form, from 0 to its end.
    """

    starts_s: Array
    ends_s: Array
    weights: Array
    descriptors: Array
    arc: EmotionArc
    affect: Array
    window_affect: Array
    sections: tuple[Section, ...]

    @property
    def overall(self) -> Array:
        """Salience-weighted mean of the descriptors, float32[K]."""
        return weighted_mean(self.descriptors, self.weights)


def analyse(track: Track, *, fitted: bool = False) -> TrackAnalysis:
    """Analyse a song at any sample rate; one spectral pass serves every part.

    Args:
        track: Decoded samples.
        fitted: Place it on the affect plane by what listeners said (emotion.affect);
            for research only.
    """
    spectra = compute_spectra(track)
    starts_s, ends_s = place_windows(track.duration_s)
    windows = zip(starts_s.tolist(), ends_s.tolist(), strict=True)
    descriptors = np.stack([describe(spectra, start, end) for start, end in windows])
    weights = _salience(descriptors)
    whole = weighted_mean(descriptors, weights)
    places = affect(np.vstack([whole, descriptors]), fitted=fitted)
    return TrackAnalysis(
        starts_s=starts_s,
        ends_s=ends_s,
        weights=weights,
        descriptors=descriptors,
        arc=feel(descriptors, weights, starts_s, ends_s),
        affect=places[0],
        window_affect=places[1:],
        sections=find_sections(spectra),
    )


def _salience(descriptors: Array) -> Array:
    loudness = descriptors[:, DESCRIPTORS.index("loudness")]
    sones = 2.0 ** (loudness.astype(np.float64) / 10)
    shares: Array = (sones / sones.sum()).astype(np.float32)
    return shares
