"""OpenL3's audio network in plain torch: eight convolutions, layer by layer as Keras.

Input is normalised, then come four blocks of two 3x3 convolutions; a batch
normalisation and a rectifier follow all but the last, a 2x2 maximum the first three
blocks. A maximum over patches of the last maps is the embedding. The published network
has 4.69 million weights and widths of 64, 128, 256 and 512; tests run narrower ones.

Not here: weights (openl3_weights), what goes in (openl3_features).
Source: Cramer, Wu, Salamon & Bello, ICASSP 2019; openl3 0.4.2 `models.py` (MIT).
"""

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

InputRepr = Literal["mel128", "mel256"]
Shape = tuple[int, ...]

WIDTHS = (64, 64, 128, 128, 256, 256, 512, 512)
BANDS: dict[str, int] = {"mel128": 128, "mel256": 256}
INPUT_NORM = "batch_normalization_1"
LAST_CONV = "audio_embedding_layer"
_EPSILON = 1e-3  # of the normalisations, Keras' default; torch's is 1e-5
_POOLED_AFTER = (2, 4, 6)  # convolutions
# Height (bands) and width (time) of the last maximum, by length of the embedding.
_PATCHES: dict[tuple[str, int], tuple[int, int]] = {
    ("mel128", 1): (16, 24),
    ("mel128", 12): (4, 8),
    ("mel256", 1): (32, 24),
    ("mel256", 12): (8, 8),
}


def conv_name(number: int) -> str:
    """Name convolution 1 to 8 as Keras does."""
    return LAST_CONV if number == len(WIDTHS) else f"conv2d_{number}"


def norm_name(number: int) -> str:
    """Name the normalisation after convolution 1 to 7 as Keras does."""
    return f"batch_normalization_{number + 1}"


def build_network(widths: tuple[int, ...] = WIDTHS) -> "torch.nn.Sequential":
    """Build the network up to its last convolution, ready to infer, weights random.

    It maps float32[B, 1, bands, 199] to float32[B, widths[-1], bands / 8, 24].

    Args:
        widths: Maps of the eight convolutions.
    """
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers[INPUT_NORM] = nn.BatchNorm2d(1, eps=_EPSILON)
    before = 1
    for number, width in enumerate(widths, start=1):
        layers[conv_name(number)] = nn.Conv2d(before, width, 3, padding=1)
        before = width
        if number == len(widths):
            break
        layers[norm_name(number)] = nn.BatchNorm2d(width, eps=_EPSILON)
        layers[f"activation_{number}"] = nn.ReLU()
        if number in _POOLED_AFTER:
            layers[f"max_pooling2d_{number // 2}"] = nn.MaxPool2d(2)
    return nn.Sequential(layers).eval()


def pool_patches(
    maps: "torch.Tensor", input_repr: InputRepr, patches: int
) -> "torch.Tensor":
    """Take the maximum of each patch of the last maps: the embedding.

    Args:
        maps: float32[B, C, bands / 8, 24].
        input_repr: Which spectra went in.
        patches: 1 (512 numbers as published) or 12 (6144).

    Returns:
        float32[B, patches * C]; patches outermost, by band, then time, as Keras
        flattens them.
    """
    from torch.nn.functional import max_pool2d

    pooled = max_pool2d(maps, _PATCHES[input_repr, patches])
    return pooled.permute(0, 2, 3, 1).flatten(1)


def tensor_shapes(widths: tuple[int, ...] = WIDTHS) -> dict[str, Shape]:
    """Return the shape of every tensor that the network computes with, by name."""
    shapes: dict[str, Shape] = {}
    norms = {INPUT_NORM: 1}
    before = 1
    for number, width in enumerate(widths, start=1):
        shapes[f"{conv_name(number)}.weight"] = (width, before, 3, 3)
        shapes[f"{conv_name(number)}.bias"] = (width,)
        if number < len(widths):
            norms[norm_name(number)] = width
        before = width
    for name, width in norms.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (width,)
    return shapes
