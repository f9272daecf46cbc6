"""An installation beside the tests: an S3 endpoint, Dagster's daemon, a bucket.

Each server is a process group of its own, ended by SIGKILL: what is tested is that
nobody was asked to tidy up. Not here: what is dropped and what is expected of it.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from evoke_pipelines.definitions import STAGES
from evoke_pipelines.partitions import EVERY_SHARD
from tests.aws import environment_of

ROOT = Path(os.environ.get("EVOKE_CHECKOUT", Path(__file__).parents[2]))
BUCKET = "evoke-end-to-end"
ASSET = dg.AssetKey("audio_drop_board")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for(is_so: Callable[[], Any], what: str, *, most_s: float = 420.0) -> Any:
    """Wait until something is so, and return it."""
    until_s = time.monotonic() + most_s
    while time.monotonic() < until_s:
        found = is_so()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not so after {most_s:.0f} s")


@dataclass
class Server:
    """A process group that is started, and killed without notice.

    Args:
        command: What is started.
        log: Where its output goes.
        environment: Added to this process's.
    """

    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def s3_server(home: Path) -> tuple[Server, dict[str, str]]:
    """Start an S3 endpoint; returns it and the environment that leads there."""
    port = free_port()
    address = ["-H", "127.0.0.1", "-p", str(port)]
    server = Server([sys.executable, "-m", "moto.server", *address], home / "s3.log")
    server.start()
    wait_for(lambda: _answers(port), "the S3 endpoint answers", most_s=60)
    return server, environment_of(f"http://127.0.0.1:{port}")


def dagster_server(home: Path, environment: dict[str, str]) -> Server:
    """Describe `dagster dev` as `make dev` starts it, in a home of its own."""
    dagster = home / "dagster"
    dagster.mkdir(parents=True)
    shutil.copy(ROOT / "assets_config" / "deploy" / "dagster.yaml", dagster)
    address = ["-h", "127.0.0.1", "-p", str(free_port())]
    return Server(
        [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", *address],
        home / "dagster.log",
        {
            **environment,
            "DAGSTER_HOME": str(dagster),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        },
    )


def publish(resources: dict[str, Any]) -> None:
    """Publish a release into the store of these resources, and nothing beside it."""
    definitions = dg.Definitions(
        assets=dg.load_assets_from_modules(STAGES),
        resources=resources,
        executor=dg.in_process_executor,
        jobs=[
            dg.define_asset_job(
                "publish", dg.AssetSelection.assets("release").upstream()
            )
        ],
    )
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("publish")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        result = job.execute_in_process(
            instance=instance, run_config=quiet, tags=EVERY_SHARD
        )
    assert result.success


@dataclass
class Bucket:
    """The bucket as its user sees it.

    Args:
        client: boto3's.
        prefix: Of the store in it.
    """

    client: Any
    prefix: str = "home"
    _tracks: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}"

    def put(self, key: str, data: bytes) -> tuple[str, str]:
        """Drop a song; returns its key below drops/ and the digest of its bytes."""
        self.client.put_object(
            Bucket=BUCKET, Key=f"{self.prefix}/drops/{key}", Body=data
        )
        return key, hashlib.sha256(data).hexdigest()

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{self.prefix}/drops/{key}")

    def read(self, key: str) -> bytes:
        answer = self.client.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")
        data: bytes = answer["Body"].read()
        return data

    def versions(self, folder: str) -> dict[str, tuple[str, Any]]:
        """Return (ETag, time of the last write) of what is in a folder, by its key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"{self.prefix}/{folder}/"
        )
        return {
            found["Key"].removeprefix(f"{self.prefix}/"): (
                found["ETag"],
                found["LastModified"],
            )
            for page in pages
            for found in page.get("Contents", ())
        }

    def boards(self) -> "Counter[tuple[str, str]]":
        """Count the stored boards of each (key, digest of the audio)."""
        return Counter(
            self._track(key, etag)
            for key, (etag, _) in self.versions("boards").items()
            if key.count("/") == 2 and key.endswith("/board.json")
        )

    def _track(self, key: str, etag: str) -> tuple[str, str]:
        if (key, etag) not in self._tracks:
            track = json.loads(self.read(key))["track"]
            self._tracks[key, etag] = track["source_key"], track["sha256"]
        return self._tracks[key, etag]

    def refused(self) -> "Counter[str]":
        """Count the quarantine records of each key."""
        return Counter(
            json.loads(self.read(key))["source_key"]
            for key in self.versions("quarantine")
            if key.count("/") == 1 and key.endswith(".json")
        )


def runs_under_way(dagster: Server) -> list[dg.DagsterRun]:
    """Return the runs that have begun and not ended, as Dagster sees it."""
    with dg.DagsterInstance.from_config(dagster.environment["DAGSTER_HOME"]) as of_it:
        begun = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
        return list(of_it.get_runs(dg.RunsFilter(statuses=begun)))


def materializations(dagster: Server) -> "Counter[str]":
    """Count what Dagster has on record of each partition of the boards."""
    with dg.DagsterInstance.from_config(dagster.environment["DAGSTER_HOME"]) as of_it:
        records = of_it.fetch_materializations(ASSET, limit=1000).records
    return Counter(str(record.partition_key) for record in records)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
