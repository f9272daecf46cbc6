"""The bridge while it learns: a few weights behind a fixed linear code.

What is stored and served is its running mean, folded into plain matrices.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.shrinkage import ReducedRidge
from evoke_core.vectors import Array

if TYPE_CHECKING:
    import torch

Weights = dict[str, "torch.Tensor"]

# Length does not matter behind a cosine, so that the start is scaled to a typical size
# at which rates of about 0.003 move it by a few per cent a step.
_TYPICAL = 0.1
_MEMORY = 0.98  # of the running mean: the last fifty steps


@dataclass(frozen=True, slots=True)
class Network:
    """Weights that move, where they began, and their running mean.

    Args:
        ridge: Its code is what the weights see.
        moving: R and b; with a hidden layer inner, inner_bias and outer too.
        began: The same at the start.
        averaged: The same, averaged over steps.
        steps: One number: how many steps were averaged.
        scale: Of the weights, to the ridge's own.
    """

    ridge: ReducedRidge
    moving: Weights
    began: Weights
    averaged: Weights
    steps: list[int]
    scale: float

    @classmethod
    def start(cls, ridge: ReducedRidge, *, hidden: int, seed: int) -> "Network":
        """Start from a ridge, which the hidden layer leaves as it is at first."""
        import torch

        rng = np.random.default_rng(seed)
        scale = _TYPICAL / (float(np.sqrt((ridge.loadings**2).mean())) or 1.0)
        arrays = {"loadings": ridge.loadings, "bias": ridge.y_mean}
        arrays = {name: a * scale for name, a in arrays.items()}
        if hidden:
            rank, narrow = ridge.loadings.shape
            arrays["inner"] = rng.normal(0, rank**-0.5, (rank, hidden))
            arrays["inner_bias"] = rng.normal(0, 0.5, hidden)
            arrays["outer"] = np.zeros((hidden, narrow))
        begun = {n: torch.tensor(a, dtype=torch.float32) for n, a in arrays.items()}
        moving = {n: w.clone().requires_grad_() for n, w in begun.items()}
        averaged = {n: w.clone() for n, w in begun.items()}
        return cls(ridge, moving, begun, averaged, [0], scale)

    def weights(self) -> list["torch.Tensor"]:
        """Return what an optimiser moves."""
        return list(self.moving.values())

    def encode(self, music: Array) -> "torch.Tensor":
        """Return float32[N, R], what the weights see of float32[N, D_music]."""
        import torch

        return torch.from_numpy(self.ridge.encode(music))

    def project(self, code: "torch.Tensor") -> "torch.Tensor":
        """Return float32[N, D_image], unit length, by the weights that move."""
        return _project(self.moving, code)

    def mean(self, code: "torch.Tensor") -> "torch.Tensor":
        """Return the same by the running mean."""
        return _project(self.averaged, code)

    def settle(self, pull: float) -> None:
        """Pull the weights back towards their start, and average them."""
        import torch

        self.steps[0] += 1
        memory = min(_MEMORY, self.steps[0] / (self.steps[0] + 5))
        with torch.no_grad():
            for name, weight in self.moving.items():
                weight.lerp_(self.began[name], min(pull, 1.0))
                self.averaged[name].lerp_(weight, 1 - memory)

    def again(self) -> "Network":
        """Start afresh from the running mean."""
        kept = {n: w.clone() for n, w in self.averaged.items()}
        moving = {n: w.clone().requires_grad_() for n, w in kept.items()}
        return Network(self.ridge, moving, kept, self.averaged, [0], self.scale)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Fold code and running mean into what a projection needs.

        Its vectors are about as long as the ridge's: longer ones where more is known.
        """
        mean = {n: w.numpy().astype(np.float64) for n, w in self.averaged.items()}
        for name in {"loadings", "bias", "outer"} & set(mean):
            mean[name] /= self.scale
        code, centre = self.ridge.code, self.ridge.x_mean @ self.ridge.code
        folded = {
            "weight": code @ mean["loadings"],
            "bias": mean["bias"] - centre @ mean["loadings"],
        }
        if "inner" in mean:
            folded["inner"] = code @ mean["inner"]
            folded["inner_bias"] = mean["inner_bias"] - centre @ mean["inner"]
            folded["outer"] = mean["outer"]
        return {name: array.astype(np.float32) for name, array in folded.items()}


def _project(weights: Weights, code: "torch.Tensor") -> "torch.Tensor":
    import torch
    from torch.nn.functional import normalize

    found = code @ weights["loadings"] + weights["bias"]
    if "inner" in weights:
        inner = torch.relu(code @ weights["inner"] + weights["inner_bias"])
        found = found + inner @ weights["outer"]
    return normalize(found, dim=1)
