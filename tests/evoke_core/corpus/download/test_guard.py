"""Strangers' addresses are taken at their word only as far as they may lead."""

import asyncio
import socket

import httpx
import pytest

from evoke_core.corpus.download.guard import (
    bucket_and_key,
    is_odd_number,
    is_public,
    place_of,
    resolve,
)
from evoke_core.errors import PictureRefused


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",  # a provider's own network
        "192.0.0.192",  # clouds answer their own machines there
        "168.63.129.16",
        "fec0::1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
    ],
)
def test_private_numbers_are_known_in_every_dress(number: str):
    assert not is_public(number)


@pytest.mark.parametrize(
    "number",
    ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_public_numbers_are_public(number: str):
    assert is_public(number)


def test_only_numbers_that_people_would_not_write_are_odd():
    odd = ("127.1", "2130706433", "0x7f.1", "0177.0.0.1", "10.0.0.1.", "example.7")
    assert [host for host in odd if not is_odd_number(host)] == []
    plain = ("127.0.0.1", "::1", "example.org", "7.example", "mp3")
    assert [host for host in plain if is_odd_number(host)] == []


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.org/a.jpg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//example.org/a.jpg",
        "a.jpg",
        "",
        "http://",
        "http://:80/",
        "http://me:secret@example.org/a.jpg",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://[::1/",
        "http://example.org/\x00\n",
    ],
)
def test_what_is_no_web_address_is_refused_in_printable_words(address: str):
    with pytest.raises(PictureRefused) as refused:
        place_of(address)

    assert refused.value.reason == "bad_address"
    assert str(refused.value).isprintable()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://" + "\N{SNOWMAN}" * 3000,
        "https://a.b:" + "\U0001f600" * 3000,
        "x" * 3000 + "://a.b/",
        "https://" + "a" * 3000 + "/a.jpg",  # a name that no resolver takes
    ],
    ids=["no name", "no port", "no scheme", "long name"],
)
def test_a_refusal_is_short_however_long_the_address(address: str):
    with pytest.raises(PictureRefused) as refused:
        asyncio.run(resolve(place_of(address).url.host, 443, allow_private=False))

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


def test_a_place_is_shown_without_its_query():
    place = place_of("HTTPS://Example.org/a b.jpg?token=1#x")

    assert place.shown == "example.org/a%20b.jpg"
    assert place.host == "example.org:443"


def test_a_redirect_may_be_relative():
    base = httpx.URL("https://example.org/a/b.jpg")

    assert str(place_of("../c.jpg", base=base).url) == "https://example.org/c.jpg"


@pytest.mark.parametrize("address", ["s3://", "s3://bucket", "s3://b/", "s3://A@/k"])
def test_what_is_no_bucket_is_refused(address: str):
    with pytest.raises(PictureRefused, match="s3://bucket/key"):
        bucket_and_key(address)


def test_keys_keep_their_slashes():
    assert bucket_and_key("s3://some-bucket/a/b.jpg") == ("some-bucket", "a/b.jpg")


def test_of_several_numbers_only_the_public_ones_are_used(
    monkeypatch: pytest.MonkeyPatch,
):
    def two(*_: object, **__: object) -> list[object]:
        numbers = ("10.0.0.1", "1.1.1.1")
        return [(socket.AF_INET, 1, 6, "", (number, 80)) for number in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", two)

    found = asyncio.run(resolve("example.org", 80, allow_private=False))

    assert found == ("1.1.1.1",)


@pytest.mark.parametrize("host", ["example.org", "b\xfccher.example"])
def test_a_name_that_does_not_resolve_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, host: str
):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(PictureRefused, match="check the network's DNS") as refused:
        asyncio.run(resolve(host, 80, allow_private=False))
    assert refused.value.reason == "unresolved_host"
    assert str(refused.value).startswith(f"{host}: ")
