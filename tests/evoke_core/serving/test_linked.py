"""Links are followed to public hosts by https, and no further than the rules say."""

from pathlib import Path

import pytest

from evoke_core.corpus.download import guard
from evoke_core.serving.linked import fetch_linked
from tests.evoke_core.serving.web import (
    PRIVATE,
    PUBLIC,
    RULES,
    SONG,
    Names,
    Web,
    answer,
    refusal,
)


def test_a_file_that_is_no_link_leads_to_nobody(names: Names, unasked: None) -> None:
    assert refusal(b"ID3 no link").reason == "bad_link"
    assert names.asked == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        # loopback, in every dress
        ("https://127.0.0.1/a.mp3", "private_address"),
        ("https://127.8.8.8:8443/a.mp3", "private_address"),
        ("https://[::1]/a.mp3", "private_address"),
        ("https://[::]/a.mp3", "private_address"),
        ("https://localhost/a.mp3", "private_address"),
        ("https://LOCALHOST./a.mp3", "private_address"),
        ("https://deep.localhost/a.mp3", "private_address"),
        ("https://127。0。0。1/a.mp3", "private_address"),
        ("https://[::ffff:127.0.0.1]/a.mp3", "private_address"),
        ("https://[::127.0.0.1]/a.mp3", "private_address"),
        ("https://[2002:7f00:1::]/a.mp3", "private_address"),
        ("https://[64:ff9b::7f00:1]/a.mp3", "private_address"),
        ("https://[64:ff9b:1::7f00:1]/a.mp3", "private_address"),
        # metadata services of clouds
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("https://[fd00:ec2::254]/latest/meta-data/", "private_address"),
        ("https://[::ffff:a9fe:a9fe]/latest/", "private_address"),
        ("https://100.100.100.200/latest/", "private_address"),
        ("https://192.0.0.192/latest/", "private_address"),
        ("https://168.63.129.16/machine", "private_address"),
        ("https://metadata.example/computeMetadata/", "private_address"),
        # networks of one's own, and those that are nobody's
        ("https://10.1.2.3/a.mp3", "private_address"),
        ("https://172.16.0.1/a.mp3", "private_address"),
        ("https://192.168.1.1/a.mp3", "private_address"),
        ("https://100.64.0.1/a.mp3", "private_address"),
        ("https://198.18.0.1/a.mp3", "private_address"),
        ("https://224.0.0.251/a.mp3", "private_address"),
        ("https://255.255.255.255/a.mp3", "private_address"),
        ("https://0.0.0.0/a.mp3", "private_address"),
        ("https://[fe80::1]/a.mp3", "private_address"),
        ("https://[fec0::1]/a.mp3", "private_address"),
        ("https://[fd12::1]/a.mp3", "private_address"),
        ("https://[2001:db8::1]/a.mp3", "private_address"),
        ("https://intranet.example/a.mp3", "private_address"),
        ("https://xn--intern-gua.example/a.mp3", "private_address"),
        ("https://internä.example/a.mp3", "private_address"),
        # numbers that only the C library reads as addresses
        ("https://0/a.mp3", "bad_address"),
        ("https://127.1/a.mp3", "bad_address"),
        ("https://2130706433/a.mp3", "bad_address"),
        ("https://017700000001/a.mp3", "bad_address"),
        ("https://0177.0.0.1/a.mp3", "bad_address"),
        ("https://0x7f000001/a.mp3", "bad_address"),
        ("https://0x7f.0.0.1/a.mp3", "bad_address"),
        ("https://127.0.0.0x1/a.mp3", "bad_address"),
        ("https://127.0.0.1./a.mp3", "bad_address"),
        ("https://[fe80::1%25eth0]/a.mp3", "bad_address"),
        ("https://①②⑦.⓪.⓪.①/a.mp3", "bad_address"),
        ("https://ⓛocalhost/a.mp3", "bad_address"),
        ("https://songs.example%2f@10.0.0.1/a.mp3", "has_credentials"),
        ("https://songs.example\\.intranet.example/a.mp3", "bad_address"),
        # other ways than https
        ("http://songs.example/a.mp3", "not_https"),
        ("HTTP://songs.example/a.mp3", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("ftp://songs.example/a.mp3", "not_https"),
        ("data:audio/wav;base64,UklGRg==", "not_https"),
        ("gopher://songs.example:70/1", "not_https"),
        ("javascript:alert(1)", "not_https"),
        ("s3://bucket/a.mp3", "not_https"),
        ("C:\\music\\a.mp3", "not_https"),
        ("//songs.example/a.mp3", "bad_address"),
        ("songs.example/a.mp3", "bad_address"),
        ("https://", "bad_address"),
        ("https://:443/a.mp3", "bad_address"),
        ("https://[::1/a.mp3", "bad_address"),
        # credentials and ports
        ("https://me:secret@songs.example/a.mp3", "has_credentials"),
        ("https://me@songs.example/a.mp3", "has_credentials"),
        ("https://@songs.example/a.mp3", "has_credentials"),
        ("https://songs.example\\@10.0.0.1/a.mp3", "has_credentials"),
        ("https://songs.example:22/a.mp3", "blocked_port"),
        ("https://songs.example:25/a.mp3", "blocked_port"),
        ("https://songs.example:80/a.mp3", "blocked_port"),
        ("https://songs.example:99999/a.mp3", "bad_address"),
        ("https://nobody.example/a.mp3", "unresolved_host"),
        (f"https://{'a' * 70}.example/a.mp3", "unresolved_host"),
    ],
)
def test_no_link_leads_inside(
    address: str, reason: str, names: Names, unasked: None
) -> None:
    names.numbers = {
        "localhost": ["127.0.0.1"],
        "localhost.": ["127.0.0.1"],
        "deep.localhost": ["127.0.0.1"],
        "intranet.example": ["10.0.0.7"],
        "xn--intern-gua.example": ["10.0.0.8"],
        "metadata.example": ["169.254.169.254"],
        "songs.example": ["1.1.1.1"],
    }
    wrong = refusal(address.encode())

    assert wrong.reason == reason
    assert "secret" not in str(wrong)


