"""Colour for painters: hex colours, ramps mixed in Oklab, pigments on paper.

Source of the mixing space: Björn Ottosson, "A perceptual color space for image
processing", 2020.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.corpus.sources.painted.canvas import Field, Picture

RAMP_STEPS = 1024

_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def rgb(colour: str) -> Field:
    """Read a hex colour such as "1b2a41", float32[3]."""
    channels = [int(colour[i : i + 2], 16) / 255.0 for i in (0, 2, 4)]
    return np.array(channels, dtype=np.float32)


def rgbs(colours: Sequence[str]) -> Field:
    """Read hex colours, float32[N, 3]."""
    return np.stack([rgb(colour) for colour in colours])


def ramp(field: Field, stops: Sequence[str]) -> Picture:
    """Colour a field by evenly spaced stops, mixed in Oklab.

    Args:
        field: float32[..., ] in [0, 1]; values beyond take the end colours.
        stops: Two or more hex colours, for 0 first.

    Returns:
        float32[..., 3].
    """
    table = _ramp_table(stops)
    index = np.clip(field * np.float32(RAMP_STEPS - 1), 0, RAMP_STEPS - 1)
    return cast("Picture", table.take(index.astype(np.intp), axis=0))


def pigment(colour: str) -> Field:
    """How strongly a colour absorbs each channel, float32[3]."""
    return cast("Field", -np.log(np.clip(rgb(colour), 0.02, 0.995)))


def stain(paper: Picture, colour: str, density: Field) -> Picture:
    """Lay transparent pigment on paper; density 1 gives the colour on white."""
    return cast("Picture", paper * np.exp(-density[..., None] * pigment(colour)))


def expose(light: Picture) -> Picture:
    """Turn unbounded linear light into sRGB as film does: bright parts roll off."""
    return cast(
        "Picture", (1.0 - np.exp(-np.maximum(light, 0.0))) ** np.float32(0.4545)
    )


def linear(colours: Field) -> Field:
    """Undo the sRGB curve, about; for adding lights."""
    return cast("Field", colours ** np.float32(2.2))


def _ramp_table(stops: Sequence[str]) -> Field:
    wide = rgbs(stops).astype(np.float64) ** 2.2
    lab = np.cbrt(wide @ _RGB_TO_LMS.T) @ _LMS_TO_OKLAB.T
    places = np.linspace(0.0, 1.0, len(stops))
    steps = np.linspace(0.0, 1.0, RAMP_STEPS)
    mixed = np.stack([np.interp(steps, places, lab[:, i]) for i in range(3)], axis=-1)
    lms = (mixed @ np.linalg.inv(_LMS_TO_OKLAB).T) ** 3
    back: npt.NDArray[np.float64] = lms @ np.linalg.inv(_RGB_TO_LMS).T
    return (np.clip(back, 0.0, 1.0) ** (1 / 2.2)).astype(np.float32)
