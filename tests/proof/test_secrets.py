"""Secrets stay where they were put.

Distinctive ones are planted wherever Evoke takes any, things are made to fail, and all
that was written, logged or raised is searched for them.
"""

import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from evoke_core.corpus.download.guard import place_of
from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_core.errors import PictureRefused, TrackRefused
from evoke_core.index.connection import open_client, reaching, shown
from evoke_core.serving.link import judge_address
from evoke_core.storage.address import open_store
from evoke_core.storage.s3 import S3Store
from evoke_pipelines.failures import _clean
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, EVERY_SHARD
from evoke_pipelines.resources import IndexAccess
from tests.proof.world import BOARD, QUIET, World, _assets, order

ROOT = Path(__file__).parents[2]
KEY_ID = "AKIAPLANTED0KEY0ID00"
PLANTED = {
    "AWS_SECRET_ACCESS_KEY": "planted/aws+secret/000000000000000000000",
    "AWS_SESSION_TOKEN": "planted-aws-session-000000",
    "EVOKE_WEBHOOK": "https://hooks.invalid/planted-webhook-000000",
}
LINK_WORD = "planted-link-000000"
MILVUS = "http://root:planted-milvus-000000@127.0.0.1:9"


@pytest.fixture
def planted(monkeypatch):
    """Put secrets into the environment, as an operator does."""
    for name, value in (PLANTED | {"AWS_ACCESS_KEY_ID": KEY_ID}).items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # where nobody answers
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "EVOKE_MILVUS_URI": MILVUS,
    }.items():
        monkeypatch.setenv(name, value)
    # Nobody will answer, however long a client waits between its tries.
    monkeypatch.setattr("botocore.endpoint.time", mock.Mock(sleep=lambda _: None))
    monkeypatch.setattr("evoke_core.index.connection._HELLO_S", 0.3)


def secrets_in(text: str) -> list[str]:
    """Name what was planted and is found in a text, also as a query holds it."""
    words = [*PLANTED.values(), LINK_WORD, "planted-milvus", KEY_ID, "planted"]
    return [word for word in words if word.lower() in text.lower()]


def everything_of(wrong: BaseException) -> str:
    """Write an exception as Dagster keeps it: with all causes and contexts."""
    return "".join(traceback.format_exception(wrong)).replace(str(ROOT), "")


def failure_of(work) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever is raised)
        work()
    # Lines of this very file quote what they planted.
    told = everything_of(caught.value)
    kept = [line for line in told.splitlines() if Path(__file__).stem not in line]
    return "\n".join(line for line in kept if not line.startswith("    "))


def test_a_bucket_that_is_away_is_told_without_its_keys(planted, caplog):
    caplog.set_level(logging.INFO)
    told = failure_of(lambda: open_store("s3://bucket/prefix").read("a.json"))
    assert "127.0.0.1:9" in told
    assert secrets_in(told + caplog.text) == []


def test_an_index_that_is_away_is_told_without_its_password(planted, caplog):
    caplog.set_level(logging.INFO)

    def connect():
        with open_client(MILVUS):
            pass

    told = failure_of(connect)
    assert "no Milvus server answers at http://127.0.0.1:9" in told
    assert secrets_in(told + caplog.text) == []


def test_an_index_that_breaks_is_told_without_its_password():
    from pymilvus.exceptions import MilvusException

    def search():
        with reaching(mock.Mock(), MILVUS):
            raise MilvusException(message="broken")

    assert secrets_in(failure_of(search)) == []


@pytest.mark.parametrize(
    ("uri", "seen"),
    [
        ("http://h:19530", "http://h:19530"),
        ("https://user:p@ss@h:19530/x", "https://h:19530/x"),
        ("folder@home/milvus.db", "folder@home/milvus.db"),
    ],
)
def test_an_address_is_shown_without_who_it_is_for(uri, seen):
    assert shown(uri) == seen


