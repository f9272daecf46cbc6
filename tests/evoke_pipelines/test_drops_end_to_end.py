"""Songs put into a bucket become boards, whatever is killed on the way: once each.

The real daemon over a real HTTP endpoint; what is counted is what lies in the bucket
and what Dagster has on record.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from evoke_core.storage.s3 import S3Store
from tests.evoke_pipelines import daemon
from tests.evoke_pipelines.micro import micro

pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any, Path]]:
    """A bucket in which a release has been published, and the way there."""
    pytest.importorskip("moto.server", reason="moto[server] serves S3 here")
    home = tmp_path_factory.mktemp("end_to_end")
    server, environment = daemon.s3_server(home)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket=daemon.BUCKET)
        filled = daemon.Bucket(client)
        resources = micro(home) | {"store": S3Store(daemon.BUCKET, filled.prefix)}
        daemon.publish(resources)
        environment |= {
            "EVOKE_HOME": str(home),
            "EVOKE_STORE": filled.uri,
            "EVOKE_MILVUS_URI": str(home / "milvus.db"),
            "EVOKE_PROFILE": "demo",
            "EVOKE_IMAGES": "",
        }
        yield filled, environment, home
        client.close()
    server.kill()


@pytest.fixture(scope="module")
def dagster(bucket: tuple[Any, Any, Path]) -> Iterator[Any]:
    _, environment, home = bucket
    server = daemon.dagster_server(home, environment)
    yield server
    server.kill()


@pytest.fixture(scope="module")
def songs(bucket: tuple[Any, Any, Path]) -> list[bytes]:
    """A dozen pieces; each is another song."""
    filled = bucket[0]
    return [filled.read(key) for key in sorted(filled.versions("tracks"))]


def test_a_killed_daemon_and_run_lose_nothing_and_do_nothing_twice(
    bucket: tuple[Any, Any, Path], dagster: Any, songs: list[bytes]
) -> None:
    filled = bucket[0]
    # 1. Undisturbed: one good song, one that is none.
    expected = [filled.put("first song.flac", songs[0])]
    filled.put("not a song.mp3", b"words instead of sound")
    dagster.start()
    daemon.wait_for(lambda: filled.boards() == Counter(expected), "a first board")
    daemon.wait_for(lambda: filled.refused() == {"not a song.mp3": 1}, "a refusal")

    # 2. Killed while a burst is served.
    burst = [filled.put(f"burst/{n} + ü.flac", song) for n, song in enumerate(songs)]
    daemon.wait_for(lambda: len(filled.boards()) > 2, "a run in the middle of a burst")
    dagster.kill()
    before = filled.versions("boards")
    standing = filled.boards()
    expected += burst
    assert 2 < len(standing) < len(expected), "killed too late to be in the middle"

    # 3. While nobody looks: a song overwritten, one deleted before it was seen.
    expected.append(filled.put("first song.flac", songs[1]))
    filled.put("gone.flac", songs[2])
    filled.delete("gone.flac")
    dagster.start()
    daemon.wait_for(
        lambda: filled.boards() == Counter(expected), "boards of the whole burst"
    )

    # A song over which two runs break rests for ten minutes: none is hit twice here.
    daemon.wait_for(lambda: not daemon.runs_under_way(dagster), "the burst's last run")

    # 4. Killed as soon as a run begins, before it can have done anything.
    expected += [filled.put(f"late/{n}.flac", song) for n, song in enumerate(songs[:3])]
    daemon.wait_for(lambda: daemon.runs_under_way(dagster), "a run that begins")
    dagster.kill()
    dagster.start()
    daemon.wait_for(lambda: filled.boards() == Counter(expected), "boards after that")
    # A run that was killed between a board and its event is asked for once more.
    daemon.wait_for(
        lambda: len(daemon.materializations(dagster)) == len(expected), "all on record"
    )
    daemon.wait_for(lambda: not daemon.runs_under_way(dagster), "the last run's end")

    # Nothing lost, nothing double; what stood at the kill was left as it was.
    assert filled.boards() == Counter(expected)
    assert filled.refused() == {"not a song.mp3": 1}
    after = filled.versions("boards")
    made = {key: version for key, version in before.items() if "/index" not in key}
    whole = {key.rpartition("/")[0] for key in made if key.endswith("/board.json")}
    for key, version in made.items():
        if key.rpartition("/")[0] in whole:
            assert after[key] == version, f"{key} was made again"
    on_record = daemon.materializations(dagster)
    # Between a board and its event lies a kill: at most what a killed run had done
    # is told to Dagster once more.
    assert max(on_record.values()) <= 2
    assert sum(on_record.values()) <= len(expected) + len(burst)
