"""MuQ's network in fewer bits: the same weights, less to multiply and to move.

`recast` changes one loaded model in place and leaves the library's classes alone. The
mel spectrum, and the conformer's residual stream, attention and norms stay in float32,
so that only matrix products lose bits:

- fp32: batch norm folded into the convolutions, which is exact but for rounding;
- bf16: convolutions and linear layers in bfloat16. `model.bfloat16()` can't be: MuQ's
  preprocessing answers bfloat16 with float16, and its rotary angles, which grow to
  hundreds of radians, would be off by half a radian;
- int8: convolutions with ranges from a stated sound, linear layers with a range for
  each frame, so that no song's vectors depend on its company in a batch.

Needs torch when it is imported: load it where a model is loaded. Not here: which
precision is worth it (precision).
Source: Jacob et al. 2018, Quantization and training of neural networks for efficient
integer-arithmetic-only inference (CVPR).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from evoke_core.precision import Precision

_TOP = 255  # of uint8
_HALF = 127  # of int8
_MIDDLE = 128  # of uint8, where a signed value's zero lies


# The library's modules are untyped.
def recast(model: Any, precision: Precision, sound: Tensor) -> None:  # noqa: ANN401
    """Bring a loaded `muq.MuQ` to a precision, in place; done once to a model.

    Args:
        model: In evaluation mode; int8 on a CPU.
        precision: Of its matrix products.
        sound: float32[N, S] at 24 kHz, whose activations give int8's ranges.
    """
    inner = model.model
    fold_batch_norms(inner)
    inner.linear = nn.Identity()  # the head that predicts training targets
    if precision == "fp32":
        return
    if precision == "bf16":
        inner.conv = _Bf16FrontEnd(inner.conv)
    else:
        inner.conv = _Int8FrontEnd(inner.conv, _mel(inner, sound))
    recast_linears(inner.conformer, precision)


def recast_linears(module: nn.Module, precision: Precision) -> None:
    """Bring every linear layer and pointwise convolution to a precision, in place.

    They still take and give float32.
    """
    if precision == "fp32":
        return
    kind = _Bf16Linear if precision == "bf16" else _Int8Linear
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, kind(child.weight, child.bias))
            elif isinstance(child, nn.Conv1d) and child.kernel_size == (1,):
                linear = kind(child.weight[:, :, 0], child.bias)
                setattr(parent, name, _Pointwise(linear))


def fold_batch_norms(inner: Any) -> None:  # noqa: ANN401
    """Fold MuQModel's batch norms into the convolutions before them, in place."""
    for block in inner.conv.conv:
        _fold(block, "conv1", "bn1")
        _fold(block, "conv2", "bn2")
        if block.diff:
            _fold(block, "conv3", "bn3")
    for layer in inner.conformer.layers:
        _fold(layer.conv_module, "depthwise_conv", "batch_norm")


def _fold(owner: nn.Module, convolution: str, norm: str) -> None:
    folded = fuse_conv_bn_eval(getattr(owner, convolution), getattr(owner, norm))
    setattr(owner, convolution, folded)
    setattr(owner, norm, nn.Identity())


@torch.inference_mode()
def _mel(inner: Any, sound: Tensor) -> Tensor:  # noqa: ANN401
    """Return float32[N, 128, T], as MuQ sees a sound."""
    name = "melspec_2048"
    mel: Tensor = inner.normalize(inner.preprocessing(sound, [name]))[name]
    return mel


