"""Measure the benchmark table, or the rows that are named, and print it as Markdown.

    python -m tests.benchmarks [PART or ROW ...]
    python -m tests.benchmarks --readme

Rows are merged into `bench.json` of EVOKE_HOME as soon as their part has ended. With
`--readme` nothing is measured: a whole `bench.json` becomes the one that is kept with
the code, and README's table is written from it.
"""

import sys
import tempfile
import time
from pathlib import Path

_README = Path(__file__).parents[2] / "README.md"


def main(arguments: list[str]) -> int:
    """Return 0 where all bars asked for hold, 1 otherwise, 2 for a mistake."""
    # Worker processes import this module; they need nothing of what it measures.
    from evoke_pipelines.environment import read_environment

    bench = read_environment().home / "bench.json"
    try:
        if arguments == ["--readme"]:
            return _publish(bench)
        return _measure(bench, arguments)
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2


def _measure(bench: Path, asked: list[str]) -> int:
    from tests.benchmarks import table
    from tests.benchmarks.parts import PARTS, parts_of, run_part

    chosen = parts_of(asked)
    minutes = sum(PARTS[name].minutes for name in chosen)
    sys.stderr.write(f"{len(chosen)} parts, about {minutes:g} minutes\n")
    done: list[table.Measured] = []
    with tempfile.TemporaryDirectory() as home:
        for name in chosen:
            sys.stderr.write(f"{name}: about {PARTS[name].minutes:g} minutes ...\n")
            on, started = table.machine(), time.perf_counter()
            rows = run_part(name, Path(home))
            new = table.measured(rows, on, time.perf_counter() - started)
            table.write(bench, table.merge(table.read(bench), new))
            for row in rows:
                sys.stderr.write(f"  {row.name}: {row.verdict}, {row.ratio:.3g}\n")
            done += new
    sys.stdout.write(table.as_markdown(table.merge([], done)) + "\n")
    return 0 if all(row["verdict"] == "holds" for row in done) else 1


def _publish(bench: Path) -> int:
    from tests.benchmarks import table

    rows = table.read(bench) or table.read(table.KEPT)
    if absent := table.missing(rows):
        raise ValueError(
            f"{bench}: no rows {', '.join(absent)}; measure them by "
            f"python -m tests.benchmarks {' '.join(absent)}"
        )
    written = table.in_readme(_README.read_text(encoding="utf-8"), rows)
    table.write(table.KEPT, rows)
    _README.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
