"""No text becomes a path, an expression or markup.

Where secrets may go is tested in `test_secrets`; what ships and which calls are barred
in `tests/test_shipped.py`.
"""

import ast
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.errors import ConfigError, EvokeError
from evoke_core.index.filters import Filters
from evoke_core.pages.document import json_block
from evoke_core.pages.gallery import render_gallery
from evoke_core.serving import quarantine
from evoke_core.storage.address import open_store
from evoke_core.storage.local import LocalStore
from evoke_core.storage.s3 import S3Store
from evoke_core.storage.store import checked_key

ROOT = Path(__file__).parents[2]
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