class _Bf16FrontEnd(nn.Module):
    """The convolutional front end in bfloat16, channels last, where oneDNN is best."""

    def __init__(self, front: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.front = front.to(torch.bfloat16, memory_format=torch.channels_last)

    def forward(self, mel: Tensor) -> Tensor:
        """Return float32[B, T', D] of float32[B, 128, T]."""
        features: Tensor = self.front(mel.bfloat16())
        return features.float()


class _Bf16Linear(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().bfloat16(), requires_grad=False)
        self.bias = None if bias is None else _constant(bias.bfloat16())

    def forward(self, values: Tensor) -> Tensor:
        result = functional.linear(values.bfloat16(), self.weight, self.bias)
        return result.float()


class _Int8Linear(nn.Module):
    """Weights in int8 by output, values in 8 bits by frame."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.product = _Int8Product(weight.detach())
        self.bias = _constant(weight.new_zeros(()) if bias is None else bias)

    def forward(self, values: Tensor) -> Tensor:
        rows = values.reshape(-1, values.shape[-1])
        # Two passes for the largest magnitude are four times as fast as abs().amax().
        most = torch.maximum(rows.amax(dim=1), -rows.amin(dim=1))
        scales = most.div_(_HALF).clamp_(min=1e-12).unsqueeze(1)
        whole = (rows / scales).round_().add_(_MIDDLE).to(torch.uint8)
        result = self.product(whole, 1.0, _MIDDLE)
        result = torch.addcmul(self.bias, result, scales)
        shaped: Tensor = result.view(*values.shape[:-1], -1)
        return shaped


class _Pointwise(nn.Module):
    """A convolution of one step, which is a linear layer on [B, C, T]."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = self.linear(values.transpose(1, 2))
        return result.transpose(1, 2)


class _Int8FrontEnd(nn.Module):
    """The convolutional front end in int8, from the mel spectrum to its features."""

    def __init__(self, front: Any, mel: Tensor) -> None:  # noqa: ANN401
        super().__init__()
        with torch.inference_mode():
            # One sound at a time: its maps in float32 are 65 MB each.
            seen = [_ranges(front.conv, one[None, None]) for one in mel]
        grids = [_Grid.over(each) for each in zip(*seen, strict=True)]
        self.grids = grids[0], grids[-1]
        self.blocks = nn.ModuleList(
            _Int8Block(block, grids[3 * place : 3 * place + 4])
            for place, block in enumerate(front.conv)
        )
        self.product = _Int8Product(front.linear.weight.detach())
        self.bias = _constant(front.linear.bias)

    def forward(self, mel: Tensor) -> Tensor:
        """Return float32[B, T', D] of float32[B, 128, T]."""
        first, last = self.grids
        maps = first.quantize(mel.unsqueeze(1))
        for block in self.blocks:
            maps = block(maps)
        batch, channels, bands, frames = maps.shape
        rows = maps.permute(0, 3, 1, 2).reshape(batch * frames, channels * bands)
        result: Tensor = self.product(rows, last.scale, last.zero)
        return result.add_(self.bias).view(batch, frames, -1)


class _Int8Block(nn.Module):
    """A residual block; its sum and last ReLU happen inside its last convolution."""

    def __init__(self, block: Any, grids: "list[_Grid]") -> None:  # noqa: ANN401
        super().__init__()
        entry, hidden, short, out = grids
        self.first = _Int8Convolution(block.conv1, entry, hidden, relu=True)
        self.short = _Int8Convolution(block.conv3, entry, short)
        self.last = _Int8Convolution(block.conv2, hidden, out)
        self.short_grid = short

    def forward(self, maps: Tensor) -> Tensor:
        return self.last.add_relu(self.first(maps), self.short(maps), self.short_grid)


class _Int8Convolution(nn.Module):
    def __init__(
        self,
        convolution: nn.Conv2d,
        entry: "_Grid",
        out: "_Grid",
        *,
        relu: bool = False,
    ) -> None:
        super().__init__()
        whole, scales, zeros = _by_output(convolution.weight.detach())
        shape = (*convolution.stride,), (*convolution.padding,), (1, 1), 1
        packed = torch.ops.onednn.qconv_prepack(
            whole, scales, entry.scale, entry.zero, *shape, None
        )
        self._before = (entry.scale, entry.zero, packed, scales, zeros)
        self._bias = convolution.bias
        self._after = (*shape, out.scale, out.zero, torch.uint8)
        self._relu = "relu" if relu else "none"

    def forward(self, maps: Tensor) -> Tensor:
        result: Tensor = torch.ops.onednn.qconv2d_pointwise(
            maps, *self._before, self._bias, *self._after, self._relu, [], ""
        )
        return result

    def add_relu(self, maps: Tensor, other: Tensor, grid: "_Grid") -> Tensor:
        """Return relu(convolution + other); the memory of other is used up."""
        result: Tensor = torch.ops.onednn.qconv2d_pointwise.binary(
            maps,
            *self._before,
            other,
            self._bias,
            *self._after,
            *(grid.scale, grid.zero, "sum", 1.0, "relu", [], ""),
        )
        return result


class _Int8Product(nn.Module):
    """Products of uint8 rows with int8 weights, float32 from there on."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        whole, self._scales, self._zeros = _by_output(weight)
        self._packed = torch.ops.onednn.qlinear_prepack(whole, None)

    def forward(self, rows: Tensor, scale: float, zero: int) -> Tensor:
        weights = (self._packed, self._scales, self._zeros)
        out = (1.0, 0, torch.float32)
        result: Tensor = torch.ops.onednn.qlinear_pointwise(
            rows, scale, zero, *weights, None, *out, "none", [], ""
        )
        return result


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where uint8 lies on the line of real values: (value - zero) * scale."""

    scale: float
    zero: int

    @classmethod
    def over(cls, ranges: Iterable[tuple[float, float]]) -> "_Grid":
        """Cover ranges, and 0, which padding is."""
        lows, highs = zip(*ranges, strict=True)
        low, high = min(0.0, *lows), max(0.0, *highs)
        scale = max(high - low, 1e-12) / _TOP
        return cls(scale, round(-low / scale))

    def quantize(self, values: Tensor) -> Tensor:
        grid = (values / self.scale).round_().add_(self.zero).clamp_(0, _TOP)
        return grid.to(torch.uint8)


def _ranges(blocks: Any, values: Tensor) -> list[tuple[float, float]]:  # noqa: ANN401
    """Return least and most of what enters, and of each block's three maps."""
    found = [_range(values)]
    for block in blocks:
        hidden = block.relu(block.conv1(values))
        short = block.conv3(values)
        values = block.relu(short + block.conv2(hidden))
        found += [_range(each) for each in (hidden, short, values)]
    return found


def _range(values: Tensor) -> tuple[float, float]:
    low, high = values.aminmax()
    return float(low), float(high)


def _by_output(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return int8 weights, and float32 scales and int32 zeros of their outputs."""
    scales = weight.flatten(1).abs().amax(dim=1).div(_HALF).clamp(min=1e-12)
    by_output = scales.view(-1, *[1] * (weight.dim() - 1))
    whole = (weight / by_output).round().to(torch.int8)
    return whole, scales, torch.zeros(len(scales), dtype=torch.int32)


def _constant(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach(), requires_grad=False)
