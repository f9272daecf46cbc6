"""Print the benchmark table and write `bench.json` into EVOKE_HOME."""

import json
import os
import sys
from dataclasses import asdict
from importlib.util import find_spec
from tempfile import TemporaryDirectory


def main() -> int:
    """Run every benchmark; the exit status says whether all bars hold."""
    # Worker processes import this module; they need nothing of what it measures.
    from evoke_pipelines.environment import read_environment
    from tests.benchmarks import (
        burst,
        composing,
        decode,
        drops,
        embedding,
        graph,
        join,
        listening,
        requery,
        scale,
        slider,
    )

    target = read_environment().home / "bench.json"
    rows = [row for part in (decode, join, scale, requery) for row in part.rows()]
    rows += [*slider.rows(), *drops.rows()]
    with TemporaryDirectory() as home:
        os.environ["EVOKE_HOME"] = home
        rows += [*graph.rows(), *burst.rows()]
        if find_spec("muq"):
            rows += composing.rows()
    for library, pretrained in (("open_clip", embedding), ("muq", listening)):
        if find_spec(library):
            rows += pretrained.rows()
        else:
            sys.stderr.write(f"{pretrained.__name__}: {library} is not installed\n")
    for row in rows:
        verdict = "holds" if row.holds else "MISSED"
        sys.stdout.write(
            f"{row.name:<16} ours {row.ours:8.4f} s  peer {row.peer:8.4f} s  "
            f"ratio {row.ratio:7.3f}  bar {row.bar:g}  {verdict}  ({row.said})\n"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = ("name", "ours", "peer", "ratio", "bar", "holds")
    listed = [{name: asdict(row)[name] for name in kept} for row in rows]
    target.write_text(json.dumps(listed, indent=1) + "\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
