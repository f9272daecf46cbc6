"""What a fit is told about which music belongs to which pictures.

Moods say how well any track and any picture agree; pairs say it of single ones: found
by tags, or curated by people. Nothing is fitted here.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.projection import Side
from evoke_core.vectors import Array, cosine_similarity, l2_normalize, row_blocks

Rows = npt.NDArray[np.int64]

_SHARPNESS = 0.1  # temperature of the mood similarities that make a track's target
_MAX_PICTURES = 2048  # drawn for a mean look: it steadies with their number's root


@dataclass(frozen=True, slots=True)
class Pairs:
    """P pairs of a music row and a picture row.

    Args:
        music: int64[P], ascending.
        image: int64[P].
        weight: float32[P] in [-1, 1]: above 0 they match, at or below 0 they don't.
        share: In [0, 1], how much of a row's target its matches make; moods make the
            rest. Near 1 where pairs were observed, lower where moods made the pairs.
    """

    music: Rows
    image: Rows
    weight: Array
    share: float = 0.5

    def __len__(self) -> int:
        """Return P."""
        return len(self.music)

    def of(self, rows: Rows) -> "Pairs":
        """Return the pairs of some music rows, numbered by their place in rows."""
        first = np.searchsorted(self.music, rows, "left")
        count = np.searchsorted(self.music, rows, "right") - first
        place = np.repeat(np.arange(len(rows)), count)
        within = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
        kept = np.repeat(first, count) + within
        return Pairs(place, self.image[kept], self.weight[kept], self.share)


@dataclass(frozen=True, slots=True)
class Supervision:
    """Everything beyond moods.

    Args:
        pairs: What the bridge and its rivals are fitted on.
        curated: People's verdicts, for the bridge's second phase.
    """

    pairs: Pairs
    curated: Pairs

    def rows(self, chosen: npt.NDArray[Any]) -> "Supervision":
        """Return what is known of the chosen music rows, by mask or by number."""
        rows = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return Supervision(self.pairs.of(rows), self.curated.of(rows))


def make_pairs(
    music: npt.NDArray[Any],
    image: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None = None,
    *,
    share: float = 0.5,
) -> Pairs:
    """Bring pairs into order; without weights all match."""
    order = np.argsort(music, kind="stable")
    worth = np.ones(len(order)) if weight is None else weight
    return Pairs(
        np.asarray(music, np.int64)[order],
        np.asarray(image, np.int64)[order],
        np.asarray(worth, np.float32)[order],
        share,
    )


NO_PAIRS = make_pairs(np.zeros(0), np.zeros(0))
MOODS_ALONE = Supervision(NO_PAIRS, NO_PAIRS)


def soft_targets(left: Side, right: Side, *, temperature: float) -> Array:
    """Say how well each right item's moods match each left one's.

    Returns:
        float32[N_left, N_right], rows sum to 1.
    """
    similarity = cosine_similarity(left.moods, right.moods)
    sharp = np.exp((similarity - similarity.max(axis=1, keepdims=True)) / temperature)
    return cast("Array", (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32))


def mean_looks(music: Side, images: Side, pairs: Pairs, *, seed: int) -> Array:
    """Average what the pictures that match each music row look like.

    Args:
        music: N rows.
        images: M pictures.
        pairs: Of them.
        seed: Draws the pictures that moods are matched with, where there are too many.

    Returns:
        float32[N, D_image], unit length.
    """
    share = _paired_share(len(music), pairs)
    looks = np.zeros((len(music), images.embedding.shape[1]), np.float32)
    if share.min() < 1.0:
        drawn = _some(images, seed)
        for some in row_blocks(len(music), len(drawn)):
            targets = soft_targets(music.rows(some), drawn, temperature=_SHARPNESS)
            looks[some] = l2_normalize(targets @ drawn.embedding)
    looks *= (1.0 - share)[:, None]
    matches = pairs.weight > 0
    total = np.bincount(pairs.music[matches], pairs.weight[matches], len(music))
    part = (share / np.maximum(total, 1e-9)).astype(np.float32)
    for block in np.array_split(np.flatnonzero(matches), 1 + len(pairs) // 4096):
        rows, seen = pairs.music[block], images.embedding[pairs.image[block]]
        np.add.at(looks, rows, seen * (pairs.weight[block] * part[rows])[:, None])
    for some in row_blocks(len(music), looks.shape[1]):  # in place: the table is large
        looks[some] = l2_normalize(looks[some])
    return looks


def _paired_share(count: int, pairs: Pairs) -> Array:
    share = np.zeros(count, np.float32)
    share[pairs.music[pairs.weight > 0]] = pairs.share
    return share


def _some(images: Side, seed: int) -> Side:
    if len(images) <= _MAX_PICTURES:
        return images
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(images), _MAX_PICTURES, replace=False)
    return images.rows(np.sort(drawn))
