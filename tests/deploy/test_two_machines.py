"""Two machines in small: what they share is PostgreSQL, S3, Milvus and one gRPC port.

One holds webserver and daemon, the other serves the code and runs the runs. Each has an
environment and a home of its own; the first one's says deliberately wrong things of
Evoke, which it has no business to know.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from evoke_pipelines.partitions import EVERY_SHARD
from tests.deploy import machines
from tests.evoke_pipelines import daemon

pytestmark = [pytest.mark.service, pytest.mark.slow]

WORKSPACE = "assets_config/deploy/workspace-team.yaml"
WRONG = {
    "EVOKE_HOME": "/nowhere/home",
    "EVOKE_STORE": "file:///nowhere/store",
    "EVOKE_MILVUS_URI": "http://127.0.0.1:1",
    "EVOKE_PROFILE": "no-such-profile",
}


@dataclass
class Team:
    """What two machines share, and how each is set up."""

    bucket: Any
    shared: dict[str, str]
    address: str
    folder: Path

    def control(self) -> dict[str, str]:
        """Environment of the machine with webserver and daemon."""
        home = self._dagster_home("control")
        return {**self.shared, **WRONG, "DAGSTER_HOME": str(home)}

    def code(self, name: str) -> dict[str, str]:
        """Environment of a machine that serves the code; its homes are its own."""
        return {
            **self.shared,
            "DAGSTER_HOME": str(self._dagster_home(f"{name}/dagster")),
            "EVOKE_HOME": str(self.folder / name / "evoke"),
            "EVOKE_IMAGES": "",
            "EVOKE_MILVUS_URI": self.address,
            "EVOKE_PROFILE": "demo",
            "EVOKE_STORE": self.bucket.uri,
        }

    def _dagster_home(self, name: str) -> Path:
        home = self.folder / name
        home.mkdir(parents=True)
        deployed = daemon.ROOT / "assets_config" / "deploy" / "dagster-team.yaml"
        shutil.copy(deployed, home / "dagster.yaml")
        return home

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> Any:
        log = self.folder / f"{name}.log"
        server = daemon.Server([sys.executable, *command], log, environment)
        server.start()
        return server

    def serve_code(self, name: str) -> Any:
        """Serve the code on the port that the other machine knows."""
        at = ["-h", "127.0.0.1", "-p", self.shared["EVOKE_CODE_PORT"]]
        what = ["-f", "tests/deploy/small_location.py"]
        asked = ["--use-python-environment-entry-point", *at, *what]
        command = ["-m", "dagster", "code-server", "start", *asked]
        server = self.start(name, command, self.code(name))
        health = [sys.executable, "-m", "dagster", "api", "grpc-health-check", *at[2:]]
        daemon.wait_for(
            lambda: machines.succeeds(health),
            "the code location answers",
            most_s=180,
        )
        return server

    def has_release(self) -> bool:
        time.sleep(2)  # asking opens a database, and the runs need the processors
        assert_none_failed(self.runs())
        found = self.bucket.client.list_objects_v2(
            Bucket=daemon.BUCKET, Prefix=f"{self.bucket.prefix}/release.json"
        )
        return found["KeyCount"] > 0

    def runs(self) -> list[dg.DagsterRun]:
        with dg.DagsterInstance.from_config(str(self.folder / "control")) as instance:
            assert not instance.telemetry_enabled
            return list(instance.get_runs())


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    pytest.importorskip("dagster_postgres", reason="the extra postgres is missing")
    pytest.importorskip("moto.server", reason="moto[server] serves S3 here")
    import boto3

    folder = tmp_path_factory.mktemp("team")
    server, s3 = daemon.s3_server(folder)
    with (
        machines.postgres() as database,
        machines.milvus(folder) as address,
        pytest.MonkeyPatch.context() as patch,
    ):
        shared = {
            **s3,
            **database,
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "DAGSTER_HOME": str(folder / "control"),
            "EVOKE_CODE_HOST": "127.0.0.1",
            "EVOKE_CODE_PORT": str(daemon.free_port()),
            "EVOKE_LOG_BUCKET": daemon.BUCKET,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(daemon.ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        for name, value in shared.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket=daemon.BUCKET)
        yield Team(daemon.Bucket(client), shared, address, folder)
        client.close()
    server.kill()


@pytest.fixture(scope="module")
def control(team: Team) -> Iterator[dict[str, str]]:
    """The machine with webserver and daemon, once somebody serves the code."""
    environment = team.control()
    port = daemon.free_port()
    at = ["-w", WORKSPACE, "-h", "127.0.0.1", "-p", str(port)]
    watching = team.start("daemon", ["-m", "dagster._daemon", "run", "-w", WORKSPACE],
                          environment)  # fmt: skip
    showing = team.start("webserver", ["-m", "dagster_webserver", *at], environment)
    yield environment | {"PORT": str(port)}
    showing.kill()
    watching.kill()


def everything_has_ended(team: Team) -> bool:
    time.sleep(2)
    runs = team.runs()
    assert_none_failed(runs)
    return all(run.is_finished for run in runs)


def assert_none_failed(runs: list[dg.DagsterRun]) -> None:
    failed = [run.job_name for run in runs if run.status == dg.DagsterRunStatus.FAILURE]
    assert not failed, failed


def test_a_corpus_from_the_first_picture_to_a_board_shares_no_file(
    team: Team, request: pytest.FixtureRequest
) -> None:
    first = team.serve_code("code")
    try:
        control = request.getfixturevalue("control")
        launch = ["job", "launch", "-w", WORKSPACE, "-l", "evoke", "-j"]
        tags = ["--tags", json.dumps(EVERY_SHARD)]
        subprocess.run(
            [sys.executable, "-m", "dagster", *launch, "refresh_corpus", *tags],
            cwd=daemon.ROOT, env={**os.environ, **control}, check=True,
            capture_output=True,
        )  # fmt: skip
        # The sensors of the first machine do the rest: fit, then publish.
        daemon.wait_for(team.has_release, "a release", most_s=1200)
        songs = sorted(team.bucket.versions("tracks"))
        put = [team.bucket.put("a song.flac", team.bucket.read(songs[0]))]
        daemon.wait_for(lambda: team.bucket.boards() == Counter(put), "a board")
        daemon.wait_for(lambda: everything_has_ended(team), "the last run's end")

        runs = team.runs()
        assert {run.job_name for run in runs} >= {
            "refresh_corpus", "fit_bridge", "publish_release", "compose_boards",
        }  # fmt: skip
        for run in runs:
            served_by = json.loads(run.tags[".dagster/grpc_info"])
            assert str(served_by["port"]) == control["EVOKE_CODE_PORT"]
        page = f"http://127.0.0.1:{control['PORT']}/server_info"
        with urllib.request.urlopen(page, timeout=30) as answer:
            assert json.load(answer)["dagster_version"] == dg.__version__
        assert no_database_in(team.folder / "control", team.folder / "code")
        logs = team.bucket.client.list_objects_v2(
            Bucket=daemon.BUCKET, Prefix="dagster/storage/"
        )
        assert logs["KeyCount"] > 0
    finally:
        first.kill()

    # Another machine takes the first one's place; nothing of it is left.
    shutil.rmtree(team.folder / "code")
    second = team.serve_code("another")
    try:
        put.append(team.bucket.put("again.flac", team.bucket.read(songs[1])))
        daemon.wait_for(lambda: team.bucket.boards() == Counter(put), "a second board")
        daemon.wait_for(lambda: everything_has_ended(team), "the last run's end")
    finally:
        second.kill()
    assert not Path(WRONG["EVOKE_HOME"]).exists()


def no_database_in(*folders: Path) -> bool:
    """Say that neither Dagster nor Evoke keeps anything that matters in the folders."""
    stored = (".db", ".parquet", ".json", ".html", ".safetensors", ".sqlite")
    kept = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in stored and path.is_file()
    ]
    assert not kept, kept
    return True
