"""How pleasant and how rousing a picture looks, by published relations first.

Valence and arousal are sums of standardised features. Signs come from the papers below;
every relation counts the same, shared among the features that measure it, because
published sizes are those of plain colour patches and unit weights carry over better
(Dawes, American Psychologist 34, 1979). No weight here was fitted to ratings; where a
fitted correction helps on pictures that it has not seen, `fitted` holds it.

    brightness, saturation   pleasant pictures are bright and saturated, rousing ones
                             saturated and dark: Valdez & Mehrabian, J. Exp. Psychol.
                             General 123, 1994. Wilms & Oberfeld, Psychol. Research 82,
                             2018, confirm chroma on both axes.
    hue                      arousal rises from blue and green to red: Wilms & Oberfeld
                             2018. Blue and cyan are liked, dark yellow (brown, olive)
                             is disliked: Palmer & Schloss, PNAS 107, 2010.
    nature                   green scenes, open skies and edges that are not straight
                             are preferred: Kardan et al., Front. Psychol. 6, 2015;
                             Berman et al., PLoS ONE 9, 2014. Nature is pleasant and
                             calm: Dal Fabbro et al., Sci. Reports 11, 2021.
    people                   human content goes with higher arousal: Colden, Bruder &
                             Manstead, Motivation & Emotion 32, 2008. Skin stands in.
    contrast                 strong contrast rouses, low contrast calms: Machajdik &
                             Hanbury, ACM MM 2010. Computed complexity is left out: it
                             does not go with affect (Madan et al., Front. Psychol. 8,
                             2018).

What pictures *mean* is out of reach of such features: expect weak agreement with
raters, weaker for valence than for arousal (Redies et al., Front. Psychol. 11, 2020,
explain 6 to 20 % of the variance even with fitted weights).
"""

from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.images.fitted import load_fitted
from evoke_core.moods import AFFECT
from evoke_core.pixels.features import FEATURES
from evoke_core.pixels.reference import load_reference
from evoke_core.vectors import Array

VALENCE_WEIGHTS: dict[str, float] = {
    "lightness_mean": 1.0,
    "chroma_mean": 1.0,
    "hue_225": 0.25,  # cyan
    "hue_270": 0.25,  # blue
    "dark_yellow_share": -0.5,
    "vegetation_share": 1 / 3,
    "sky_share": 1 / 3,
    "straight_density": -1 / 3,
}
AROUSAL_WEIGHTS: dict[str, float] = {
    "lightness_mean": -1.0,
    "chroma_mean": 1.0,
    "hue_000": 0.25,  # red towards magenta
    "hue_045": 0.25,  # red towards orange
    "hue_225": -0.25,
    "hue_270": -0.25,
    "skin_share": 1.0,
    "lightness_sd": 1.0,
    "vegetation_share": -0.5,
    "sky_share": -0.5,
}
_CLIP = 3.0  # standard deviations beyond which a feature says nothing more


def picture_affect(features: npt.NDArray[np.floating]) -> Array:
    """Place pictures on the plane of valence and arousal.

    Args:
        features: float[N, K] raw, as describe_view gives them.

    Returns:
        float32[N, 2] in [-1, 1]: 2 Phi(z) - 1 of each axis, about uniform over the
        reference pictures; 0 is their mean.
    """
    from scipy.special import ndtr

    placed = load_reference().standardise(AFFECT, affect_composites(features))
    standard = standard_features(features)
    for name, axis in load_fitted().axes.items():
        column = AFFECT.index(name)
        placed[:, column] = axis.place(placed[:, column], standard, FEATURES)
    return cast("Array", (2 * ndtr(placed) - 1).astype(np.float32))


def affect_composites(features: npt.NDArray[np.floating]) -> Array:
    """Sum standardised features by the published weights, float32[N, 2], unscaled."""
    return cast("Array", standard_features(features) @ _weight_matrix())


def standard_features(features: npt.NDArray[np.floating]) -> Array:
    """Standardise features by the reference and clip them at three deviations."""
    standard = load_reference().standardise(FEATURES, features)
    return cast("Array", standard.clip(-_CLIP, _CLIP))


def _weight_matrix() -> Array:
    matrix = np.zeros((len(FEATURES), len(AFFECT)), dtype=np.float32)
    for column, weights in enumerate((VALENCE_WEIGHTS, AROUSAL_WEIGHTS)):
        for name, weight in weights.items():
            matrix[FEATURES.index(name), column] = weight
    return matrix
