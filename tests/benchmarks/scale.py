"""The corpus at scale: manifest to curated in one run, with its time and memory.

    python -m tests.benchmarks.scale FOLDER HOME [COUNT]

FOLDER holds generated pictures (`generated.py`); COUNT takes the first so many of them.
Prints seconds for each stage, the peak of the whole process tree, and the cost of a
second run with nothing new.
"""

import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from evoke_core.config.collections import Sources
from evoke_core.config.loading import (
    load_run_profile,
    load_sources,
    load_vocabulary,
)
from evoke_core.config.profile import RunProfile
from evoke_core.corpus.aesthetics import load_aesthetics
from evoke_core.corpus.curation import count_by_status
from evoke_core.corpus.licences import load_licences
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import read_stamp
from evoke_core.storage.tables import read_table
from evoke_pipelines.assets import corpus, curation, images
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.partitions import EVERY_SHARD
from tests.benchmarks.generated import generate
from tests.benchmarks.row import Row, compare

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_COUNT = 5000  # below that the start of one worker process is what is measured
_AGAIN = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")


def main(arguments: list[str]) -> int:
    """Run it and print one JSON object."""
    folder, home = Path(arguments[0]), Path(arguments[1])
    count = int(arguments[2]) if len(arguments) > 2 else None
    sys.stdout.write(json.dumps(measure(folder, home, count), indent=1) + "\n")
    return 0


def rows(count: int = _COUNT) -> Iterator[Row]:
    """Measure a refresh that finds one picture in a hundred new, three times."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "pictures")
        generate(folder, count)
        resources = _resources(folder, Path(home), None)
        with dg.DagsterInstance.ephemeral() as instance:
            first = _run(resources, instance)
            again = []
            for turn in range(_AGAIN):
                generate(folder, count // 100, start=count + turn * count // 100)
                again.append(_run(resources, instance))
    said = f"{count:,} generated pictures, {_AGAIN} times 1 % more; manifest to curated"
    yield compare("refresh_1pct", again, [first], said)


def measure(folder: Path, home: Path, count: int | None) -> dict[str, Any]:
    """Take pictures from the manifest to the curated table, then look again."""
    resources = _resources(folder, home, count)
    with Peak() as peak, dg.DagsterInstance.ephemeral() as instance:
        before = _cpu_seconds()
        first = _run(resources, instance)
        cpu = _cpu_seconds() - before
        second = _run(resources, instance)
    store = resources["store"]
    curated = read_table(store, "curated_images")
    return {
        "pictures": curated.height,
        "first_s": round(first, 1),
        "ms_a_picture": round(1000 * first / max(curated.height, 1), 2),
        "cpu_ms_a_picture": round(1000 * cpu / max(curated.height, 1), 2),
        "nothing_new_s": round(second, 2),
        "peak_gib": round(peak.bytes / 2**30, 2),
        "by_stage_s": _seconds(store),
        **count_by_status(curated),
    }


def _run(resources: Mapping[str, Any], instance: dg.DagsterInstance) -> float:
    graph = dg.Definitions(
        assets=dg.load_assets_from_modules([corpus, curation, images]),
        resources=resources,
        jobs=[
            dg.define_asset_job(
                "corpus",
                dg.AssetSelection.assets("curated_images").upstream(),
                executor_def=dg.in_process_executor,
            )
        ],
    )
    started = time.perf_counter()
    graph.resolve_job_def("corpus").execute_in_process(
        instance=instance, run_config=_QUIET, tags=EVERY_SHARD
    )
    return time.perf_counter() - started


def _resources(folder: Path, home: Path, count: int | None) -> dict[str, Any]:
    profile = load_run_profile(CONFIG_FOLDER, "demo")
    terms = load_sources(CONFIG_FOLDER)
    generated = terms.pictures["folder"].model_copy(
        update={"location": str(folder), "quota": count, "licence": "CC0-1.0"}
    )
    return {
        "store": LocalStore(home / "store"),
        "run_profile": _judged(profile),
        "sources": Sources(pictures={"folder": generated}, music={}),
        "image_encoder": HandcraftedImageEncoder(),
        "vocabulary": load_vocabulary(CONFIG_FOLDER),
        "licences": load_licences(CONFIG_FOLDER / "licences.yaml"),
        "aesthetics": load_aesthetics(CONFIG_FOLDER / "aesthetics.yaml"),
    }


def _judged(profile: RunProfile) -> RunProfile:
    """Show the folder and judge it by every rule, as if nobody owned it."""
    rules = profile.curation.model_copy(update={"owned_sources": ()})
    return profile.model_copy(
        update={"pictures": ("folder",), "teachers": (), "curation": rules}
    )


def _seconds(store: LocalStore) -> dict[str, float]:
    """Read what each stage's stamp says of its own time."""
    names = {
        "source_manifests": "source_manifests",
        "image_files": "image_files/folder",
        "image_facts": "image_facts/folder",
        "image_embeddings": "image_embeddings",
        "duplicate_clusters": "duplicate_clusters",
        "curated_images": "curated_images",
    }
    stamps = {name: read_stamp(store, key) for name, key in names.items()}
    return {name: stamp.shown["seconds"] for name, stamp in stamps.items() if stamp}


def _cpu_seconds() -> float:
    """Count the work of this process and its children that have ended."""
    used = [resource.getrusage(who) for who in _WHO]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Peak:
    """The largest memory of this process and its children together, sampled."""

    def __init__(self) -> None:
        self.bytes = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Peak":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _sample(self) -> None:
        while not self._done.wait(0.5):
            self.bytes = max(self.bytes, sum(map(_resident, _family(os.getpid()))))


def _family(process: int) -> list[int]:
    """Name a process and all that it or its threads have started."""
    try:
        lists = [
            path.read_text().split()
            for path in Path(f"/proc/{process}/task").glob("*/children")
        ]
    except OSError:  # it has ended since
        return []
    children = [int(child) for each in lists for child in each]
    return [process, *(one for child in children for one in _family(child))]


def _resident(process: int) -> int:
    """Count all that a process holds in memory, shared libraries included."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
