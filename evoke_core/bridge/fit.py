"""Fit the bridge: a shallow projection, by symmetric InfoNCE with soft targets.

The whole idea on one page. Music x and pictures y of unit length; f(x) = normalise(x W
+ b), or with one hidden layer beside it. For every batch, logits are cosines over a
temperature; what a track should score is not one picture but how well all pictures'
moods match its own. Cross-entropy both ways, early stop on held-out tracks.

Source: van den Oord et al. 2018 (InfoNCE); Radford et al. 2021 (symmetric form).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.projection import Projection, Side
from evoke_core.bridge.rivals import fit_ridge, soft_targets
from evoke_core.config import BridgeRules
from evoke_core.errors import BridgeError

if TYPE_CHECKING:
    import torch

_IMAGES_AT_ONCE = 1024  # pictures a step contrasts with; all of them where fewer
_VALIDATION_SHARE = 0.15


def fit_bridge(
    music: Side, images: Side, groups: npt.NDArray[Any], rules: BridgeRules
) -> Projection:
    """Fit the bridge on tracks, their windows, and pictures.

    Args:
        music: N tracks and windows.
        images: M pictures.
        groups: [N], the track each row belongs to; a track is never on both sides of
            the early-stopping split.
        rules: Layer width, temperature, rates and seed.

    Raises:
        BridgeError: Fewer than two tracks or pictures, or vectors that don't vary.
    """
    import torch

    _require_signal(music, images, groups)
    torch.manual_seed(rules.seed)
    rng = np.random.default_rng(rules.seed)
    held = _held_out(groups, rng)
    weights = _start(music.rows(~held), images, rules)
    optimiser = torch.optim.AdamW(
        list(weights.values()), lr=rules.learning_rate, weight_decay=rules.weight_decay
    )
    best, best_loss, waited = _snapshot(weights), float("inf"), 0
    for _ in range(rules.max_epochs):
        shown = _some(len(images), rng)
        optimiser.zero_grad()
        loss = _loss(weights, music.rows(~held), images.rows(shown), rules)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            judged = float(_loss(weights, music.rows(held), images, rules))
        if judged < best_loss - 1e-5:
            best, best_loss, waited = _snapshot(weights), judged, 0
        elif (waited := waited + 1) >= rules.patience:
            break
    return Projection("deep_bridge" if rules.hidden else "bridge", best)


def _require_signal(music: Side, images: Side, groups: npt.NDArray[Any]) -> None:
    tracks = len(np.unique(groups))
    if tracks < 2 or len(images) < 2:
        raise BridgeError(
            f"the bridge needs at least 2 tracks and 2 pictures; got {tracks} and "
            f"{len(images)}; add music to the library or pictures to the corpus"
        )
    for name, side in (("music", music), ("picture", images)):
        if float(side.embedding.std(axis=0).max()) < 1e-6:
            raise BridgeError(
                f"all {name} vectors are the same, so nothing can be learned from "
                f"them; check the {name} encoder"
            )


def _held_out(
    groups: npt.NDArray[Any], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    tracks = np.unique(groups)
    count = max(1, round(_VALIDATION_SHARE * len(tracks)))
    return np.isin(groups, rng.choice(tracks, count, replace=False))


def _start(music: Side, images: Side, rules: BridgeRules) -> dict[str, "torch.Tensor"]:
    """Start from ridge regression: the bridge refines it rather than finding it."""
    import torch

    arrays = dict(fit_ridge(music, images).arrays)
    if rules.hidden:
        wide, narrow = arrays["weight"].shape
        inner = torch.randn(wide, rules.hidden) / wide**0.5
        arrays["inner"] = inner.numpy()
        arrays["inner_bias"] = np.zeros(rules.hidden, np.float32)
        arrays["outer"] = np.zeros((rules.hidden, narrow), np.float32)
    return {n: torch.tensor(a, requires_grad=True) for n, a in arrays.items()}


def _loss(
    weights: dict[str, "torch.Tensor"], music: Side, images: Side, rules: BridgeRules
) -> "torch.Tensor":
    import torch
    from torch.nn.functional import cross_entropy, normalize

    x = torch.from_numpy(music.embedding)  # [B, D_music]
    y = torch.from_numpy(images.embedding)  # [M, D_image]
    projected = x @ weights["weight"] + weights["bias"]
    if "inner" in weights:
        hidden = torch.relu(x @ weights["inner"] + weights["inner_bias"])
        projected = projected + hidden @ weights["outer"]
    logits = normalize(projected, dim=1) @ y.T / rules.temperature  # [B, M]
    there = torch.from_numpy(soft_targets(music, images, temperature=rules.temperature))
    back = torch.from_numpy(soft_targets(images, music, temperature=rules.temperature))
    both = cross_entropy(logits, there) + cross_entropy(logits.T, back)
    return both / 2


def _some(count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    if count <= _IMAGES_AT_ONCE:
        return np.arange(count)
    return np.sort(rng.choice(count, _IMAGES_AT_ONCE, replace=False))


def _snapshot(weights: dict[str, "torch.Tensor"]) -> dict[str, npt.NDArray[Any]]:
    return {name: tensor.detach().numpy().copy() for name, tensor in weights.items()}
