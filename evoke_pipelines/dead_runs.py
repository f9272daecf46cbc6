"""Runs whose process was killed, and which nobody ends.

Dagster's own monitoring asks the launcher whether a run's process lives; the default
launcher, which starts runs on this machine, can't say. A killed run then stays begun
for ever, holds its slots in the pools, and whoever waits for its end waits for ever.
Runs that another launcher has started are its own monitoring's business; those of a
demo, which no launcher starts, name their process.
"""

import json
import os
import socket
from pathlib import Path

import dagster as dg

_PROCESS_TAG = "evoke/process"
_SERVER_TAG = ".dagster/grpc_info"  # set by the default launcher
_HERE = {"localhost", "127.0.0.1"}
_STARTED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_START_FIELD = 19  # of /proc/PID/stat after the command's name, see proc(5)


def of_this_process() -> dict[str, str]:
    """Return the tags of a run that is executed in this process."""
    return {_PROCESS_TAG: f"{socket.gethostname()}/{os.getpid()}"}


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed the begun runs of this machine whose process is no more.

    Returns:
        Ids of the runs that were ended. What they did not finish is seen as undone by
        whoever asks the store.
    """
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_STARTED)):
        run = record.dagster_run
        process = _process_of(run, instance)
        if process is None or _is_alive(process, record.start_time or 0.0):
            continue
        now = instance.get_run_by_id(run.run_id)
        if now is None or now.is_finished:  # it ended while we looked
            continue
        instance.report_run_failed(run, f"its process {process} was killed")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def _process_of(run: dg.DagsterRun, instance: dg.DagsterInstance) -> int | None:
    """Return the number of the process that began a run of this machine."""
    host, _, process = run.tags.get(_PROCESS_TAG, "").rpartition("/")
    if process:
        return int(process) if host == socket.gethostname() else None
    server = json.loads(run.tags.get(_SERVER_TAG, "{}"))
    if server.get("host") not in {*_HERE, socket.gethostname()}:
        return None
    started = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_START)
    return next((e.get_dagster_event().pid for e in started), None)


def _is_alive(process: int, run_start_s: float) -> bool:
    """Say whether a process lives that is older than its run's first event.

    A younger one has only got the number of one that is dead, as happens at once where
    a container begins to count anew.
    """
    try:
        os.kill(process, 0)
        return _started_s(process) <= run_start_s + 1.0
    except ProcessLookupError:
        return False
    except (PermissionError, FileNotFoundError):  # another user's, or no procfs
        return True


def _started_s(process: int) -> float:
    """Return when a process started, in seconds since the epoch, to a second or so."""
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    boot = Path("/proc/stat").read_text().partition("btime ")[2].split()[0]
    return int(boot) + int(after_name[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
