"""One line of the benchmark table, and how two ways are timed against each other."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from tests.benchmarks.bars import BARS

Verdict = Literal["holds", "missed", "peer absent", "failed"]
Timings = tuple[list[float], list[float]]  # seconds of ours and of the peer


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison.

    Args:
        name: Of a bar.
        ours: Median, in the bar's unit; NaN where there is none.
        peer: The same of the peer.
        ratio: Of the medians, in the bar's direction.
        low: The least ratio of two neighbouring measurements.
        high: The largest.
        runs: Measurements of ours and of the peer.
        verdict: Whether the bar holds; an absent peer is not a bar that holds.
        said: Corpus, precision and how it was measured, or why it was not.
    """

    name: str
    ours: float
    peer: float
    ratio: float
    low: float
    high: float
    runs: tuple[int, int]
    verdict: Verdict
    said: str

    @property
    def holds(self) -> bool:
        """Say whether the bar was measured and holds."""
        return self.verdict == "holds"


def compare(
    name: str,
    ours: Sequence[float],
    peer: Sequence[float],
    said: str,
    *,
    same: bool = True,
) -> Row:
    """Hold measurements against the bar of that name.

    Args:
        name: Of a bar.
        ours: As measured, in order; the i-th beside the peer's i-th where there are
            as many of both, as `abba` gives them.
        peer: The same of the peer.
        said: For people.
        same: Both gave the same answer; a bar does not hold by another one.
    """
    bar = BARS[name]

    def ratio(one: float, other: float) -> float:
        return other / one if bar.bound == "at least" else one / other

    pairs = zip(ours, peer, strict=True) if _paired(ours, peer) else product(ours, peer)
    spread = [ratio(*pair) for pair in pairs]
    middles = statistics.median(ours), statistics.median(peer)
    reached = ratio(*middles)
    is_within = (
        reached >= bar.value if bar.bound == "at least" else reached <= bar.value
    )
    return Row(
        name,
        *middles,
        reached,
        min(spread),
        max(spread),
        (len(ours), len(peer)),
        "holds" if is_within and same else "missed",
        said,
    )


def absent(name: str, ours: Sequence[float], remedy: str) -> Row:
    """Say that there was nothing to compare with."""
    middle = statistics.median(ours) if ours else math.nan
    return _without_ratio(name, middle, "peer absent", f"peer absent; {remedy}")


def failed(name: str, why: str) -> Row:
    """Say that a row could not be measured."""
    return _without_ratio(name, math.nan, "failed", f"failed: {why}")


def abba(
    ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = 5
) -> Timings:
    """Time two ways in the order ABBA, so that drift favours neither.

    Returns:
        Seconds of each, two a round; the i-th of both lie side by side in time.
    """
    seconds: Timings = ([], [])
    for _ in range(rounds):
        for which in (0, 1, 1, 0):
            seconds[which].append(timed((ours, peer)[which]))
    return seconds


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _paired(ours: Sequence[float], peer: Sequence[float]) -> bool:
    return len(ours) == len(peer)


def _without_ratio(name: str, ours: float, verdict: Verdict, said: str) -> Row:
    none = math.nan
    return Row(name, ours, none, none, none, none, (0, 0), verdict, said)
