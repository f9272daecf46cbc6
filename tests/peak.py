"""The most memory that a process has held."""

import resource
import sys
from pathlib import Path

_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


def peak_bytes() -> int:
    """Return this process's own peak.

    Linux lets ru_maxrss begin with what the parent held when it started this process,
    and so hides whatever stays below that.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return _maxrss(resource.RUSAGE_SELF)
    (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def peak_of_children_bytes() -> int:
    """Return the largest peak of the child processes that have ended."""
    return _maxrss(resource.RUSAGE_CHILDREN)


def _maxrss(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * _MAXRSS_BYTES
