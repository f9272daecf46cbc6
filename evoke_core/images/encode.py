"""What every image encoder offers, whichever model is behind it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array


class ImageEncoder(Protocol):
    """Turns pictures into embeddings of one space."""

    @property
    def name(self) -> str:
        """A short word for tables and plots."""

    @property
    def dimension(self) -> int:
        """D, the length of an embedding."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever embeddings may.

        It joins model, weights, preprocessing and library version; embeddings of two
        fingerprints are never compared.
        """

    @property
    def licence(self) -> str:
        """Of the weights."""

    def encode_images(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Encode pictures in order.

        Args:
            pictures: uint8[H, W, 3] each, of any sizes.

        Returns:
            float32[N, D], unit length.
        """
        ...
