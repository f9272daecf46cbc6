"""Faults where Evoke meets the world: files, index, decoders, workers.

Nothing is listed by hand but the library calls through which all I/O goes. One
undisturbed run of an asset records every such call, and each of them is a point at
which a fault can be put; a new use of a library is a new point by itself.
"""

import errno
import functools
import importlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["raise", "full", "torn", "kill", "kill_after", "delay", "memory"]

# Where bytes cross, by what it is: module, name, and the faults that can happen there.
_READS: tuple[Kind, ...] = ("raise", "kill", "delay")
_WRITES: tuple[Kind, ...] = ("raise", "full", "torn", "kill", "delay")
_SWITCHES: tuple[Kind, ...] = ("raise", "kill", "kill_after")
_CALLS: tuple[Kind, ...] = ("raise", "kill", "kill_after", "delay")
_WORK: tuple[Kind, ...] = ("memory", "kill", "delay")
_BOUNDARIES: tuple[tuple[str, str, tuple[Kind, ...]], ...] = (
    ("pathlib:Path", "read_bytes", _READS),
    ("pathlib:Path", "write_bytes", _WRITES),
    ("pathlib:Path", "unlink", _SWITCHES),
    ("os", "replace", _SWITCHES),
    ("os", "scandir", _READS),
    ("PIL.Image", "open", _WORK),
    ("soundfile:SoundFile", "__init__", _WORK),
    ("av", "open", _WORK),
    ("safetensors.numpy", "load", _WORK),
    ("pebble:ProcessPool", "schedule", _CALLS),
    ("concurrent.futures:ProcessPoolExecutor", "map", _CALLS),
    ("httpx:Client", "send", _CALLS),
    ("botocore.client:BaseClient", "_make_api_call", _CALLS),
)
_MILVUS = "pymilvus:MilvusClient"
_OF_FILES = frozenset(("pathlib:Path", "os"))
DELAY_S = 0.05


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th crossing of a boundary in an asset's run, and what happens there."""

    boundary: str
    nth: int
    kind: Kind


@dataclass
class Crossings:
    """Counts crossings below a home; breaks the one that a point names."""

    home: Path
    point: Point | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def cross(
        self, boundary: str, original: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Make a call, or the fault that was planned for it."""
        nth = self.counts[boundary] = self.counts.get(boundary, 0) + 1
        point = self.point
        if point is None or (point.boundary, point.nth) != (boundary, nth):
            return original(*args, **kwargs)
        self.point = None  # what tidies up after a fault must not meet it again
        match point.kind:
            case "raise":
                raise OSError(errno.EIO, "planned fault")
            case "full":
                raise OSError(errno.ENOSPC, "planned: no space left")
            case "memory":
                raise MemoryError("planned fault")
            case "torn":
                path, data = args[0], args[1]
                with Path(path).open("wb") as half:
                    half.write(data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill_after":
                original(*args, **kwargs)
                os.kill(os.getpid(), signal.SIGKILL)
            case "delay":
                time.sleep(DELAY_S)
        return original(*args, **kwargs)

    def concerns(self, place: str, args: tuple[Any, ...]) -> bool:
        """Say whether a call is about this home; others' files are left alone."""
        if place not in _OF_FILES:
            return True
        return bool(args) and str(args[0]).startswith(str(self.home))


@contextmanager
def watched(crossings: Crossings) -> Iterator[Crossings]:
    """Send every crossing through `crossings` while the block runs."""
    undo: list[tuple[Any, str, Any]] = []
    for place, name, _ in _all_boundaries():
        owner = _owner(place)
        if owner is None:
            continue
        original = getattr(owner, name)
        undo.append((owner, name, original))
        setattr(owner, name, _through(crossings, place, name, original))
    try:
        yield crossings
    finally:
        for owner, name, original in undo:
            setattr(owner, name, original)


def points_of(counts: dict[str, int], *, most: int) -> list[Point]:
    """Spread faults over the crossings of a run, every boundary and kind in turns.

    Args:
        counts: Crossings by boundary, of an undisturbed run.
        most: Points wanted; all of them where there are fewer.
    """
    kinds = {f"{place}.{name}": kinds for place, name, kinds in _all_boundaries()}
    per_boundary = [
        [
            Point(boundary, nth, kinds[boundary][(turn + place) % len(kinds[boundary])])
            for turn, nth in enumerate(_spread(count, most))
        ]
        for place, (boundary, count) in enumerate(sorted(counts.items()))
    ]
    chosen: list[Point] = []
    while len(chosen) < most and any(per_boundary):
        for points in per_boundary:
            if points and len(chosen) < most:
                chosen.append(points.pop(0))
    return chosen


def _spread(count: int, most: int) -> list[int]:
    """Pick crossings, first and last among them, in an order that halves the gaps."""
    wanted = min(count, most)
    places = [1 + round(i * (count - 1) / max(wanted - 1, 1)) for i in range(wanted)]
    distinct = list(dict.fromkeys(places))
    return distinct[::2] + distinct[1::2]


@functools.cache
def _all_boundaries() -> tuple[tuple[str, str, tuple[Kind, ...]], ...]:
    client = _owner(_MILVUS)
    calls = [
        (_MILVUS, name, _CALLS)
        for name in sorted(vars(client) if client else ())
        if not name.startswith("_")
        and callable(getattr(client, name))
        and name not in ("create_schema", "prepare_index_params", "close")
    ]
    return (*_BOUNDARIES, *calls)


def _owner(place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    return getattr(found, name) if name else found


def _through(
    crossings: Crossings, place: str, name: str, original: Callable[..., Any]
) -> Callable[..., Any]:
    boundary = f"{place}.{name}"

    @functools.wraps(original)
    def crossing(*args: Any, **kwargs: Any) -> Any:
        if not crossings.concerns(place, args):
            return original(*args, **kwargs)
        return crossings.cross(boundary, original, *args, **kwargs)

    return crossing
