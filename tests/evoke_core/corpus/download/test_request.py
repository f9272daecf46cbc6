"""Every way in which a host can misbehave has its reason; opt-outs are honoured."""

import gzip
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.download.outcome import Outcome
from evoke_core.corpus.download.request import opts_out
from evoke_core.storage.local import LocalStore

JpegMaker = Callable[..., bytes]
Fetch = Callable[..., dict[str, Outcome]]
Web = Any


def test_bodies_that_are_not_a_picture_or_not_whole_are_refused(
    web: Web, fetch: Fetch, jpeg: JpegMaker
):
    picture = jpeg()
    page = b"<!DOCTYPE html><html><body>" + b"Please log in. " * 50
    head = b"HTTP/1.1 200 x\r\nContent-Type: image/jpeg\r\n"

    def endless(connection: socket.socket) -> None:
        connection.sendall(head + b"\r\n\xff\xd8\xff")
        while True:
            connection.sendall(b"x" * 10_000)

    outcomes = fetch(
        page=web.serve("/page", web.answer(page, Content_Type="image/jpeg")),
        tiny=web.serve("/tiny", web.answer(b"no")),
        none=web.serve("/none", web.answer()),
        huge=web.serve("/huge", head + b"Content-Length: 99999999999\r\n\r\n\xff"),
        endless=web.serve("/endless", endless),
        short=web.serve(
            "/short",
            lambda c: c.sendall(head + b"Content-Length: 9999\r\n\r\n" + picture),
        ),
        chunked=web.serve(
            "/chunked",
            lambda c: c.sendall(
                head + b"Transfer-Encoding: chunked\r\n\r\n3\r\n\xff\xd8\xff\r\n"
            ),
        ),
    )

    assert {name: outcome.reason for name, outcome in outcomes.items()} == {
        "page": "not_an_image",
        "tiny": "not_an_image",
        "none": "empty_file",
        "huge": "too_large",
        "endless": "too_large",
        "short": "incomplete",
        "chunked": "incomplete",
    }
    assert "got a web page" in str(outcomes["page"].detail)


def test_bytes_beyond_the_declared_length_never_reach_another_picture(
    web: Web, fetch: Fetch, store: LocalStore, jpeg: JpegMaker
):
    first, second = jpeg(1), jpeg(2)
    forged = web.answer(b"\xff\xd8\xff forged")
    addresses = {
        "aa1": web.serve("/1", web.answer(first) + forged),
        "aa2": web.serve("/2", web.answer(second)),
    }

    outcomes = fetch(**addresses, under={"per_host": 1})

    assert [outcome.status for outcome in outcomes.values()] == ["stored", "stored"]
    assert store.read("pictures/test/aa/aa1") == first
    assert store.read("pictures/test/aa/aa2") == second


def test_packed_bytes_are_unpacked_and_a_bomb_is_not(
    web: Web, fetch: Fetch, store: LocalStore, jpeg: JpegMaker
):
    bomb = gzip.compress(b"\xff\xd8\xff" + bytes(20_000_000))
    whole = gzip.compress(jpeg())

    def packed(path: str, body: bytes, encoding: str = "gzip") -> str:
        return web.serve(path, web.answer(body, Content_Encoding=encoding))

    outcomes = fetch(
        bomb=packed("/bomb", bomb),
        good=packed("/good", whole),
        half=packed("/half", whole[:-20]),
        junk=packed("/junk", b"\xff\xd8\xff, not packed at all"),
        twice=packed("/twice", gzip.compress(whole), "gzip, gzip"),
    )

    assert len(bomb) < 100_000  # it passes for small
    assert {name: outcome.reason for name, outcome in outcomes.items()} == {
        "bomb": "too_large",
        "good": None,
        "half": "incomplete",
        "junk": "protocol_error",
        "twice": "unexpected_answer",
    }
    assert store.read("pictures/test/go/good") == jpeg()


