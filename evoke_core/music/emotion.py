"""What music makes people feel, from its descriptors by published relations.

Every quantity is a weighted mean of standardised cues. The weights in `COMPOSITES` come
from the literature, none from a fit; the mean's place among the reference clips, taken
as normal, becomes the number: 0.5 (or 0 on the affect plane) is the median clip. Only
the affect plane may, where it is asked to, take axes that were fitted on ratings.

Not here: the descriptors and how they are standardised; the fitted axes (fitted).
Sources, by what they relate:
- Loudness and tempo to arousal: Schubert 2004; fast, accented, articulated rhythm:
  Gomez & Danuser 2007; loudness, tempo, spectral flux, sharpness and roughness:
  Coutinho & Cangelosi 2011; level and high-frequency energy: Juslin & Laukka 2003.
- Mode as the first cue of valence, then register and timbre, all adding up linearly:
  Eerola, Friberg & Bresin 2013; key clarity beside majorness: Eerola, Lartillot &
  Toiviainen 2009; major mode, consonance, liveliness (fast, dense rhythm) and
  brightness to happiness: Gabrielsson & Lindström 2010. About brightness studies
  disagree: high-frequency energy of single tones goes with pleasant affect in some and
  unpleasant in others (Korsmit et al. 2024).
- A small range of loudness to activity: Gabrielsson & Lindström 2010; flux of single
  bands, the bass among them, to activity and fullness: Alluri & Toiviainen 2010.
- Polyphonic timbre as activity, brightness and fullness: Alluri & Toiviainen 2010;
  number of partials as complexity: Laurier et al. 2010.
- Steps of the tonal centroid as harmonic change: Harte, Sandler & Gasser 2006.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from evoke_core.moods import AFFECT
from evoke_core.music.fitted import FittedAxis, load_table
from evoke_core.music.reference import Cues, combine, load_reference
from evoke_core.vectors import Array, Array64, weighted_mean

COMPOSITES: dict[str, Cues] = {
    "valence": {
        "majorness": 2,
        "key_clarity": 1,
        "onset_rate": 1,
        "brightness": 1,
        "roughness": -1,
    },
    "arousal": {
        "loudness": 1,
        "tempo": 1,
        "onset_rate": 1,
        "flux_db": 1,
        "brightness": 1,
        "roughness": 1,
    },
    "energy": {
        "loudness": 1,
        "loudness_range_db": -1,
        "flux_db": 1,
        "bass_flux_db": 1,
        "onset_rate": 1,
    },
    "texture": {"complexity": 1, "bandwidth": 1, "flatness_db": 1},
    "harmonic_complexity": {"chroma_entropy": 1, "tonal_flux": 1, "key_clarity": -1},
    "rhythmic_density": {"onset_rate": 1, "tempo": 1, "modulation_8_hz": 1},
}


@dataclass(frozen=True, slots=True)
class EmotionProfile:
    """How a stretch of music feels; each value in [0, 1], 0.5 the median clip.

    With z a standardised descriptor, m and s the mean and standard deviation of the
    weighted mean over the reference clips, and P the normal distribution function,
    each value is P((mean of the z - m) / s):

    Args:
        energy: Of loudness, small loudness range, flux, bass flux and onset rate.
        valence: Of majorness (twice), key clarity, onset rate, brightness and
            smoothness (roughness turned).
        texture: Of the number of partials, bandwidth and flatness.
        harmonic_complexity: Of chroma entropy, tonal flux and unclear key.
        rhythmic_density: Of onset rate, tempo and modulation around 8 Hz.
    """

    energy: float
    valence: float
    texture: float
    harmonic_complexity: float
    rhythmic_density: float


@dataclass(frozen=True, slots=True)
class EmotionArc:
    """The course of a song's feeling.

    Args:
        overall: Of the salience-weighted mean window.
        starts_s: float32[W].
        ends_s: float32[W].
        windows: W profiles.
    """

    overall: EmotionProfile
    starts_s: Array
    ends_s: Array
    windows: tuple[EmotionProfile, ...]


def feel(
    descriptors: Array, weights: Array, starts_s: Array, ends_s: Array
) -> EmotionArc:
    """Say how a song feels, window by window and overall.

    Args:
        descriptors: float32[W, K] in raw units.
        weights: float32[W], salience.
        starts_s: float32[W].
        ends_s: float32[W].
    """
    overall = weighted_mean(descriptors, weights)
    profiles = _profiles(np.vstack([overall, descriptors]))
    return EmotionArc(profiles[0], starts_s, ends_s, profiles[1:])


def affect(descriptors: Array, *, fitted: bool = False) -> Array:
    """Place rows of descriptors on the plane of valence and arousal.

    Args:
        descriptors: float32[W, K] in raw units.
        fitted: Take the axes that were fitted on ratings where they are better than
            the published signs (fitted.load_table says which). The ratings are for
            research: a commercial run leaves this off.

    Returns:
        float32[W, 2] of valence and arousal in [-1, 1], each about uniform over the
        reference clips: 2 P((mean of the z - m) / s) - 1, as in EmotionProfile.
    """
    table = load_table() if fitted else None
    shares = [
        _fitted_share(descriptors, axis, table.axes[axis])
        if table and axis in table.axes
        else _share(descriptors, axis)
        for axis in AFFECT
    ]
    return (2 * np.stack(shares, axis=1) - 1).astype(np.float32)


def _profiles(descriptors: Array) -> tuple[EmotionProfile, ...]:
    names = [field.name for field in fields(EmotionProfile)]
    columns = [_share(descriptors, name).tolist() for name in names]
    rows = zip(*columns, strict=True)
    return tuple(EmotionProfile(**dict(zip(names, row, strict=True))) for row in rows)


def _share(descriptors: Array, name: str) -> Array64:
    """Return the share of reference clips below each row, float64[W] in [0, 1]."""
    reference = load_reference()
    values = combine(reference.standardise(descriptors), COMPOSITES[name])
    mean, deviation = reference.composites[name]
    return _normal((values - mean) / deviation)


def _fitted_share(descriptors: Array, name: str, axis: FittedAxis) -> Array64:
    standardised = load_reference().standardise(descriptors)
    return _normal(axis.place(standardised, combine(standardised, COMPOSITES[name])))


def _normal(deviations: npt.NDArray[np.floating]) -> Array64:
    root = math.sqrt(2)
    return np.array([0.5 + 0.5 * math.erf(value / root) for value in deviations])
