"""Fit the bridge: a shallow projection, by symmetric InfoNCE with soft targets.

The whole idea on one page. Music x and pictures y of unit length. Ridge of the lowest
rank that tells held-out tracks apart names the few components of x that pictures show;
f(x) = normalise(code(x) R + b), or with one hidden layer beside it, starts there and
learns R and b by contrast, averaged over steps, pulled back towards the start. Steps
are counted on held-out tracks, then all rows are fitted for so many. Verdicts of
people, where there are any, correct the result.

Sources: van den Oord et al. 2018 (InfoNCE); Radford et al. 2021 (symmetric form,
learned temperature); Polyak & Juditsky 1992 (averaging).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.contrast import MUSIC_AT_ONCE, contrastive_loss, draw_batch
from evoke_core.bridge.network import Network
from evoke_core.bridge.projection import Projection, Side
from evoke_core.bridge.shrinkage import (
    Shrinkage,
    choose_shrinkage,
    fit_reduced_ridge,
)
from evoke_core.bridge.supervision import MOODS_ALONE, Pairs, Supervision, mean_looks
from evoke_core.bridge.verdicts import learn_verdicts
from evoke_core.config.profile import BridgeRules
from evoke_core.errors import BridgeError
from evoke_core.vectors import spaced_rows

if TYPE_CHECKING:
    import torch

_VALIDATION_SHARE = 0.15
_CHOSEN_BY = 20_000  # rows: more move start, penalty, rank and epochs no further
_STEPS_PER_EPOCH = 20  # at most: how often a large set asks the held-out tracks
_TEMPERATURE_RATE = 0.02
_TEMPERATURES = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class _Task:
    """Rows to fit on, and how."""

    music: Side
    images: Side
    pairs: Pairs
    rules: BridgeRules

    def start(self, shrinkage: Shrinkage) -> Network:
        some = spaced_rows(len(self.music), _CHOSEN_BY)  # steps see all, the start few
        music, pairs = self.music.rows(some), self.pairs.of(some)
        looks = mean_looks(music, self.images, pairs, seed=self.rules.seed)
        ridge = fit_reduced_ridge(music.embedding, looks, shrinkage)
        return Network.start(ridge, hidden=self.rules.hidden, seed=self.rules.seed)


def fit_bridge(
    music: Side,
    images: Side,
    groups: npt.NDArray[Any],
    rules: BridgeRules,
    supervision: Supervision = MOODS_ALONE,
    *,
    report: Callable[[int, int], None] = lambda _done, _most: None,
) -> Projection:
    """Fit the bridge on tracks, their windows, and pictures.

    Args:
        music: N tracks and windows.
        images: M pictures.
        groups: [N], the track each row belongs to; a track is never on both sides of
            the early-stopping split.
        rules: Layer width, temperature, rates and seed.
        supervision: Pairs and verdicts of people, beyond what moods say.
        report: Told (epochs done, most there can be) after every epoch; the second
            number falls once it is known how many pay.

    Raises:
        BridgeError: Fewer than two tracks or pictures, or vectors or moods that don't
            vary.
    """
    _require_signal(music, images, groups, supervision.pairs)
    held = _held_out(groups, np.random.default_rng(rules.seed))
    seen, asked = (
        rows[spaced_rows(len(rows), _CHOSEN_BY)]
        for rows in (np.flatnonzero(~held), np.flatnonzero(held))
    )
    fit, judge = (
        _Task(music.rows(some), images, supervision.rows(some).pairs, rules)
        for some in (seen, asked)
    )
    looks = mean_looks(fit.music, images, fit.pairs, seed=rules.seed)
    shrinkage = choose_shrinkage(
        fit.music.embedding, looks, groups[seen], reduced=True, seed=rules.seed
    )
    epochs, temperature = _find_epochs(fit, judge, shrinkage, report)
    whole = _Task(music, images, supervision.pairs, rules)
    network = whole.start(shrinkage)
    tried = min(epochs + rules.patience, rules.max_epochs)
    report(tried, tried + epochs)

    def goes_on(epoch: int, _temperature: "torch.Tensor") -> bool:
        report(tried + epoch, tried + epochs)
        return True

    _train(whole, network, epochs, temperature, goes_on)
    learn_verdicts(network, music, images, supervision.curated, rules)
    return Projection("deep_bridge" if rules.hidden else "bridge", network.arrays())


def _require_signal(
    music: Side, images: Side, groups: npt.NDArray[Any], pairs: Pairs
) -> None:
    tracks = len(np.unique(groups))
    if tracks < 2 or len(images) < 2:
        raise BridgeError(
            "the bridge needs at least 2 tracks, a third to be judged on, and 2 "
            f"pictures; got {tracks} and {len(images)}; add music to the library or "
            "pictures to the corpus"
        )
    for name, side in (("music", music), ("picture", images)):
        if float(np.ptp(side.embedding, axis=0).max()) < 1e-6:
            raise BridgeError(
                f"all {name} vectors are the same, so nothing can be learned from "
                f"them; check the {name} encoder"
            )
        if not len(pairs) and float(np.ptp(side.moods, axis=0).max()) < 1e-6:
            raise BridgeError(
                f"all {name} moods are the same, so they match everything alike; "
                f"check the {name} tags and the mood vocabulary"
            )


def _held_out(
    groups: npt.NDArray[Any], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    tracks = np.unique(groups)
    count = max(1, round(_VALIDATION_SHARE * len(tracks)))
    return np.isin(groups, rng.choice(tracks, count, replace=False))


def _find_epochs(
    fit: _Task,
    judge: _Task,
    shrinkage: Shrinkage,
    report: Callable[[int, int], None],
) -> tuple[int, float]:
    """Train until held-out tracks gain nothing; return for how long, and what from."""
    network, rules = fit.start(shrinkage), fit.rules
    rng = np.random.default_rng(rules.seed)
    exam = draw_batch(judge.music, judge.images, judge.pairs, rules.temperature, rng)
    heard = network.encode(judge.music.embedding[exam.music])
    seen = _tensor(judge.images.embedding[exam.images])

    def judged(temperature: "torch.Tensor") -> float:
        return float(contrastive_loss(network.mean(heard), seen, temperature, exam))

    start = rules.temperature  # moods are as sharp as the configuration says
    if len(fit.pairs):
        start = min(_TEMPERATURES, key=lambda t: judged(_tensor(t)))
    best, best_loss = 0, judged(_tensor(start))

    def goes_on(epoch: int, temperature: "torch.Tensor") -> bool:
        nonlocal best, best_loss
        if (loss := judged(temperature)) < best_loss - 1e-5:
            best, best_loss = epoch, loss
        report(epoch, 2 * rules.max_epochs)  # as many again may follow, on all rows
        return epoch - best < rules.patience

    _train(fit, network, rules.max_epochs, start, goes_on)
    return best, start


def _train(
    task: _Task,
    network: Network,
    epochs: int,
    temperature: float,
    goes_on: "Callable[[int, torch.Tensor], bool]",
) -> None:
    import torch

    rules, rng = task.rules, np.random.default_rng(task.rules.seed)
    sharp = torch.tensor(float(np.log(temperature)), requires_grad=True)
    adam = torch.optim.Adam(
        [
            {"params": network.weights(), "lr": rules.learning_rate},
            {"params": [sharp], "lr": _TEMPERATURE_RATE if len(task.pairs) else 0.0},
        ]
    )
    code = network.encode(task.music.embedding)
    steps = min(-(-len(code) // MUSIC_AT_ONCE), _STEPS_PER_EPOCH)
    for epoch in range(1, epochs + 1):
        for _ in range(steps):
            batch = draw_batch(
                task.music, task.images, task.pairs, rules.temperature, rng
            )
            projected = network.project(code[batch.music])
            seen = _tensor(task.images.embedding[batch.images])
            adam.zero_grad()
            contrastive_loss(projected, seen, sharp.exp(), batch).backward()  # type: ignore[no-untyped-call]
            adam.step()
            network.settle(rules.learning_rate * rules.weight_decay)
        if not goes_on(epoch, sharp.detach().exp()):
            return


def _tensor(values: npt.ArrayLike) -> "torch.Tensor":
    import torch

    return torch.as_tensor(values, dtype=torch.float32)