@pytest.mark.parametrize(
    "address",
    [
        f"https://host.invalid/a.jpg?X-Amz-Signature={LINK_WORD}",
        f"https://user:{LINK_WORD}@host.invalid/a.jpg",
        f"https://user:{LINK_WORD}@host.invalid:x/a.jpg",
        f"https://user:pass/{LINK_WORD}@host.invalid/a.jpg",
        f"https://user:{LINK_WORD}?x@host.invalid/a.jpg",
        f"ftp://user:{LINK_WORD}@host.invalid/a.jpg",
        f"user:{LINK_WORD}@host.invalid",
    ],
)
def test_an_addresss_credentials_and_query_are_told_to_nobody(address):
    for judge in (place_of, judge_address):
        try:
            told = judge(address).shown
        except (PictureRefused, TrackRefused) as refused:
            told = f"{refused.reason}: {refused}"
        assert LINK_WORD not in told


def test_a_webhook_is_told_no_secret_of_the_environment(planted):
    for name, value in PLANTED.items():
        assert secrets_in(_clean(f"{name} was {value}, said the library")) == []
    signed = f"https://b.invalid/a?X-Amz-Credential={KEY_ID}/x&X-Amz-Signature=planted"
    assert secrets_in(_clean(f"could not get {signed} (403)")) == []


@pytest.fixture
def instance(tmp_path) -> Iterator[dg.DagsterInstance]:
    """A Dagster that keeps its runs in files below `dagster`."""
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


def run(world: World, instance: dg.DagsterInstance, *assets: str, **options) -> bool:
    result = dg.materialize(
        _assets(),
        selection=dg.AssetSelection.assets(*assets),
        instance=instance,
        run_config=QUIET,
        raise_on_error=False,
        **{"resources": world.resources(), "tags": EVERY_SHARD} | options,
    )
    return bool(result.success)


def everywhere(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


def leaks(*folders: Path) -> set[tuple[str, str]]:
    """Search files, database pages included, for what was planted."""
    words = [*PLANTED.values(), LINK_WORD, "planted-milvus"]
    return {
        (path.name, word)
        for path, content in everywhere(*folders)
        for word in words
        # A dropped link is a user's own file: it is kept and moved as it is.
        if word.encode() in content and path.suffix != ".url"
    }


@pytest.fixture
def impatient(monkeypatch):
    """Runs that try again at once."""
    monkeypatch.setattr("evoke_pipelines.policies._WAIT_S", 0)


@pytest.mark.usefixtures("impatient")
def test_a_run_that_cannot_reach_its_store_keeps_no_secret(
    planted, instance, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    world = World(tmp_path / "home")
    resources = world.resources() | {"store": S3Store("bucket")}
    assert not run(world, instance, "source_manifests", resources=resources)
    assert any(b"127.0.0.1:9" in content for _, content in everywhere(tmp_path))
    assert leaks(tmp_path) == set()
    assert secrets_in(caplog.text) == []


LINKS = {
    "query.url": f"https://127.0.0.1/song.mp3?X-Amz-Signature={LINK_WORD}",
    "user.url": f"https://user:{LINK_WORD}@host.invalid/song.mp3",
    "scheme.url": f"ftp://user:{LINK_WORD}@host.invalid/song.mp3",
}


@dataclass(frozen=True)
class Behind:
    """An index that answers, at an address with a password in it."""

    uri: str
    index: IndexAccess

    def open(self):
        return self.index.open()


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_nothing_from_source_to_board_keeps_a_secret(
    planted, instance, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    world = World(tmp_path / "home")
    away = world.resources() | {"index": IndexAccess(MILVUS)}
    assets = order()[: order().index(BOARD)]
    assert not run(world, instance, *assets, resources=away)
    last = assets[assets.index("image_index") :]
    behind = Behind(MILVUS, world.resources()["index"])
    assert run(world, instance, *last, resources=world.resources() | {"index": behind})
    drops = {world.drop(): True}
    for name, address in LINKS.items():
        key = f"drops/{name}"
        world.store.write(key, address.encode())
        drop = drop_of(key, str(world.store.etag(key)))
        write_ticket(world.store, drop, 0)
        drops[drop.drop_id] = False
    for drop_id, becomes_a_board in drops.items():
        instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [drop_id])
        served = run(world, instance, BOARD, partition_key=drop_id, tags={})
        assert served == becomes_a_board, drop_id
    asides = [found.key for found in world.store.listing("quarantine/")]
    assert len([key for key in asides if key.endswith(".json")]) == len(LINKS)
    assert leaks(tmp_path) == set()
    assert secrets_in(caplog.text) == []
