"""Which 64-bit hashes lie within a Hamming radius of each other: exactly, all of them.

By the pigeonhole principle: cut the bits into disjoint chunks and grant each some
differing bits, radius + 1 - chunks in all; two hashes within the radius agree in one
chunk at least up to what it grants. So only hashes whose chunks are equal or neighbours
are compared, bucket against buckets, in blocks that stay in the processor's cache. No
pair is lost and no pair comes twice. What a near hash means for two pictures is decided
in `dedupe`.

Source: Norouzi, Punjani & Fleet, "Fast exact search in Hamming space with multi-index
hashing", TPAMI 2014; uneven grants: Qin et al., "GPH", ICDE 2018.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_BITS = 64
_CELLS = 1 << 16  # distances computed at once: 512 KiB of XOR, which a cache holds
_WIDEST = 16  # bits of a chunk; its table of buckets stays small
_FEW = 1 << 20  # pairs that are compared before a cut is thought out
_FARTHEST = 16  # beyond it no cut saves anything
_CELL_NS, _BUCKET_NS, _VISIT_NS = 1.0, 12_000.0, 300.0  # measured; they choose the cut


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Neighbouring bits of a hash, and how many of them may differ."""

    shift: int
    width: int
    granted: int

    def of(self, hashes: Hashes) -> Rows:
        mask = np.uint64((1 << self.width) - 1)
        return ((hashes >> np.uint64(self.shift)) & mask).astype(np.int64)

    def flips(self) -> Rows:
        """Return every pattern of granted bits or fewer, ascending."""
        chosen = range(self.granted + 1)
        bits = (flip for n in chosen for flip in combinations(range(self.width), n))
        return np.array(sorted(sum(1 << bit for bit in flip) for flip in bits))


def hamming_pairs(phashes: Hashes, radius: int) -> Rows:
    """Find all pairs of hashes within a Hamming radius, exactly.

    Args:
        phashes: uint64[N].
        radius: Bits, 0 to 64; beyond 16 every pair is compared.

    Returns:
        int64[P, 2], each row (i, j) with i < j, in ascending order.
    """
    return _in_order(hamming_edges(phashes, radius))


def hamming_edges(phashes: Hashes, radius: int) -> Iterator[Rows]:
    """Find the pairs of `hamming_pairs` one bounded block after another.

    Yields:
        int64[E, 2], E at most 65,536, each row (i, j) with i < j, in no order.
    """
    groups = _Grouped.by_hash(phashes)
    repeated = np.flatnonzero(groups.counts > 1)
    yield from _expand(np.stack([repeated, repeated], axis=1), groups, groups)
    for block in distinct_edges(groups.hashes, None, radius):
        for pairs in _expand(block, groups, groups):
            yield np.sort(pairs, axis=1)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Distinct hashes, and the rows of each: `counts` rows from `starts` on."""

    hashes: Hashes
    rows: Rows
    starts: Rows
    counts: Rows

    @classmethod
    def by_hash(cls, hashes: Hashes) -> "_Grouped":
        rows = np.argsort(hashes, kind="stable")
        distinct, starts, counts = np.unique(
            hashes[rows], return_index=True, return_counts=True
        )
        return cls(distinct, rows, starts, counts)


def _expand(edges: Rows, left: _Grouped, right: _Grouped) -> Iterator[Rows]:
    """Turn edges between groups into edges between their rows, in bounded blocks.

    A group is not paired with itself but in the case that left is right.
    """
    width = right.counts[edges[:, 1]]
    ends = np.cumsum(left.counts[edges[:, 0]] * width)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, _CELLS):
        number = np.arange(start, min(total, start + _CELLS))
        edge = np.searchsorted(ends, number, side="right")
        before = ends[edge - 1] * (edge > 0)
        row, column = np.divmod(number - before, width[edge])
        own = (left is right) & (edges[edge, 0] == edges[edge, 1]) & (row >= column)
        one = left.rows[left.starts[edges[edge, 0]] + row]
        other = right.rows[right.starts[edges[edge, 1]] + column]
        pairs = np.stack([one, other], axis=1)[~own]
        if len(pairs):
            yield pairs


def distinct_edges(left: Hashes, right: Hashes | None, radius: int) -> Iterator[Rows]:
    """Yield pairs of distinct hashes; right is None where left is joined with itself.

    Both are sorted. Blocks of int64[E, 2], E below 2 * _CELLS.
    """
    other = left if right is None else right
    if not len(left) or not len(other):
        return
    chunks = _cut(radius, len(left), len(other))
    if not chunks:
        for found in _near(left, other, radius):
            yield found[found[:, 0] < found[:, 1]] if right is None else found
    for number, chunk in enumerate(chunks):
        for found in _batched(_by_bucket(chunk, left, right, radius)):
            differing = left[found[:, 0]] ^ other[found[:, 1]]
            yield found[~_met_before(chunks[:number], differing)]


def _batched(blocks: Iterator[Rows]) -> Iterator[Rows]:
    """Join small blocks, so that what follows works on many edges at once."""
    held: list[Rows] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) >= _CELLS or len(held) >= _CELLS >> 8:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _met_before(chunks: tuple[_Chunk, ...], differing: Hashes) -> npt.NDArray[np.bool_]:
    met = np.zeros(len(differing), bool)
    for chunk in chunks:
        met |= np.bitwise_count(chunk.of(differing)) <= chunk.granted
    return met


def _by_bucket(
    chunk: _Chunk, left: Hashes, right: Hashes | None, radius: int
) -> Iterator[Rows]:
    """Compare what one chunk does not tell apart, as rows of left and of right."""
    one = _Buckets.of(chunk, left)
    two = one if right is None else _Buckets.of(chunk, right)
    flips = chunk.flips()
    for value in np.flatnonzero(np.diff(one.starts)).tolist():
        partners = value ^ flips
        if right is None:
            partners = partners[partners >= value]  # each two buckets once
        begin, end = two.starts[partners], two.starts[partners + 1]
        spans = zip(begin.tolist(), end.tolist(), strict=True)
        there = np.concatenate([two.hashes[low:high] for low, high in spans])
        offset = int(one.starts[value])
        here = one.hashes[offset : one.starts[value + 1]]
        ends = np.cumsum(end - begin)
        for found in _near(here, there, radius):
            row, column = found[:, 0] + offset, found[:, 1]
            span = np.searchsorted(ends, column, side="right")
            place = (end - ends)[span] + column
            kept = row < place if right is None else slice(None)
            yield np.stack([one.rows[row[kept]], two.rows[place[kept]]], axis=1)


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Hashes in the order of one chunk, with the place where each value starts."""

    hashes: Hashes
    rows: Rows
    starts: Rows

    @classmethod
    def of(cls, chunk: _Chunk, hashes: Hashes) -> "_Buckets":
        values = chunk.of(hashes)
        rows = np.argsort(values, kind="stable")
        starts = np.searchsorted(values[rows], np.arange((1 << chunk.width) + 1))
        return cls(hashes[rows], rows, starts)


