"""A micro Evoke whose every asset runs in about a second, from source to board.

It is the demo with a dozen pictures and as many short pieces, materialised one asset at
a time, so that a fault can be put into one asset and that one alone be run again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg

from evoke_core.drops.drop import observe
from evoke_core.drops.tickets import write_ticket
from evoke_core.index.image_index import open_index
from evoke_core.storage.local import LocalStore
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.definitions import STAGES, defs
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, EVERY_SHARD
from tests.evoke_pipelines.micro import micro

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PICTURES, BOARD = 14, "audio_drop_board"
# What people start with a word of their own, or what needs their verdicts.
BY_HAND = ("audio_drop_memory", "board_comparison", "curated_pairs", "evoke_report",
           "library_board", "library_memory", "playlist", "study_page")  # fmt: skip
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
# What says when and how long, or is a note of work in progress.
_TIMES = ("seconds", "made_at", "at", "seen_at", "tries", "etags", "etag", "bytes")
_NOT_STATE = ("journals/", "etags/")  # notes of work, versions of files


class Noon(datetime):
    """A clock that stands still, so that equal work gives equal bytes."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return NOON


@dataclass(frozen=True)
class World:
    """A home on disk and what is materialised in it."""

    home: Path

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home / "store")

    def save(self, to: Path) -> None:
        """Copy the home, with the times of its files."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.home, to)

    def load(self, saved: Path) -> None:
        """Put a saved state in the home's place."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(saved, self.home)

    def resources(self) -> dict[str, Any]:
        """Hand out the demo's resources, cut small."""
        return micro(self.home, pictures=PICTURES)

    def materialise(self, asset: str) -> bool:
        """Materialise one asset; returns whether it succeeded."""
        with (
            dg.DagsterInstance.ephemeral() as instance,
            mock.patch("evoke_pipelines.assets.release.datetime", Noon),
        ):
            options: dict[str, Any] = {"tags": EVERY_SHARD}
            if asset == BOARD:
                drop = self.drop()
                instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [drop])
                options = {"partition_key": drop}
            result = dg.materialize(
                [*_assets(), *CHECKS],
                selection=dg.AssetSelection.assets(asset),
                instance=instance,
                resources=self.resources(),
                run_config=QUIET,
                raise_on_error=False,
                **options,
            )
        return bool(result.success)

    def drop(self) -> str:
        """Drop a piece of the library, once; returns the drop's id."""
        if not self.store.exists("drops/piece.flac"):
            found = next(
                each
                for each in self.store.listing("")
                if each.key.endswith(".flac") and not each.key.startswith("drops/")
            )
            self.store.write("drops/piece.flac", self.store.read(found.key))
            os.utime(self.store.locate("drops/piece.flac"), (NOON.timestamp(),) * 2)
            [drop] = observe(self.store.listing("drops/"), now_s=float("inf"))
            write_ticket(self.store, drop, 0)
        [drop] = observe(self.store.listing("drops/"), now_s=float("inf"))
        return drop.drop_id

    def state(self, *, index: bool) -> dict[str, str]:
        """Digest all that readers can see; equal states have equal dictionaries.

        Args:
            index: Also what the index holds.
        """
        found = {
            each.key: _digest(each.key, self.store.read(each.key))
            for each in self.store.listing("")
            if not each.key.startswith(_NOT_STATE)
        }
        return found | (self._index_state() if index else {})

    def _index_state(self) -> dict[str, str]:
        with open_index(str(self.home / "milvus.db")) as opened:
            client = opened.client
            states = {}
            for name in sorted(client.list_collections()):
                client.load_collection(name)
                rows = client.query(name, filter="image_id != ''", output_fields=["*"])
                said = sorted(
                    json.dumps(row, default=str, sort_keys=True) for row in rows
                )
                states[f"index/{name}"] = hashlib.sha256(
                    "".join(said).encode()
                ).hexdigest()
                states[f"aliases/{name}"] = str(
                    client.list_aliases(name).get("aliases")
                )
        return states


def order() -> list[str]:
    """Name the assets from source to board, in the order in which data flows."""
    graph = defs.resolve_asset_graph()
    names = [
        key.path[-1] for level in graph.toposorted_asset_keys_by_level for key in level
    ]
    return [name for name in names if name not in BY_HAND]


@cache
def _assets() -> tuple[dg.AssetsDefinition, ...]:
    return tuple(dg.load_assets_from_modules(STAGES))


def _digest(key: str, data: bytes) -> str:
    if key.endswith(".json") or key.startswith("ledger/"):
        data = json.dumps(_timeless(json.loads(data)), sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _timeless(v) for k, v in value.items() if k not in _TIMES}
    if isinstance(value, list):
        return [_timeless(each) for each in value]
    return value
