"""The parts of the benchmark, each run in a process of its own.

What one part leaves in memory so bends no other, and one that breaks, is killed or
takes too long costs its own rows alone. A part hands over every row as soon as it is
measured, as a line of JSON.

    python -m tests.benchmarks.parts PART FILE
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.bars import BARS
from tests.benchmarks.row import Row, failed

_PATIENCE = 4  # times the minutes that a part is said to take
_KEPT = frozenset(("EVOKE_HOME", "EVOKE_PEERS"))  # what is measured hangs on no other


@dataclass(frozen=True, slots=True)
class Part:
    """A module of this folder that measures rows.

    Args:
        rows: Names of its bars.
        minutes: What it takes on two quiet cores, about.
        in_home: It works in a demo's home, which the parts that do so share.
    """

    rows: tuple[str, ...]
    minutes: float
    in_home: bool = False


PARTS: Mapping[str, Part] = {
    "decode": Part(("decode_12mp", "decode_2mp", "decode_03mp"), 0.5),
    "join": Part(
        ("join_50k", "join_100k", "join_100k_r12", "join_100k_even", "join_equal"), 3
    ),
    "requery": Part(("requery_100k", "requery_100k_board"), 2),
    "embedding": Part(("pipeline_vs_encoder", "pipeline_vs_clip_retrieval"), 2),
    "scale": Part(("refresh_1pct",), 3),
    "drops": Part(("drops_100k",), 0.5),
    "slider": Part(("slider_frame",), 0.5),
    "listening": Part(("rss_60min",), 4),
    "graph": Part(("refresh_noop",), 1.5, in_home=True),
    "burst": Part(("drop_batch",), 3, in_home=True),
    "composing": Part(("muq_4min", "muq_4min_int8", "compose_share"), 5, in_home=True),
}


def parts_of(asked: Iterable[str]) -> tuple[str, ...]:
    """Name the parts to run, in the order of the table; all where nothing is asked.

    Args:
        asked: Names of parts and of rows.

    Raises:
        ValueError: A name is neither.
    """
    names = {*asked}
    chosen = [
        name for name, part in PARTS.items() if names & {name, *part.rows} or not names
    ]
    known = {name for part in chosen for name in (part, *PARTS[part].rows)}
    if unknown := names - known:
        said = ", ".join(sorted(unknown))
        raise ValueError(f"no part or row is called {said}; take any of {_all_names()}")
    return tuple(chosen)


def run_part(name: str, home: Path) -> list[Row]:
    """Run a part and return a row for each of its bars, failed ones included.

    Args:
        name: Of PARTS.
        home: EVOKE_HOME of the parts that work in a demo's.
    """
    part = PARTS[name]
    with tempfile.TemporaryDirectory() as folder:
        handed = Path(folder, "rows.jsonl")
        why = _ended(name, handed, home if part.in_home else None)
        lines = handed.read_text().splitlines() if handed.is_file() else []
    measured = {row.name: row for row in map(_row_of, lines)}
    return [measured.get(bar) or failed(bar, why) for bar in part.rows]


def main(arguments: list[str]) -> int:
    """Measure a part in this process."""
    name, handed = arguments
    module = importlib.import_module(f"tests.benchmarks.{name}")
    rows: Iterator[Row] = module.rows()
    with Path(handed).open("w") as file:
        for row in rows:
            file.write(json.dumps(asdict(row)) + "\n")
            file.flush()
    return 0


def _ended(name: str, handed: Path, home: Path | None) -> str:
    """Run a part to its end; return why rows may be missing, in a line."""
    command = [sys.executable, "-W", "ignore", "-m", __spec__.name, name, str(handed)]
    limit_s = _PATIENCE * 60 * max(1.0, PARTS[name].minutes)
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command,
            stdout=complaints,
            stderr=complaints,
            env=_environment(home),
            start_new_session=True,
        )
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return f"it took longer than {limit_s / 60:.0f} minutes"
        finally:
            _end_all(process)
        complaints.seek(0)
        told = [line.strip() for line in complaints.read().splitlines() if line.strip()]
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return told[-1][:200] if status and told else f"it ended with {status}"


def _end_all(process: "subprocess.Popen[bytes]") -> None:
    """End what a part has started and left behind, and the part itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(home: Path | None) -> dict[str, str]:
    """Keep a part from the user's own store, index, pictures and profile."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVOKE_") or name in _KEPT
    }
    return kept | ({"EVOKE_HOME": str(home)} if home else {})


def _row_of(line: str) -> Row:
    told = json.loads(line)
    return Row(**told | {"runs": tuple(told["runs"])})


def _all_names() -> str:
    return ", ".join([*PARTS, *BARS])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
