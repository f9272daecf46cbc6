"""One line of the benchmark table, and how two ways are timed against each other."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison.

    Args:
        name: As in the table of README.
        ours: Seconds, or whatever `unit` says.
        peer: The same of the peer.
        ratio: Peer over ours where faster is better; else ours over peer.
        bar: What the ratio must reach, or stay below.
        holds: Whether it does.
        said: Corpus, precision and direction, for people.
    """

    name: str
    ours: float
    peer: float
    ratio: float
    bar: float
    holds: bool
    said: str


def at_least(name: str, ours: float, peer: float, bar: float, said: str) -> Row:
    """Compare where we must be so many times as fast as the peer."""
    ratio = peer / ours
    return Row(name, ours, peer, ratio, bar, ratio >= bar, said)


def at_most(name: str, ours: float, peer: float, bar: float, said: str) -> Row:
    """Compare where ours may be at most such a share of the peer."""
    ratio = ours / peer
    return Row(name, ours, peer, ratio, bar, ratio <= bar, said)


def abba(
    ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = 5
) -> tuple[float, float]:
    """Time two ways in the order ABBA, so that drift favours neither.

    Returns:
        Median seconds of each.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for which in (0, 1, 1, 0):
            started = time.perf_counter()
            (ours, peer)[which]()
            seconds[which].append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])
