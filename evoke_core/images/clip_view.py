"""What a CLIP model is shown of a picture: its size, crop and scale of values.

The same geometry as open_clip's own transform for inference, on uint8 thumbnails.
torch resizes them, hardly anywhere more than one level from Pillow and in half the
time. Normalisation is left to the device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from evoke_core.errors import ConfigError

VERSION = 2  # raise with any change to what is shown
Pixels = npt.NDArray[np.uint8]
_INTERPOLATIONS = {
    "bicubic": "bicubic",
    "bilinear": "bilinear",
    "random": "bicubic",  # of training; inference takes bicubic
}


@dataclass(frozen=True, slots=True)
class ClipView:
    """A model's preprocessing, from open_clip's `preprocess_cfg`.

    Args:
        height_px: Of the model's input.
        width_px: Of the model's input.
        resize_mode: `shortest` crops the middle, `longest` pads, `squash` distorts.
        interpolation: `bicubic` or `bilinear`.
        mean: Of each channel, values in [0, 1].
        std: Of each channel.
        fill: Value of the padding, 0 to 255.
    """

    height_px: int
    width_px: int
    resize_mode: Literal["shortest", "longest", "squash"]
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    fill: int = 0

    def show(self, rgb: Pixels) -> Pixels:
        """Resize and crop a picture of any size.

        Args:
            rgb: uint8[H, W, 3].

        Returns:
            uint8[height_px, width_px, 3].
        """
        if self.resize_mode == "shortest":
            return self._cropped(rgb)
        if self.resize_mode == "longest":
            return self._padded(rgb)
        return self._resized(rgb, (self.width_px, self.height_px))

    def _cropped(self, rgb: Pixels) -> Pixels:
        """Fill the frame and cut the middle."""
        height, width = rgb.shape[:2]
        if self.width_px == self.height_px:  # torchvision cuts the longer side down
            short = min(width, height)
            whole = (self.width_px * width // short, self.height_px * height // short)
        else:
            ratio = min(width / self.width_px, height / self.height_px)
            whole = (round(width / ratio), round(height / ratio))
        left = round((whole[0] - self.width_px) / 2)
        top = round((whole[1] - self.height_px) / 2)
        filled = self._resized(rgb, whole)
        return filled[top : top + self.height_px, left : left + self.width_px]

    def _padded(self, rgb: Pixels) -> Pixels:
        height, width = rgb.shape[:2]
        ratio = max(width / self.width_px, height / self.height_px)
        inner = self._resized(rgb, (round(width / ratio), round(height / ratio)))
        shown = np.full((self.height_px, self.width_px, 3), self.fill, np.uint8)
        top = (self.height_px - inner.shape[0]) // 2
        left = (self.width_px - inner.shape[1]) // 2
        shown[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
        return shown

    def _resized(self, rgb: Pixels, size: tuple[int, int]) -> Pixels:
        """Resize to (width, height), with antialiasing."""
        import torch
        from torch.nn.functional import interpolate

        # As the decoder lays them out, channels last, which torch has its own code for.
        planes = torch.tensor(rgb).permute(2, 0, 1)[None]
        how = _INTERPOLATIONS[self.interpolation]
        resized = interpolate(planes, size[::-1], mode=how, antialias=True)
        return cast("Pixels", resized[0].permute(1, 2, 0).numpy())


def read_view(settings: Mapping[str, Any]) -> ClipView:
    """Read open_clip's `preprocess_cfg`.

    Raises:
        ConfigError: It asks for something that this version does not reproduce.
    """
    size = settings["size"]
    height, width = size if isinstance(size, Sequence) else (size, size)
    mode, interpolation = settings["resize_mode"], settings["interpolation"]
    if mode not in {"shortest", "longest", "squash"} or (
        interpolation not in _INTERPOLATIONS
    ):
        raise ConfigError(
            f"open_clip preprocessing: got resize_mode {mode!r} and interpolation "
            f"{interpolation!r}; take a model that uses shortest, longest or squash "
            "with bicubic or bilinear"
        )
    return ClipView(
        height_px=int(height),
        width_px=int(width),
        resize_mode=mode,
        interpolation=interpolation,
        mean=tuple(settings["mean"]),
        std=tuple(settings["std"]),
        fill=int(settings.get("fill_color") or 0),
    )
