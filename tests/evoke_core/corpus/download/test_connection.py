"""A connection goes to the number that was judged, in the name of its host."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from evoke_core.corpus.download.outcome import Outcome

Fetch = Callable[..., dict[str, Outcome]]


def test_a_name_that_changes_its_mind_is_not_followed(
    web: Any,
    fetch: Fetch,
    jpeg: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
):
    answers = iter(["127.0.0.1"])

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        # A numeric address is looked up again by whoever connects to it.
        number = host if host == "127.0.0.1" else next(answers, "127.0.0.9")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, web.port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    web.serve("/a.jpg", web.answer(jpeg()))
    address = web.url("/a.jpg", host="pictures.example")

    outcomes = fetch(aa1=address, aa2=address, under={"per_host": 1})

    assert {outcome.status for outcome in outcomes.values()} == {"stored"}
    assert all(f"Host: pictures.example:{web.port}" in head for head in web.heads)


def test_the_next_number_of_a_host_is_tried_where_one_does_not_answer(
    web: Any,
    fetch: Fetch,
    jpeg: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
):
    def look_up(host: str, *_: object, **__: object) -> list[object]:
        numbers = [host] if host[0] == "1" else ["127.0.0.9", "127.0.0.1"]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, web.port))
            for number in numbers
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    web.serve("/a.jpg", web.answer(jpeg()))

    outcome = fetch(aa1=web.url("/a.jpg", host="pictures.example"))["aa1"]

    assert outcome.status == "stored"


def test_what_one_answer_sets_is_not_told_to_the_next(
    web: Any, fetch: Fetch, jpeg: Callable[..., bytes]
):
    web.serve("/a.jpg", web.answer(jpeg(), Set_Cookie="who=me"))

    fetch(aa1=web.url("/a.jpg"), aa2=web.url("/a.jpg"), under={"per_host": 1})

    assert len(web.heads) == 2
    assert not any("cookie" in head.lower() for head in web.heads)


def test_certificates_are_those_of_the_name(
    fetch: Fetch, secure_web: Any, monkeypatch: pytest.MonkeyPatch
):
    def look_up(host: str, *_: object, **__: object) -> list[object]:
        where = ("127.0.0.1", secure_web.port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    path = f":{secure_web.port}/a.jpg"

    outcomes = fetch(
        right=f"https://pictures.example{path}", wrong=f"https://other.example{path}"
    )

    assert outcomes["right"].status == "stored"
    assert outcomes["wrong"].reason == "insecure_connection"
    assert "certificate" in str(outcomes["wrong"].detail)


def test_the_environment_may_ask_for_a_proxy(
    web: Any,
    other_web: Any,
    fetch: Fetch,
    jpeg: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("http_proxy", web.url(""))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    web.serve("http://pictures.example/a.jpg", web.answer(jpeg()))

    outcomes = fetch(
        via="http://pictures.example/a.jpg",
        inside="http://10.0.0.1/a.jpg",
        past=other_web.serve("/b.jpg", web.answer(jpeg())),
        under={"allow_private": False},
    )

    assert outcomes["via"].status == "stored"
    assert outcomes["inside"].reason == outcomes["past"].reason == "private_address"
    assert other_web.asked == []
    assert web.asked == ["http://pictures.example/a.jpg"]
