"""Whole refreshes and boards, each a process with a Dagster instance of its own.

Two instances know nothing of each other's pools, so nothing holds them apart but what
the store and the index do by themselves: what two code locations on one store are, and
the worst that two runs of one instance could be. Here the workers over the micro world
of the fault injector; what they must leave behind stands in `test_races`.
"""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import polars as pl

from evoke_core import errors
from evoke_core.drops.drop import observe
from evoke_core.drops.tickets import write_ticket
from evoke_core.release import read_release_or_none
from evoke_core.storage.store import Store, digest
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.definitions import STAGES
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, EVERY_SHARD, one_run_over
from tests.proof.world import BOARD, QUIET, Noon, World, order

# What the quick form does with: pictures up to what is measured of them.
CORPUS = ("source_manifests", "image_files", "image_facts", "image_embeddings")
_CLEAR = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
_GIVE_UP_S = 200
Faults = list[list[str]]


def assets_but_boards() -> list[str]:
    """Name all that a refresh makes, from source to release."""
    return [name for name in order() if name != BOARD]


def refresh(home: Path, assets: Sequence[str], pictures: int) -> None:
    """Refresh; where that fails with an error of ours, run again, as people do."""
    with _as_a_location(pictures):
        _insist(lambda: _run(World(home), assets, EVERY_SHARD, ()))


def make_boards(home: Path, drops: Sequence[str], pictures: int) -> None:
    """Make boards of dropped songs in one run, again while that fails clearly."""
    with _as_a_location(pictures):
        _insist(lambda: _run(World(home), [BOARD], one_run_over(drops), drops))


def drop_songs(store: Store, count: int) -> list[str]:
    """Drop pieces of the library under several names; returns the drops' ids."""
    pieces = [
        each.key
        for each in store.listing("")
        if each.key.endswith(".flac") and not each.key.startswith("drops/")
    ]
    for number in range(count):
        piece = store.read(pieces[number % len(pieces)])
        store.write(f"drops/{number:03d}.flac", piece)
    drops = observe(store.listing("drops/"), now_s=float("inf"))
    for drop in drops:
        write_ticket(store, drop, 0)
    return [drop.drop_id for drop in drops]


def watch(home: Path, seconds: float, releases: Sequence[str]) -> None:
    """Read all that readers can see, over and over; nothing is ever half there."""
    store, until = World(home).store, time.monotonic() + seconds
    while time.monotonic() < until:
        _require_known(store, releases)
        for found in list(store.listing("")):
            try:
                _require_whole(found.key, store.read(found.key))
            except KeyError:  # what is temporary goes
                continue
        time.sleep(0.05)


def _insist(run: Callable[[], Faults]) -> None:
    until = time.monotonic() + _GIVE_UP_S
    while faults := run():
        for chain in faults:
            kinds = {said.partition(":")[0].split(".")[-1] for said in chain}
            if not kinds & (_CLEAR | {"Failure", "RetryRequested"}):
                raise AssertionError(f"no clear error: {chain}")
        if time.monotonic() > until:
            raise AssertionError(f"no run ever succeeds: {faults}")


def _require_known(store: Store, releases: Sequence[str]) -> None:
    release = read_release_or_none(store)
    if release is None:
        return
    if release.release_id not in releases:
        raise AssertionError(f"a mixed release: {release}")
    for key in (release.projection, release.directions, release.calibration):
        if key and f"models/{digest(store.read(key))}.safetensors" != key:
            raise AssertionError(f"{key} is not what it was")


def _require_whole(key: str, data: bytes) -> None:
    if key.endswith(".json"):
        json.loads(data)
    elif key.endswith(".parquet"):
        pl.read_parquet(BytesIO(data))
    elif key.endswith(".html") and not data.rstrip().endswith(b"</html>"):
        raise AssertionError(f"half a page: {key}")


def _as_a_location(pictures: int) -> AbstractContextManager[ExitStack]:
    """Configure a code location, with retries that don't wait for a server."""
    stack = ExitStack()
    stack.enter_context(mock.patch("tests.proof.world.PICTURES", pictures))
    stack.enter_context(mock.patch("evoke_pipelines.assets.release.datetime", Noon))
    stack.enter_context(mock.patch("evoke_pipelines.policies._WAIT_S", 0.1))
    return stack


def _run(
    world: World, assets: Sequence[str], tags: dict[str, str], drops: Sequence[str]
) -> Faults:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(AUDIO_DROPS_NAME, list(drops))
        result = dg.materialize(
            [*dg.load_assets_from_modules(STAGES), *CHECKS],
            selection=dg.AssetSelection.assets(*assets),
            instance=instance,
            resources=world.resources(),
            run_config=QUIET,
            raise_on_error=False,
            tags=tags,
        )
    failed = [each for each in result.all_events if each.is_step_failure]
    return [_chain(each.step_failure_data.error) for each in failed]


def _chain(error: Any) -> list[str]:
    said = []
    while error is not None:
        said.append(error.message.strip())
        error = error.cause
    return said
