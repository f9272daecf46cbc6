"""The document: self-contained, under a policy of digests, addresses checked."""

import base64
import hashlib
import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.pages.document import (
    clock,
    data_uri,
    favicon,
    json_block,
    relative_link,
    render_document,
    web_link,
)


@pytest.fixture
def empty_gallery():
    context = {"cards": [], "moods": [], "favicon": favicon([]), "count": "none"}
    context["unreadable"] = []
    return render_document(
        "gallery.html", context, styles=("gallery.css",), scripts=("gallery.js",)
    )


@pytest.mark.parametrize("element", ["style", "script"])
def test_only_the_inlined_text_is_allowed_to_run(empty_gallery, element):
    inlined = re.findall(rf"<{element}>(.*?)</{element}>", empty_gallery, re.DOTALL)
    digest = hashlib.sha256("".join(inlined).encode()).digest()
    allowed = f"{element}-src 'sha256-{base64.b64encode(digest).decode()}'"
    assert allowed in html.unescape(empty_gallery)
    assert "default-src 'none'" in html.unescape(empty_gallery)
    assert "unsafe-inline" not in empty_gallery


@given(st.recursive(st.text() | st.integers(), st.lists))
def test_data_between_script_tags_reads_back_and_closes_nothing(value):
    block = str(json_block(value))
    assert json.loads(block) == value
    assert not set("<>&\u2028\u2029") & set(block)


def test_data_that_json_cannot_say_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        json_block({"score": float("nan")})


@pytest.mark.parametrize(
    "url",
    [None, "", "javascript:alert(1)", "//evil.example", "data:text/html,x",
     "ftp://a.example", 'https://a.example/"onx=', "https://a b", "https://a\nb"],
)  # fmt: skip
def test_only_web_addresses_become_links(url):
    assert web_link(url) is None
    assert web_link("https://example.org/a?b=1") == "https://example.org/a?b=1"


@pytest.mark.parametrize(
    "url",
    [None, "", "/etc/passwd", "//evil.example/a.jpg", "\\\\evil.example\\a", "/\\evil",
     "javascript:alert(1)", "JaVa\tscript:alert(1)", " //evil.example", "https://a.b/c"],
)  # fmt: skip
def test_pictures_come_from_beside_the_page_only(url):
    assert relative_link(url) is None
    assert relative_link("../../thumbnails/ab/c.jpg") == "../../thumbnails/ab/c.jpg"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (222, "3:42"), (3727, "1:02:07")],
)
def test_times_read_as_on_a_player(seconds, text):
    assert clock(seconds) == text


def test_inline_pictures_need_no_second_file():
    assert data_uri(b"\xff\xd8") == "data:image/jpeg;base64,/9g="
    assert favicon(['"><script>']).startswith("data:image/svg+xml,")
    assert not set("<>\"'") & set(favicon(['"><script>']))
