"""The four slider attributes, measured on a picture itself.

They judge the sliders, so nothing here knows of embeddings or directions.

    warmth       mean of the warm-cool scale of Ou et al. 2004 over the pixels:
                 -0.5 + 0.02 C*^1.07 cos(h - 50 degrees)
    energy       log(1 + mean squared L* gradient) + mean C* / 15: strong edges and
                 strong colours
    complexity   edge density * 4 + entropy of L* in bits: how much there is to see
                 (edge density is the best single measure, Machado et al. 2015)
    abstraction  edge coherence * 6 - palette entropy in bits / 1.5 - spread of the log
                 contrast of 16 px blocks * 2: few colours, straight or parallel edges,
                 the same treatment all over; a photograph of things has many shades,
                 broken edges, and sharp parts beside smooth ones. A stated measure,
                 not a published one; it sees plainness, not what is depicted.

Sources: Ou, Luo, Woodcock & Wright, Color Research & Application 29, 2004; Machado et
al., Acta Psychologica 160, 2015.
"""

from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.config.fields import AXES
from evoke_core.pixels.features import block_contrasts, edge_coherence, palette_entropy
from evoke_core.pixels.reference import load_reference
from evoke_core.pixels.tone import entropy_bits
from evoke_core.pixels.view import PictureView, view_picture
from evoke_core.vectors import Array


def measure_attributes(rgb: npt.NDArray[np.uint8]) -> Array:
    """Measure the attributes in the order of AXES, each squashed to [0, 1].

    Args:
        rgb: uint8[H, W, 3].

    Returns:
        float32[4]; 0.5 is the mean of the reference pictures, and over them each is
        about uniform.
    """
    return squash_attributes(natural_attributes(view_picture(rgb)))


def squash_attributes(natural: Array) -> Array:
    """Bring natural values [..., 4] to [0, 1] by the reference's normal curve."""
    from scipy.special import ndtr

    standard = load_reference().standardise(AXES, natural)
    return cast("Array", ndtr(standard).astype(np.float32))


def natural_attributes(view: PictureView) -> Array:
    """Measure the attributes in the units of their formulas, float32[4]."""
    return np.array(
        [_energy(view), _warmth(view), _complexity(view), _abstraction(view)],
        dtype=np.float32,
    )


def _energy(view: PictureView) -> float:
    strength = float(np.square(view.gradient).mean())
    return float(np.log1p(strength)) + float(view.chroma.mean()) / 15


def _warmth(view: PictureView) -> float:
    towards_orange = np.cos(view.hue - np.float32(np.deg2rad(50)))
    return float((-0.5 + 0.02 * view.chroma**1.07 * towards_orange).mean())


def _complexity(view: PictureView) -> float:
    bits = entropy_bits(view.lightness * np.float32(2.55))
    return float(view.is_edge.mean()) * 4 + bits


def _abstraction(view: PictureView) -> float:
    variety = float(np.log(block_contrasts(view) + 0.5).std())
    return edge_coherence(view) * 6 - palette_entropy(view) / 1.5 - variety * 2