def test_redirects_are_followed_up_to_the_cap(web: Web) -> None:
    raw = web.serve("/0", answer(b"", 302, Location="/1"))
    web.serve("/1", answer(b"", 307, Location=f"//files.example:{web.port}/2"))
    web.serve("/2", answer(b"", 303, Location="../3"))
    web.serve("/3", answer())

    assert fetch_linked(raw, "a link.url", RULES).audio == SONG
    assert "Host: files.example" in web.heads[-1]
    short = RULES.model_copy(update={"max_redirects": 2})
    assert refusal(raw, short).reason == "too_many_redirects"
    web.serve("/3", answer(b"", 301, Location="/0"))
    assert refusal(raw).reason == "too_many_redirects"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://127.0.0.9:8443/a.mp3", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("https://intranet.example/a.mp3", "private_address"),
        ("//[::1]/a.mp3", "private_address"),
        ("https://2130706433/", "bad_address"),
        ("http://songs.example/a.mp3", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("gopher://10.0.0.1:6379/_FLUSHALL", "not_https"),
        ("//me:secret@songs.example/a.mp3", "has_credentials"),
        ("https://songs.example:6/a.mp3", "blocked_port"),
        ("https://[", "bad_address"),
    ],
)
def test_each_redirect_is_judged_like_the_link(
    location: str, reason: str, web: Web, names: Names
) -> None:
    names.numbers["intranet.example"] = ["10.0.0.7"]
    raw = web.serve("/a.mp3", answer(b"", 302, Location=location))

    wrong = refusal(raw)

    assert wrong.reason == reason
    assert "secret" not in str(wrong)
    assert len(web.heads) == 1


def test_a_name_that_changes_its_mind_is_looked_up_once(
    web: Web, names: Names, certificate: Path
) -> None:
    names.numbers["songs.example"] = [PUBLIC, PRIVATE]
    raw = web.serve("/a.mp3", answer(b"", 302, Location="/b.mp3"))
    web.serve("/b.mp3", answer())

    assert fetch_linked(raw, "a link.url", RULES).audio == SONG
    assert names.asked == ["songs.example"]
    # By then it is inside, and a new link to it leads nowhere.
    assert refusal(raw).reason == "private_address"


def test_private_hosts_are_reached_where_the_rules_say_so(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_public", lambda _: False)
    raw = web.serve("/a.mp3", answer())

    assert refusal(raw).reason == "private_address"
    opened = RULES.model_copy(update={"allow_private": True})
    assert fetch_linked(raw, "a link.url", opened).audio == SONG


def test_proxies_of_the_environment_are_passed_by(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    raw = web.serve("/a.mp3", answer())

    assert fetch_linked(raw, "a link.url", RULES).audio == SONG


def test_a_certificate_is_the_name_s(web: Web, names: Names) -> None:
    names.numbers["other.example"] = [PUBLIC]
    raw = web.serve("/a.mp3", answer(), host="other.example")

    assert refusal(raw).reason == "insecure_connection"
    assert web.heads == []
