"""What the bridge is trained by: batches, their soft targets, and the loss on them.

A batch is some music rows and some pictures. A row's target is what its pairs say,
mixed with how well moods agree; pictures that a pair calls wrong get none of it, and
count in the denominator as often as their weight says.

Sources: van den Oord et al. 2018 (InfoNCE); Radford et al. 2021 (symmetric form);
Robinson et al. 2021 (hard negatives weigh more).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from evoke_core.bridge.projection import Side
from evoke_core.bridge.supervision import Pairs, Rows, soft_targets
from evoke_core.vectors import Array

if TYPE_CHECKING:
    import torch

MUSIC_AT_ONCE = 512
IMAGES_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """B rows of music against C pictures.

    Args:
        music: int64[B].
        images: int64[C].
        there: float32[B, C], what each row should score; rows sum to 1 or less.
        back: float32[B, C], what each picture should score; columns, likewise.
        emphasis: float32[B, C], added to the logits: log(1 + weight) of wrong pairs.
    """

    music: Rows
    images: Rows
    there: Array
    back: Array
    emphasis: Array


def draw_batch(
    music: Side,
    images: Side,
    pairs: Pairs,
    temperature: float,
    rng: np.random.Generator,
) -> Batch:
    """Draw rows, the pictures of their pairs, and others to fill up.

    Args:
        music: N rows.
        images: M pictures.
        pairs: Of them.
        temperature: Of the moods' agreement.
        rng: Draws.
    """
    rows = _draw(np.arange(len(music)), MUSIC_AT_ONCE, rng)
    told = pairs.of(rows)
    shown = _shown(told, len(images), rng)
    paired, emphasis, right = _tables(told, len(rows), shown, len(images))
    heard, seen = music.rows(rows), images.rows(shown)
    there = soft_targets(heard, seen, temperature=temperature)
    back = soft_targets(seen, heard, temperature=temperature).T
    return Batch(
        rows,
        shown,
        _mixed(paired, there * right, pairs.share),
        _mixed(paired.T, (back * right).T, pairs.share).T,
        emphasis,
    )


def contrastive_loss(
    projected: "torch.Tensor",
    seen: "torch.Tensor",
    temperature: "torch.Tensor",
    batch: Batch,
) -> "torch.Tensor":
    """Compare a batch's cosines with its targets, both ways.

    Args:
        projected: float32[B, D], unit length.
        seen: float32[C, D], unit length.
        temperature: Of the cosines.
        batch: Targets of both.
    """
    import torch

    logits = projected @ seen.T / temperature + torch.from_numpy(batch.emphasis)
    there, back = torch.from_numpy(batch.there), torch.from_numpy(batch.back)
    forth = (there * logits.log_softmax(dim=1)).sum() / there.sum()
    return -(forth + (back * logits.log_softmax(dim=0)).sum() / back.sum()) / 2


def _shown(told: Pairs, count: int, rng: np.random.Generator) -> Rows:
    """Take one match of each row first, then other pairs' pictures, then any."""
    if count <= IMAGES_AT_ONCE:
        return np.arange(count)
    order = rng.permutation(len(told))
    order = order[np.argsort(told.weight[order] <= 0, kind="stable")]
    _, first = np.unique(told.music[order], return_index=True)
    rest = np.delete(order, first)
    rest = _draw(rest, IMAGES_AT_ONCE, rng)
    named = np.concatenate([told.image[order[first]], told.image[rest]])
    _, places = np.unique(named, return_index=True)
    kept = named[np.sort(places)][:IMAGES_AT_ONCE]
    if (lacking := IMAGES_AT_ONCE - len(kept)) > 0:
        others = np.setdiff1d(np.arange(count), kept)
        kept = np.concatenate([kept, _draw(others, lacking, rng)])
    return np.sort(kept)


def _tables(
    told: Pairs, rows: int, shown: Rows, count: int
) -> tuple[Array, Array, Array]:
    """Spread pairs over tables: matches by weight, log weights, and 0 where wrong."""
    place = np.full(count, -1)
    place[shown] = np.arange(len(shown))
    column = place[told.image]
    paired, emphasis, right = np.zeros((3, rows, len(shown)), np.float32)
    right += 1
    match, wrong = (
        (column >= 0) & kept for kept in (told.weight > 0, told.weight <= 0)
    )
    paired[told.music[match], column[match]] = told.weight[match]
    emphasis[told.music[wrong], column[wrong]] = np.log1p(-told.weight[wrong])
    right[told.music[wrong], column[wrong]] = 0
    return paired, emphasis, right


def _mixed(paired: Array, moods: Array, share: float) -> Array:
    """Mix targets; a row without a pair in a batch that has some says less."""
    total = paired.sum(axis=1, keepdims=True)
    if not total.any():
        return moods
    mixed = share * paired / np.maximum(total, 1e-9) + (1 - share) * moods
    return cast("Array", mixed.astype(np.float32))


def _draw(of: Rows, count: int, rng: np.random.Generator) -> Rows:
    if len(of) <= count:
        return of
    return np.sort(rng.choice(of, count, replace=False))
