"""A link file holds one address, whose form is judged before its host is looked up."""

import pytest

from evoke_core.errors import TrackRefused
from evoke_core.serving.link import judge_address, read_link


@pytest.mark.parametrize(
    "raw",
    [
        b"https://songs.example/a.mp3",
        b"\xef\xbb\xbfhttps://songs.example/a.mp3\r\n",
        "https://songs.example/a.mp3\r\n".encode("utf-16"),
        b"\n  https://songs.example/a.mp3  \n\n",
        b"[InternetShortcut]\r\nURL=https://songs.example/a.mp3\r\n",
        (
            b"[{000214A0-0000-0000-C000-000000000046}]\r\nProp3=19,2\r\n"
            b"[InternetShortcut]\r\nIDList=\r\nURL=https://songs.example/a.mp3\r\n"
            b"IconIndex=0\r\nHotKey=0\r\n"
        ),
        b"[internetshortcut]\nurl = https://songs.example/a.mp3\n",
        (
            b"[DEFAULT]\nBASEURL=https://other.example/\n"
            b"[InternetShortcut]\nURL=https://songs.example/a.mp3"
        ),
    ],
)
def test_a_link_is_read_in_every_form_in_which_people_save_one(raw: bytes) -> None:
    assert read_link(raw) == "https://songs.example/a.mp3"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \r\n",
        b"https://songs.example/a.mp3\nhttps://songs.example/b.mp3",
        b"https://songs.example/a.mp3 https://songs.example/b.mp3",
        b"[InternetShortcut]\nURL=https://a.example\nURL=https://b.example",
        b"[InternetShortcut]\nIconIndex=0",
        b"[InternetShortcut]\nURL=\n",
        b"[InternetShortcut]\nURL\n",
        b"[Elsewhere]\nURL=https://a.example",
        b"[not closed\nURL=https://a.example",
        b"https://songs.example/\x00a.mp3",
        "https://songs.example/a\u202e.mp3".encode(),
        b"\xff\xfe\x00",
        b"ID3\x04\x00\xff\xfb\x90",
        b"https://songs.example/" + b"a" * 20_000,
    ],
)
def test_what_is_not_one_link_is_refused(raw: bytes) -> None:
    with pytest.raises(TrackRefused, match="write one https address") as refused:
        read_link(raw)
    assert refused.value.reason == "bad_link"


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("https://songs.example/a.mp3", 443),
        ("HTTPS://Songs.Example:443/a.mp3", 443),
        ("https://songs.example:8443/a.mp3", 8443),
        ("https://1.1.1.1/a.mp3", 443),
        ("https://[::ffff:1.1.1.1]/a.mp3", 443),
        ("https://7digital.example.x1/a.mp3", 443),
    ],
)
def test_plain_https_addresses_may_be_followed(address: str, port: int) -> None:
    assert (judge_address(address).url.port or 443) == port


def test_a_redirect_may_be_relative_and_stays_https() -> None:
    base = judge_address("https://songs.example/a/b.mp3").url

    assert str(judge_address("../c.mp3", base=base).url) == (
        "https://songs.example/c.mp3"
    )
    assert judge_address("//files.example/c.mp3", base=base).url.scheme == "https"
