"""What hosts answer to a link is a song, or has a reason."""

import gzip
import socket
import ssl
import time
from collections.abc import Callable

import pytest

from evoke_core.serving.linked import Linked, fetch_linked
from tests.evoke_core.serving.web import (
    PUBLIC,
    RULES,
    SONG,
    Answer,
    Names,
    Web,
    answer,
    refusal,
)


def test_a_linked_song_comes_as_it_was_sent(web: Web) -> None:
    raw = web.serve("/My%20Song_1.flac?key=hidden", answer())

    linked = fetch_linked(raw, "a link.url", RULES)

    url = f"https://songs.example:{web.port}/My%20Song_1.flac"
    assert linked == Linked(SONG, url, "My Song 1")
    assert "Accept-Encoding: identity" in web.heads[0]


@pytest.mark.parametrize("path", ["/", "/1234.mp3", "/%00%e2%80%ae.mp3"])
def test_a_file_without_a_name_is_called_like_its_drop(web: Web, path: str) -> None:
    raw = web.serve(path, answer())

    assert fetch_linked(raw, "set/night_drive.url", RULES).title == "night drive"


def endless(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"HTTP/1.1 200 x\r\n\r\nfLaC")
    while True:
        connection.sendall(bytes(10_000))


def cut_short(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 9999\r\n\r\nfLaC")


def endless_head(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"HTTP/1.1 200 x\r\n")
    while True:
        connection.sendall(b"X-More: " + b"a" * 5_000 + b"\r\n")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(bytes(50_001)), "too_large"),
        (b"HTTP/1.1 200 x\r\nContent-Length: 99999999999999\r\n\r\n", "too_large"),
        (endless, "too_large"),
        (endless_head, "protocol_error"),
        (cut_short, "incomplete"),
        (b"HTTP/1.1 200 x\r\n\r\n", "empty_file"),
        (answer(b"", 204), "unexpected_answer"),
        (b"not http at all\r\n\r\n", "protocol_error"),
        (lambda connection: connection.close(), "connection_reset"),
        (answer(b"\xef\xbb\xbf\n <!DOCTYPE html><title>Buy</title>"), "not_audio"),
        (answer(gzip.compress(bytes(10**6)), Content_Encoding="gzip"),
         "unexpected_answer"),
        (answer(SONG, Content_Encoding="identity, br"), "unexpected_answer"),
        (answer(status=206), "unexpected_answer"),
        (answer(status=401), "forbidden"),
        (answer(status=404), "not_found"),
        (answer(status=429), "rate_limited"),
        (answer(status=451), "forbidden"),
        (answer(status=503), "server_error"),
        (answer(b"", 302, Location=""), "too_many_redirects"),
    ],
)  # fmt: skip
def test_every_answer_that_is_no_song_has_its_reason(
    given: Answer, reason: str, web: Web
) -> None:
    wrong = refusal(web.serve("/a.mp3", given))

    assert wrong.reason == reason
    assert "the row" not in str(wrong)  # these are remedies of lists of pictures
    assert "refresh" not in str(wrong)


def test_a_packed_song_is_refused_and_a_bomb_never_unpacked(web: Web) -> None:
    bomb = gzip.compress(bytes(40_000_000))
    assert len(bomb) < RULES.max_bytes
    raw = web.serve("/a.mp3", answer(bomb, Content_Encoding="gzip"))
    assert refusal(raw).reason == "unexpected_answer"
    # Not declared as packed it is what was sent, and decoding refuses an archive.
    raw = web.serve("/b.mp3", answer(bomb))
    assert fetch_linked(raw, "a link.url", RULES).audio == bomb


def _dripping(start: bytes, drop: bytes) -> Callable[[ssl.SSLSocket], None]:
    def drip(connection: ssl.SSLSocket) -> None:
        connection.sendall(start)
        for _ in range(400):
            time.sleep(0.02)
            connection.sendall(drop)

    return drip


@pytest.mark.parametrize(
    "slow",
    [
        _dripping(b"HTTP/1.1 200 x\r\nContent-Length: 5000\r\n\r\nfLaC", b"x"),
        _dripping(b"HTTP/1.1 200 x\r\n", b"X-A: b\r\n"),
        _dripping(b"", b""),
        _dripping(b"HTTP/1.1 302 x\r\nLocation: /a.mp3\r\n\r\n", b"x"),
    ],
    ids=["body", "head", "silence", "redirect"],
)
def test_a_drip_ends_by_the_clock(slow: Answer, web: Web) -> None:
    raw = web.serve("/a.mp3", slow)
    began_s = time.monotonic()

    wrong = refusal(raw, RULES.model_copy(update={"total_s": 0.4}))

    assert wrong.reason in {"timeout", "too_many_redirects"}
    assert time.monotonic() - began_s < 4.0


def test_a_host_that_takes_no_connection_is_a_reason(web: Web, names: Names) -> None:
    with socket.socket() as taken:
        taken.bind((PUBLIC, 0))  # and nobody listens
        port = taken.getsockname()[1]
        wrong = refusal(f"https://songs.example:{port}/a.mp3".encode())

    assert wrong.reason == "unreachable_host"
