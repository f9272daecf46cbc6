"""A database and an index as servers beside the tests, each ended when it is left.

The S3 endpoint and Dagster's processes come from `tests.evoke_pipelines.daemon`.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.evoke_pipelines import daemon

# Ends when its input does, so also when the tests are killed; see test_server.py.
_STANDALONE = """
import os, signal, sys
from milvus import MilvusServer
server = MilvusServer(wait_for_started=True)
server.set_base_dir(sys.argv[1])
server.start()
print(server.listen_port, flush=True)
sys.stdin.read()
os.kill(server.server_proc.pid, signal.SIGKILL)
"""


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """Run a PostgreSQL of our own on loopback; yields the environment that leads there.

    It refuses to run as root, so root hands it to Debian's user `postgres`; and that
    user can't look into pytest's folders, so it has one of its own.
    """
    programs = _postgres_programs()
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
    owner = owner if os.getuid() == 0 else {}
    password, port = secrets.token_hex(12), daemon.free_port()
    with tempfile.TemporaryDirectory(
        prefix="evoke-pg-", ignore_cleanup_errors=True
    ) as at:
        home = Path(at)
        (home / "password").write_text(password)
        if owner:
            for path in (home, home / "password"):
                shutil.chown(path, "postgres", "postgres")
        subprocess.run(
            [programs / "initdb", "-D", home / "data", "-U", "dagster", "--no-sync",
             "-A", "scram-sha-256", f"--pwfile={home / 'password'}"],
            cwd=home, check=True, capture_output=True, **owner,
        )  # fmt: skip
        with subprocess.Popen(
            [programs / "postgres", "-D", home / "data", "-h", "127.0.0.1",
             "-p", str(port), "-k", home, "-c", "fsync=off"],
            cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **owner,
        ) as serving:  # fmt: skip
            ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
            daemon.wait_for(
                lambda: succeeds(ready),
                "PostgreSQL answers",
                most_s=60,
            )
            yield {
                "DAGSTER_PG_HOST": "127.0.0.1",
                "DAGSTER_PG_PORT": str(port),
                "DAGSTER_PG_DB": "postgres",
                "DAGSTER_PG_USER": "dagster",
                "DAGSTER_PG_PASSWORD": password,
            }
            serving.kill()


def succeeds(command: list[Any]) -> bool:
    """Say whether a command ends well."""
    ended = subprocess.run(command, check=False, capture_output=True, cwd=daemon.ROOT)
    return ended.returncode == 0


def _postgres_programs() -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (debian[-1] if debian else None)
    if found is None:
        pytest.skip("no PostgreSQL here; Debian's package is postgresql")
    return Path(found).resolve().parent


@contextmanager
def milvus(home: Path) -> Iterator[str]:
    """Run a Milvus server; yields its address.

    A real standalone one where EVOKE_PEERS has it, else Milvus Lite behind its own
    gRPC server: then the protocol is the same, the engine is not.
    """
    peer = Path(os.environ.get("EVOKE_PEERS", ""), "milvus_env/bin/python")
    if "EVOKE_PEERS" in os.environ and peer.is_file():
        with subprocess.Popen(
            [peer, "-c", _STANDALONE, home / "milvus"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as serving:  # fmt: skip
            yield f"http://127.0.0.1:{int(serving.stdout.readline())}"
            serving.stdin.close()
        return
    port = daemon.free_port()
    server = daemon.Server(
        [sys.executable, "-m", "milvus_lite", "server", "--host", "127.0.0.1",
         "--port", str(port), "--data-dir", str(home / "milvus_lite.db")],
        home / "milvus.log",
    )  # fmt: skip
    server.start()
    address = f"http://127.0.0.1:{port}"
    daemon.wait_for(lambda: _answers(address), "the Lite server answers", most_s=60)
    yield address
    server.kill()


def _answers(address: str) -> bool:
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    try:
        client: Any = MilvusClient(address, timeout=2)
    except MilvusException:
        return False
    client.close()
    return True