def _near(left: Hashes, right: Hashes, radius: int) -> Iterator[Rows]:
    """Compare every hash of left with every one of right, a cache's fill at a time."""
    for start in range(0, len(right), _CELLS):
        part = right[start : start + _CELLS]
        rows = max(1, _CELLS // len(part))
        for top in range(0, len(left), rows):
            differing = left[top : top + rows, None] ^ part
            near = np.flatnonzero(np.bitwise_count(differing) <= radius)
            if len(near):
                row, column = np.divmod(near, len(part))
                yield np.stack([row + top, column + start], axis=1)


def _cut(radius: int, left: int, right: int) -> tuple[_Chunk, ...]:
    """Choose the chunks of least cost; none where comparing all pairs is cheapest."""
    best: tuple[_Chunk, ...] = ()
    if left * right <= _FEW or radius > _FARTHEST:
        return best
    least = left * right * _CELL_NS
    # With more than 3 bits granted a bucket has more neighbours than it has hashes.
    for count in range(radius // 4 + 1, radius + 2):
        chunks = _chunks(radius, count)
        cost = 0.0
        for chunk in chunks:
            share = _share(chunk.width, chunk.granted)
            visit = _BUCKET_NS + _VISIT_NS * share * (1 << chunk.width)
            cost += left * right * share * _CELL_NS
            cost += min(left, 1 << chunk.width) * visit
        if cost < least:
            best, least = chunks, cost
    return best


def _chunks(radius: int, count: int) -> tuple[_Chunk, ...]:
    """Share out radius + 1 - count differing bits, then 64 bits, as evenly as may be.

    A bit goes where a chunk tells least apart.
    """
    granted, spare = divmod(radius + 1 - count, count)
    grants = [granted + (number < spare) for number in range(count)]
    widths = [0] * count
    for _ in range(min(_BITS, count * _WIDEST)):
        open_ones = [n for n in range(count) if widths[n] < _WIDEST]
        widths[max(open_ones, key=lambda n: _share(widths[n], grants[n]))] += 1
    shifts = [sum(widths[:number]) for number in range(count)]
    return tuple(map(_Chunk, shifts, widths, grants))


def _share(width: int, granted: int) -> float:
    """Return which share of uniform pairs a chunk leaves to be compared."""
    return sum(math.comb(width, n) for n in range(granted + 1)) / float(1 << width)


def _in_order(blocks: Iterator[Rows]) -> Rows:
    found = [np.empty((0, 2), np.int64), *blocks]
    pairs = np.concatenate(found)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])
