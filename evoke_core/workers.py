"""Spread work on many items over the machine's cores, in order and bounded.

`map_over_cores` is for our own items. `map_guarded` is for what strangers made: an item
that kills its process, never ends, or asks for all memory there is, costs itself and
nothing else.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Starting a process costs about half a second of imports; fewer items than this
# are done sooner where they are.
_WORTH_A_PROCESS = 24
_TOGETHER = 4  # of our own items, which cost less than to hand one out each
_AHEAD = 16  # items handed out before they are asked for, a core
_guarded = False
GUARDED_BYTES = 3 * 1024**3  # of memory that one process of `map_guarded` may take


def map_over_cores(
    work: Callable[[_Item], _Result], items: Sequence[_Item]
) -> Iterator[_Result]:
    """Apply a picklable function to every item; results come in the items' order.

    Processes are spawned, not forked, so that threads of the caller (Dagster's, a
    gRPC channel's) can't leave a child with a held lock.
    """
    cores = count_cores()
    if cores < 2 or len(items) < _WORTH_A_PROCESS:
        yield from map(work, items)
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        handed = _handed_out(
            lambda at: pool.submit(_work_on, work, items[at : at + _TOGETHER]),
            range(0, len(items), _TOGETHER),
            _AHEAD * cores // _TOGETHER,
        )
        try:
            for _, done in handed:
                yield from done.result()
        finally:
            pool.shutdown(cancel_futures=True)  # nobody waits for the rest any more


def map_guarded(
    work: Callable[[_Item], _Result],
    items: Sequence[_Item],
    *,
    timeout_s: float,
    lost: Callable[[_Item, str], _Result],
    memory_bytes: int = GUARDED_BYTES,
) -> Iterator[_Result]:
    """Apply a picklable function to every item, each in a process that may be killed.

    Args:
        work: What it raises is raised here.
        items: Results come in their order.
        timeout_s: Most seconds for one item; its process is ended after that.
        lost: Makes the result of an item whose process was ended, died or found no
            memory, from the item and a sentence that says what happened.
        memory_bytes: Most memory of one process, where the system can hold it to that
            (Linux); it goes on with the next item.
    """
    from pebble import ProcessExpired, ProcessPool

    if not items:
        return
    # A second process pays for its start from here on.
    cores = min(count_cores(), -(-len(items) // _WORTH_A_PROCESS))
    with ProcessPool(
        cores,
        initializer=_enter,
        initargs=(memory_bytes,),
        context=get_context("spawn"),
    ) as pool:
        for item, done in _handed_out(
            lambda due: pool.schedule(work, (due,), timeout=timeout_s),
            items,
            _AHEAD * cores,
        ):
            try:
                yield done.result()
            except TimeoutError:
                yield lost(item, f"took longer than {timeout_s:g} s")
            except MemoryError:
                yield lost(item, f"took more than {memory_bytes / 1024**3:.2g} GB")
            except ProcessExpired as died:
                yield lost(item, f"ended its process ({died.exitcode})")


def may_be_lost() -> bool:
    """Whether this process is one of `map_guarded`'s."""
    return _guarded


def _handed_out(
    submit: Callable[[_Item], Any], items: Sequence[_Item], ahead: int
) -> Iterator[tuple[_Item, Any]]:
    """Yield every item with its future; so many are handed out before it is due."""
    waiting, todo = deque[Any](), iter(items)
    for item in items:
        for due in islice(todo, ahead - len(waiting)):
            waiting.append(submit(due))
        yield item, waiting.popleft()


def _work_on(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    return list(map(work, items))


def _enter(memory_bytes: int) -> None:
    """Begin a guarded process."""
    global _guarded  # noqa: PLW0603 (a fact about the process)
    _guarded = True
    _cap_memory(memory_bytes)


def _cap_memory(memory_bytes: int) -> None:
    """Let this process have so much; its address space, much of it unused, is free."""
    if find_spec("resource") is None:  # Windows
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


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