def test_a_drip_a_silence_and_a_hang_up_end_in_time(web: Web, fetch: Fetch, drip: Any):
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        connection.close()

    began_s = time.monotonic()
    outcomes = fetch(
        drip=web.serve("/drip", drip),
        silence=web.serve("/silence", lambda _: time.sleep(1.0)),
        reset=web.serve("/reset", reset),
        closed=web.serve("/closed", lambda _: None),
        babble=web.serve("/babble", lambda c: c.sendall(b"hello\r\n\r\n")),
        nobody="http://127.0.0.1:1/a.jpg",
        under={"attempts": 1, "read_s": 0.4, "total_s": 0.8},
    )

    assert {name: outcome.reason for name, outcome in outcomes.items()} == {
        "drip": "timeout",
        "silence": "timeout",
        "reset": "connection_reset",
        "closed": "connection_reset",
        "babble": "protocol_error",
        "nobody": "unreachable_host",
    }
    assert "download.total_s" in str(outcomes["drip"].detail)
    assert time.monotonic() - began_s < 5.0


def test_redirects_are_followed_so_far_and_no_further(
    web: Web, other_web: Web, fetch: Fetch, jpeg: JpegMaker
):
    def to(location: str) -> bytes:
        return web.answer(status=302, Location=location)

    good = other_web.serve("/good.jpg", web.answer(jpeg()))
    web.serve("/relative", to("/there"))
    web.serve("/there", to(good))
    outcomes = fetch(
        good=web.url("/relative"),
        loop=web.serve("/loop", to("/loop")),
        file=web.serve("/file", to("file:///etc/passwd")),
        user=web.serve("/user", to("http://me:secret@127.0.0.1/")),
        label=web.serve("/label", to("http://xn--a.example/")),
        lost=web.serve("/lost", to("/img/photo_unavailable.png")),
        nowhere=web.serve("/nowhere", web.answer(status=302)),
    )

    assert {name: outcome.reason for name, outcome in outcomes.items()} == {
        "good": None,
        "loop": "too_many_redirects",
        "file": "bad_address",
        "user": "bad_address",
        "label": "bad_address",
        "lost": "placeholder",
        "nowhere": "unexpected_answer",
    }
    assert web.asked.count("/loop") == 4  # the address itself and three redirects
    assert "secret" not in str(outcomes["user"].detail)


def test_a_redirect_into_our_own_network_is_not_followed(
    web: Web, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
):
    from evoke_core.corpus.download import guard

    is_public = guard.is_public
    # This server plays the stranger on the public internet.
    monkeypatch.setattr(guard, "is_public", lambda n: n == "127.0.0.1" or is_public(n))
    inside = ("http://169.254.169.254/meta", "http://127.0.0.2/", "http://[::1]/")
    rows = {
        f"row{number}": web.serve(f"/{number}", web.answer(status=301, Location=where))
        for number, where in enumerate(inside)
    }

    outcomes = fetch(**rows, under={"allow_private": False})

    assert {o.reason for o in outcomes.values()} == {"private_address"}


def test_our_own_network_is_not_asked_unless_the_rules_say_so(web: Web, fetch: Fetch):
    rows = {
        "number": web.url("/a.jpg"),
        "name": web.url("/a.jpg", host="localhost"),
        "decimal": web.url("/a.jpg", host="2130706433"),
    }

    outcomes = fetch(**rows, under={"allow_private": False})

    assert {o.reason for o in outcomes.values()} == {"private_address"}
    assert web.asked == []


@pytest.mark.parametrize(
    ("tags", "directive"),
    [
        ([], None),
        (["all"], None),
        (["noai"], "noai"),
        (["max-snippet:20, NOINDEX"], "noindex"),
        (["otherbot: max-snippet:20, noindex"], None),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST"], None),
        (["noarchive", "noindex"], "noindex"),
        (["googlebot: noindex"], None),
        (["googlebot: nofollow, noindex"], None),
        (["*: noai"], "noai"),
        (["Evoke: noarchive, noai"], "noai"),
        (["otherbot: noai, evoke: noai"], "noai"),
        (["noimage"], None),
    ],
)
def test_an_opt_out_counts_when_it_is_meant_for_us(
    tags: list[str], directive: str | None, rules: DownloadRules
):
    assert opts_out(tags, rules) == directive
