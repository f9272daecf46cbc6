"""Secrets stay where they were put; no text becomes a path, an expression or markup.

Distinctive secrets are planted wherever Evoke takes any, things are made to fail, and
all that was written, logged or raised is searched for them. What ships and which calls
are barred is tested in `tests/test_shipped.py`.
"""

import ast
import html
import logging
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evoke_core.corpus.download.guard import place_of
from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.errors import ConfigError, EvokeError, PictureRefused, TrackRefused
from evoke_core.index.connection import open_client, reaching, shown
from evoke_core.index.filters import Filters
from evoke_core.pages.document import json_block
from evoke_core.pages.gallery import render_gallery
from evoke_core.serving import quarantine
from evoke_core.serving.link import judge_address
from evoke_core.storage.address import open_store
from evoke_core.storage.local import LocalStore
from evoke_core.storage.s3 import S3Store
from evoke_core.storage.store import checked_key
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
HOSTILE = [
    "../", "..", "/etc/passwd", "a/../../b", "..\\..\\b", "%2e%2e/%2e%2e", "%00",
    "\0", 'a" or 1==1 or "', "'; drop table x; --", '"]) or image_id != ""', "\\",
    "\n", "\r\nSet-Cookie: x", "</script><script>alert(1)</script>", "<!--", "]]>",
    "<img src=x onerror=alert(1)>", "\u2028", "\u202e", "{{7*7}}", "${x}", "`id`",
    "javascript:alert(1)", "con", "a:b", "~", ".", " ", "\udc80", "x" * 5000,
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from([*HOSTILE, "a", "b c", "/"]), max_size=4).map("".join),
    st.text(max_size=40),
)
any_key = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


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
    kept = [line for line in told.splitlines() if "test_security" not in line]
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


@any_key
@given(key=texts)
def test_a_key_stays_below_its_store_or_is_refused(tmp_path, key):
    store = LocalStore(tmp_path / "store")
    try:
        path = Path(store.locate(key))
    except ConfigError:
        return
    assert path.is_relative_to(store.root)
    assert ".." not in path.parts


@any_key
@given(name=texts)
def test_a_dropped_songs_name_reaches_no_other_folder(tmp_path, name):
    drop = drop_of(f"drops/{name}", "0-1")
    assert re.fullmatch(r"[a-z0-9-]+", drop.drop_id)
    for key in (quarantine.quarantine_key(drop), quarantine.done_key(drop)):
        folder = key.rpartition("/")[0]
        assert folder.endswith(f"/{drop.drop_id}")
        assert "/" not in key.removeprefix(f"{folder}/")
    kept = ledger._name(drop.source_key, drop.etag)
    assert checked_key(f"ledger/settled/{kept}")
    store = LocalStore(tmp_path / "store")
    write_ticket(store, drop, 0)
    found = find_ticket(store, drop.drop_id)
    assert found is not None
    assert found.drop == drop


@given(
    st.builds(
        Filters,
        sources=st.lists(texts, max_size=3).map(tuple),
        licences=st.lists(texts, max_size=3).map(tuple),
        moods=st.lists(texts, max_size=3).map(tuple),
    )
)
def test_a_filter_is_an_expression_of_literals_alone(filters):
    literal = r'"(?:[^"\\\n\r\t]|\\[\\"nrt])*"'
    some = rf"\[(?:{literal}(?:, {literal})*)?\]"
    part = rf"(?:(?:source|licence) in {some}|array_contains_any\(moods, {some}\))"
    expression = filters.expression()
    assert re.fullmatch(rf"(?:{part}(?: and {part})*)?", expression, re.DOTALL)


@pytest.mark.parametrize("uri", ["s3://", "http://h/x", "file://h/x", "ftp://h", "://"])
def test_a_store_is_opened_at_a_known_kind_of_address_only(uri):
    with pytest.raises(EvokeError, match="EVOKE_STORE"):
        open_store(uri)


def test_a_buckets_links_end_within_a_week_and_ours_within_a_day(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store = S3Store("bucket")
    try:
        assert re.search(r"Expires", store.link("a.png", 60))
        for expires_s in (0, -1, 604_801):
            with pytest.raises(ConfigError, match="a week"):
                store.link("a.png", expires_s)
    finally:
        store.client.close()
    asked = {
        ast.literal_eval(found.group(1))
        for path in (ROOT / "evoke_pipelines").rglob("*.py")
        for found in re.finditer(r"^_LINK_S = (\d[\d_]*)", path.read_text(), re.M)
    }
    assert asked
    assert max(asked) <= 86_400


class Read(HTMLParser):
    """Collects the elements of a document and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@given(value=st.recursive(texts, lambda inner: st.lists(inner, max_size=3)))
def test_data_closes_no_script_and_ends_no_line(value):
    written = str(json_block(value))
    assert not re.search("[<>&\u2028\u2029]", written)


def test_every_template_escapes_and_none_asks_not_to():
    for path in ROOT.glob("evoke_core/**/templates/*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup", text), path
        assert not re.search(r"<[^>]+\son\w+=", text), path  # no inline handler
        quoted = re.sub(r'"[^"]*"', '""', text)
        assert not re.search(r"<[^>]*=\s*\{\{", quoted), path  # unquoted attribute


def test_no_script_of_ours_makes_markup_or_code_of_a_text():
    barred = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    )
    for path in ROOT.glob("evoke_core/**/templates/*.js"):
        assert not re.search(barred, path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_title_is_text_on_a_page_with_a_strict_policy(text):
    page = render_gallery([], unreadable=[text])
    policy = html.unescape(re.search(r'Policy" content="([^"]*)"', page)[1])
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'sha256-" in policy
    read = Read()
    read.feed(page)
    assert read.handlers == []
    plain = Read()
    plain.feed(render_gallery([], unreadable=["a"]))
    assert read.tags == plain.tags
