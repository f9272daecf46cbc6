"""Spread work on many items over the machine's cores, in order and bounded."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Starting a process costs about half a second of imports; fewer items than this
# are done sooner where they are.
_WORTH_A_PROCESS = 24


def map_over_cores(
    work: Callable[[_Item], _Result], items: Sequence[_Item]
) -> Iterator[_Result]:
    """Apply a picklable function to every item; results come in the items' order.

    Processes are spawned, not forked, so that threads of the caller (Dagster's, a
    gRPC channel's) can't leave a child with a held lock.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if cores < 2 or len(items) < _WORTH_A_PROCESS:
        yield from map(work, items)
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, items, chunksize=4)


def with_progress(
    results: Iterable[_Result],
    *,
    total: int,
    report: Callable[[int, int], None],
    every: int = 100,
) -> Iterator[_Result]:
    """Pass results on, and report (done, total) now and then and at the end."""
    for done, result in enumerate(results, start=1):
        if done % every == 0 or done == total:
            report(done, total)
        yield result
