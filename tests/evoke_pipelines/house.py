"""Where assets of songs are tried: an instance of Dagster, a store, runs. Not a test.

`board_house` composes boards; it asks for fixtures of tests/evoke_core/boards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pytest

from evoke_core.drops.drop import Drop, drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_pipelines.assets.boards import audio_drop_board
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, one_run_over
from tests.evoke_core.boards.conftest import sound
from tests.evoke_pipelines.micro import QUIET

_BY_SENSOR = {"dagster/sensor_name": "audio_drop_sensor"}


@dataclass
class Access:
    """Opens an index for a batch; `failures` come first."""

    index: Any
    failures: list[Exception] = field(default_factory=list)
    opened: int = 0

    @contextmanager
    def open(self) -> Iterator[Any]:
        self.opened += 1
        if self.failures:
            raise self.failures.pop()
        yield self.index


@dataclass
class House:
    """An instance with a store, in which runs of one asset are started."""

    instance: dg.DagsterInstance
    asset: dg.AssetsDefinition
    resources: dict[str, Any]

    @property
    def store(self) -> Any:
        return self.resources["store"]

    def drop(self, name: str, audio: bytes) -> Drop:
        """Put a song, its ticket and its partition, as the sensor does."""
        self.store.write(f"drops/{name}", audio)
        song = drop_of(f"drops/{name}", self.store.etag(f"drops/{name}"))
        write_ticket(self.store, song, 0)
        self.instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [song.drop_id])
        return song

    def run(self, *songs: Drop, by_hand: bool = False) -> dg.ExecuteInProcessResult:
        """Run these songs' partitions in one run, which may fail."""
        ids = [song.drop_id for song in songs]
        tags = {} if by_hand else _BY_SENSOR
        return dg.materialize(
            [self.asset],
            resources=self.resources,
            instance=self.instance,
            partition_key=None if ids[1:] else ids[0],
            tags=tags | (one_run_over(ids) if ids[1:] else {}),
            raise_on_error=False,
            run_config=QUIET,
        )

    def done(self) -> set[str]:
        """Return the partitions that were materialised."""
        return self.instance.get_materialized_partitions(self.asset.key)

    def shown(self) -> dict[str, Any]:
        """Return the metadata of the latest materialisation."""
        event = self.instance.get_latest_materialization_event(self.asset.key)
        return {k: v.value for k, v in event.asset_materialization.metadata.items()}


@pytest.fixture
def board_house(
    store: Any, index: Any, encoder: Any, run_profile: Any, vocabulary: Any
) -> Iterator[House]:
    resources = {
        "store": store,
        "index": Access(index),
        "music_encoder": encoder,
        "run_profile": run_profile,
        "vocabulary": vocabulary,
    }
    with dg.DagsterInstance.ephemeral() as instance:
        yield House(instance, audio_drop_board, resources)


def chord(root: float = 220.0) -> bytes:
    """Four seconds of a major triad as a WAV file."""
    return sound(root, 1.25 * root, 1.5 * root)
