"""What the sliders move, on pictures and queries that their fit has not seen.

    EVOKE_SHARED=folder python -m tests.benchmarks.sliders

The painted corpus, and the pictures of the research collections under handcrafted and
under MobileNet vectors. Halves of the pictures judge each other's directions, in three
dealings; attributes are measured on pixels. The bar is that of the asset check:
tau-b over 11 stops at least .9, no other attribute moves more than a third as far.
"""

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.config.fields import AXES
from evoke_core.config.loading import load_run_profile, load_sources
from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.sources.painted.reader import list_painted, paint_key
from evoke_core.directions.fit import fit_directions
from evoke_core.directions.judge import SliderReport
from evoke_core.images.handcrafted import HandcraftedImageEncoder, attributes_of
from evoke_core.precomputed import read_vector_file
from evoke_core.vectors import Array
from evoke_core.workers import map_over_cores
from evoke_pipelines.environment import CONFIG_FOLDER

_SEEDS = (0, 1, 2)
_SOURCE = load_sources(CONFIG_FOLDER).pictures["painted"]


def corpora(data: Path | None) -> Iterator[tuple[str, Array, Array]]:
    """Yield name, embeddings float32[N, D] and attributes float32[N, 4] of each."""
    keys = [row.source_key for row in list_painted(_SOURCE) if row.duplicate_of is None]
    painted = np.stack(list(map_over_cores(_see_painted, keys)))
    yield "painted, handcrafted", painted, attributes_of(painted)
    if data is None:
        return
    listed = pl.read_csv(data / "images" / "images.csv", infer_schema=False)
    paths = listed["path"].to_list()
    seen = np.stack(list(map_over_cores(partial(_see, data=data), paths)))
    yield "photographs and art, handcrafted", seen, attributes_of(seen)
    brought = read_vector_file(data / "embeddings" / "images_mobilenet_v1.npz")
    rows = brought.rows_of([[path] for path in paths])
    kept = [(at, row) for at, row in enumerate(rows) if row is not None]
    at, row = (list(part) for part in zip(*kept, strict=True))
    yield "the same, MobileNet", brought.embedding[row], attributes_of(seen)[at]


def main() -> int:
    """Print every corpus; the exit status says whether the painted one holds."""
    shared = os.environ.get("EVOKE_SHARED")
    reach = load_run_profile(CONFIG_FOLDER, "demo").refinement.reach
    holds = []
    sys.stdout.write(f"{'':42}" + "".join(f"{name:<24}" for name in AXES) + "\n")
    sys.stdout.write(f"{'':42}" + "tau   moves  leak       " * len(AXES) + "\n")
    for name, vectors, attributes in corpora(Path(shared, "data") if shared else None):
        for seed in _SEEDS:
            sliders = fit_directions(vectors, attributes, reach=reach, seed=10 * seed)
            _print(f"{name}: {sliders.way}", sliders.reports)
            holds.append(all(report.holds for report in sliders.reports.values()))
    return 0 if all(holds[: len(_SEEDS)]) else 1


def _print(name: str, reports: dict[str, SliderReport]) -> None:
    figures = "".join(
        f"{r.tau:<6.2f}{r.movement:<7.2f}{r.leak:<5.2f}{'' if r.holds else '!':<6}"
        for r in reports.values()
    )
    sys.stdout.write(f"{name:<42}{figures}\n")
    sys.stdout.flush()


def _see_painted(key: str) -> Array:
    return _see_bytes(paint_key(_SOURCE, key))


def _see(path: str, *, data: Path) -> Array:
    return _see_bytes((data / path).read_bytes())


def _see_bytes(content: bytes) -> Array:
    return HandcraftedImageEncoder().encode_images([decode_picture(content).rgb])[0]


if __name__ == "__main__":
    sys.exit(main())
