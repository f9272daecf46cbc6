"""Five hundred drops through one process: neither memory nor a tick's time grows."""

import ctypes
import gc
import io
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import soundfile

from evoke_core.storage.local import LocalStore
from evoke_pipelines.assets import boards
from evoke_pipelines.jobs import compose_boards
from evoke_pipelines.partitions import AUDIO_DROPS_NAME
from evoke_pipelines.sensors import audio_drop_sensor
from tests.evoke_pipelines import daemon
from tests.evoke_pipelines.micro import micro

pytestmark = pytest.mark.slow

DROPS, AT_ONCE, SETTLED = 500, 10, 10  # rounds after which caches are full
RATE = 8_000  # Hz
# A leak of one decoded song (280 KB) or board (1.5 MB) a drop would be far beyond.
MOST_GROWTH_KB = 50.0  # a drop
# Of a tick, from the first fifth to the last: records are ten times as many by then.
MOST_SLOWER = 3.0
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster on disk: an instance in memory would grow by its own records."""
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=quiet) as on_disk:
        yield on_disk


@dataclass
class Soak:
    """The sensor and its runs, tick after tick, as the daemon would have it."""

    resources: dict[str, Any]
    instance: dg.DagsterInstance
    cursor: str | None = None
    tick_s: list[float] = field(default_factory=list)
    memory_kb: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.definitions = dg.Definitions(
            assets=dg.load_assets_from_modules([boards]),
            jobs=[compose_boards],
            resources=self.resources,
        )
        self.job = self.definitions.resolve_job_def(compose_boards.name)

    def round(self) -> None:
        """Tick once, do what was asked for, and measure."""
        before = time.process_time()
        result = self._tick()
        self.tick_s.append(time.process_time() - before)
        if isinstance(result, dg.SensorResult):
            self.cursor = result.cursor
            for request in result.dynamic_partitions_requests or ():
                if isinstance(request, dg.AddDynamicPartitionsRequest):
                    self.instance.add_dynamic_partitions(
                        AUDIO_DROPS_NAME, request.partition_keys
                    )
            for run in result.run_requests or ():
                self._run(run)
        gc.collect()
        # A board's pictures, long freed, may stay with the allocator: 40 MB, once.
        ctypes.CDLL(None).malloc_trim(0)
        self.memory_kb.append(_resident_kb())

    def _tick(self) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            resources=self.resources,
            definitions=self.definitions,
        )
        return audio_drop_sensor(context)

    def _run(self, request: dg.RunRequest) -> None:
        self.job.execute_in_process(
            instance=self.instance,
            run_config={**QUIET, **(request.run_config or {})},
            tags={**request.tags, "dagster/sensor_name": "audio_drop_sensor"},
            partition_key=request.partition_key,
            raise_on_error=False,  # a refused song fails the run that it is in
        )


def _resident_kb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _song(seed: int) -> bytes:
    """Make a chord of three random tones, four seconds long."""
    tones = np.random.default_rng(seed).uniform(80.0, 2_000.0, 3)
    time_s = np.arange(4 * RATE) / RATE
    buffer = io.BytesIO()
    sound = sum(0.2 * np.sin(2 * np.pi * tone * time_s) for tone in tones)
    soundfile.write(buffer, sound.astype(np.float32), RATE, format="WAV")
    return buffer.getvalue()


def _drop(store: LocalStore, number: int) -> None:
    key = f"drops/{number % 7}/song {number:03}.wav"
    store.write(key, _song(number) if number % 25 else b"no song")
    long_ago = time.time() - 60.0  # whole, as one that nobody writes any more
    os.utime(store.locate(key), (long_ago, long_ago))


def test_neither_memory_nor_tick_time_grows_over_five_hundred_drops(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    resources = micro(tmp_path)
    daemon.publish(resources)
    store, soak = resources["store"], Soak(resources, instance)
    for first in range(0, DROPS, AT_ONCE):
        for number in range(first, first + AT_ONCE):
            _drop(store, number)
        soak.round()

    made = [b for b in store.listing("boards/") if b.key.endswith("/board.json")]
    refused = [q for q in store.listing("quarantine/") if q.key.endswith(".json")]
    assert (len(made), len(refused)) == (DROPS - DROPS // 25, DROPS // 25)
    settled = np.array(soak.memory_kb[SETTLED:])
    growth_kb = np.polyfit(np.arange(len(settled)), settled, 1)[0] / AT_ONCE
    assert growth_kb < MOST_GROWTH_KB, f"{growth_kb:.1f} KB a drop"
    early, late = np.median(soak.tick_s[:SETTLED]), np.median(soak.tick_s[-SETTLED:])
    assert late < MOST_SLOWER * early + 0.05, f"{early:.3f} s, then {late:.3f} s"
