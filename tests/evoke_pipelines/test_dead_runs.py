"""A run whose process was killed ends, and what it held is free."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from evoke_pipelines.dead_runs import end_dead_runs, of_this_process
from evoke_pipelines.definitions import defs

HERE = {"host": "localhost", "socket": "/run/a.sock"}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=quiet) as on_disk:
        yield on_disk


@pytest.fixture
def killed() -> int:
    """The number of a process that was killed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
    process.kill()
    process.communicate()
    return process.pid


def begin(
    instance: dg.DagsterInstance,
    process: int,
    *,
    server: dict[str, str] | None = None,
    demo: str = "",
    at_s: float | None = None,
) -> str:
    """Put a run on record that a process began: a server's, or a demo's on a host."""
    job = defs.resolve_job_def("compose_boards")
    tags = {".dagster/grpc_info": json.dumps(server)} if server else {}
    tags |= {"evoke/process": f"{demo}/{process}"} if demo else {}
    run = instance.create_run_for_job(job, tags=tags)
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.RUN_START.value,
        job_name=run.job_name,
        pid=process,
    )
    instance.report_dagster_event(event, run_id=run.run_id, timestamp=at_s)
    return run.run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    return instance.get_run_by_id(run_id).status


def test_a_run_whose_process_is_gone_is_ended_and_frees_its_slots(
    instance: dg.DagsterInstance, killed: int
) -> None:
    storage = instance.event_log_storage
    storage.set_concurrency_slots("milvus", 1)
    run_id = begin(instance, killed, server=HERE)
    storage.claim_concurrency_slot("milvus", run_id, "audio_drop_board")

    assert end_dead_runs(instance) == [run_id]
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert storage.claim_concurrency_slot("milvus", "next", "a").is_claimed
    assert end_dead_runs(instance) == []


def test_a_run_whose_process_lives_goes_on(instance: dg.DagsterInstance) -> None:
    run_id = begin(instance, os.getpid(), server=HERE)

    assert end_dead_runs(instance) == []
    assert status(instance, run_id) is dg.DagsterRunStatus.STARTED


def test_another_process_under_the_same_number_is_not_the_run_s(
    instance: dg.DagsterInstance,
) -> None:
    run_id = begin(instance, os.getpid(), server=HERE, at_s=time.time() - 86_400)

    assert end_dead_runs(instance) == [run_id]


def test_runs_of_other_machines_are_left_alone(
    instance: dg.DagsterInstance, killed: int
) -> None:
    run_id = begin(instance, killed, server={"host": "10.0.0.7", "port": "4000"})

    assert end_dead_runs(instance) == []
    assert status(instance, run_id) is dg.DagsterRunStatus.STARTED


def test_a_demo_that_was_killed_is_ended_where_it_ran(
    instance: dg.DagsterInstance, killed: int
) -> None:
    there = begin(instance, killed, demo="another-host")
    here = begin(instance, killed, demo=socket.gethostname())
    alive = begin(instance, os.getpid(), demo=socket.gethostname())

    assert end_dead_runs(instance) == [here]
    for run_id in (there, alive):
        assert status(instance, run_id) is dg.DagsterRunStatus.STARTED
    [named] = of_this_process().values()
    assert named == f"{socket.gethostname()}/{os.getpid()}"
