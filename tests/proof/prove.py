"""Break every asset at many points, run it again, and compare with the undisturbed run.

Each run is a process of its own, forked from one that has everything imported, so that
a kill is a real kill.
"""

import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proof.faults import Crossings, Point, points_of, watched
from tests.proof.world import BOARD, World, order

_LIMIT_S = 120
_WITH_INDEX = frozenset(("image_index", "release", BOARD))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fault did.

    Args:
        asset: Whose run it was put into.
        point: The fault.
        first: How the disturbed run ended: "finished", "failed" or "killed".
        differs: Keys whose content is not that of the undisturbed run, after the run
            was started again; empty is what is claimed.
    """

    asset: str
    point: Point
    first: str
    differs: tuple[str, ...]


def prove(folder: Path, *, most_per_asset: int, every: int = 1) -> Iterator[Outcome]:
    """Put faults into every asset from source to board.

    Args:
        folder: Where the micro world lives.
        most_per_asset: Points in each asset.
        every: Put them into every so manieth asset only.
    """
    world, before = World(folder / "home"), folder / "before"
    world.home.mkdir(parents=True)
    passed: list[str] = []
    for place, asset in enumerate(order()):
        if place % every:
            passed.append(asset)
            continue
        _undisturbed(world, passed)
        passed.clear()
        world.save(before)
        counts = folder / "counts.json"
        _undisturbed(world, [asset], counts)
        with_index = asset in _WITH_INDEX
        whole, after = world.state(index=with_index), folder / "after"
        world.save(after)
        for point in points_of(json.loads(counts.read_text()), most=most_per_asset):
            world.load(before)
            first = _run(world, [asset], point)
            again = _run(world, [asset])
            state = world.state(index=with_index)
            differs = [
                k for k in whole.keys() | state.keys() if whole.get(k) != state.get(k)
            ]
            if again != "finished":
                differs.append(f"the run that was started again {again}")
            yield Outcome(asset, point, first, tuple(sorted(differs)))
        world.load(after)


def _undisturbed(
    world: World, assets: Sequence[str], counts: Path | None = None
) -> None:
    ended = _run(world, assets, counts=counts)
    if ended != "finished":
        raise AssertionError(f"{', '.join(assets)}: the undisturbed run {ended}")


def _run(
    world: World,
    assets: Sequence[str],
    point: Point | None = None,
    *,
    counts: Path | None = None,
) -> str:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.proof.warm"])
    process = context.Process(target=_materialise, args=(world, assets, point, counts))
    process.start()
    process.join(_LIMIT_S)
    if process.is_alive():
        process.kill()
        process.join()
        return "hung"
    return {0: "finished", 1: "failed"}.get(process.exitcode or 0, "killed")


def _materialise(
    world: World, assets: Sequence[str], point: Point | None, counts: Path | None
) -> None:
    if BOARD in assets:
        world.drop()  # what a listener does; the faults are for what comes of it
    with watched(Crossings(world.home, point)) as crossings:
        succeeded = all(world.materialise(asset) for asset in assets)
    if counts is not None:
        counts.write_text(json.dumps(crossings.counts))
    os._exit(0 if succeeded else 1)


def main() -> int:
    """Print a table by asset; returns the exit status."""
    started, outcomes = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for outcome in prove(Path(folder), most_per_asset=9):
            outcomes.append(outcome)
            if outcome.differs:
                print(f"  {outcome}")  # noqa: T201
    print(f"{len(outcomes)} faults in {time.monotonic() - started:.0f} s:")  # noqa: T201
    for ended in ("finished", "failed", "killed", "hung"):
        count = sum(outcome.first == ended for outcome in outcomes)
        print(f"  {count} disturbed runs {ended}")  # noqa: T201
    wrong = [outcome for outcome in outcomes if outcome.differs]
    print(f"  {len(wrong)} left another state after a restart")  # noqa: T201
    return bool(wrong)
