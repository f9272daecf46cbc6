"""An image encoder without weights: published descriptors as one unit vector.

The default of the demo, and the baseline that pretrained encoders must beat. The vector
is laid out in blocks:

    block       share of the squared length   content
    affect      .10   valence and arousal on half circles
    attributes  .27   energy, warmth, complexity, abstraction on half circles
    colour, layout, texture   .63 / 3 each   standardised features, clipped to 3 sd

Half circles (`evoke_core.vectors.on_half_circle`) let a cosine say how near two values
are, and let `affect_of` read the coordinates back. Affect is small here: where feeling
is weighed against looks, the tags' better knowledge of it counts
(`evoke_core.shared_space`).
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import PIL

from evoke_core.config.fields import AXES
from evoke_core.images.affect import picture_affect, standard_features
from evoke_core.images.fitted import load_fitted
from evoke_core.moods import AFFECT
from evoke_core.pixels.attributes import (
    natural_attributes,
    squash_attributes,
)
from evoke_core.pixels.features import BLOCKS, FEATURES, describe_view
from evoke_core.pixels.reference import load_reference
from evoke_core.pixels.view import view_picture
from evoke_core.vectors import Array, from_half_circle, l2_normalize, on_half_circle

AFFECT_SHARE = 0.10
ATTRIBUTE_SHARE = 0.27
LOOK_SHARE = 0.63

_VERSION = 2  # raise with any change to the formulas of evoke_core.pixels or affect
_AFFECT = slice(0, 2 * len(AFFECT))
_ATTRIBUTES = slice(_AFFECT.stop, _AFFECT.stop + 2 * len(AXES))


class HandcraftedImageEncoder:
    """Encodes pictures by colour, layout, texture and what they say about feeling.

    A pure function of the pixels, the shipped statistics and the fitted correction.
    """

    name = "handcrafted"
    dimension = _ATTRIBUTES.stop + len(FEATURES)
    licence = "no weights: published formulas"

    @property
    def fingerprint(self) -> str:
        """Version of the formulas, Pillow's version, digests of what is shipped."""
        shipped = f"{load_reference().digest[:12]}-{load_fitted().digest[:12]}"
        return f"handcrafted-{_VERSION}-pillow-{PIL.__version__}-{shipped}"

    def encode_images(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Encode pictures in order; see ImageEncoder.

        A picture's vector is the same to the last bit in any company: what is resumed
        in other batches is what one run would have made.
        """
        if not pictures:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.concatenate([_encode(rgb) for rgb in pictures])


def embed(features: Array, attributes: Array) -> Array:
    """Lay out features and attributes as embeddings.

    Args:
        features: float32[N, K] raw.
        attributes: float32[N, 4] in [0, 1].

    Returns:
        float32[N, D], unit length.
    """
    standard = standard_features(features)
    look = LOOK_SHARE / len(BLOCKS)
    blocks = [
        _with_share(on_half_circle(picture_affect(features)), AFFECT_SHARE),
        _with_share(on_half_circle(2 * attributes - 1), ATTRIBUTE_SHARE),
        *(_with_share(standard[:, block], look) for block in BLOCKS.values()),
    ]
    return l2_normalize(np.concatenate(blocks, axis=1))


def affect_of(embeddings: Array) -> Array:
    """Read valence and arousal back out of embeddings.

    Args:
        embeddings: float32[N, D] by HandcraftedImageEncoder; any positive scale.

    Returns:
        float32[N, 2] in [-1, 1].
    """
    return from_half_circle(embeddings[:, _AFFECT])


def attributes_of(embeddings: Array) -> Array:
    """Read the four attributes back out of embeddings, float32[N, 4] in [0, 1]."""
    return cast("Array", (from_half_circle(embeddings[:, _ATTRIBUTES]) + 1) / 2)


def _encode(rgb: npt.NDArray[np.uint8]) -> Array:
    """Encode one picture, alone: NumPy rounds otherwise at another place of a batch."""
    view = view_picture(rgb)
    attributes = squash_attributes(natural_attributes(view)[None])
    return embed(describe_view(view)[None], attributes)


def _with_share(block: Array, share: float) -> Array:
    return cast("Array", l2_normalize(block) * np.float32(np.sqrt(share)))
