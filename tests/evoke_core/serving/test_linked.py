"""Links are followed to public hosts by https, and no further than the rules say."""

import gzip
import ipaddress
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from evoke_core.config.drops import LinkRules
from evoke_core.corpus.download import guard
from evoke_core.errors import TrackRefused
from evoke_core.serving.linked import Linked, fetch_linked

RULES = LinkRules(max_bytes=50_000, total_s=20.0, connect_s=5.0, max_redirects=3)
SONG = b"fLaC" + bytes(2_000)
# In these tests 127.0.0.1 is the public internet and 127.0.0.9 our own network.
PUBLIC, PRIVATE = "127.0.0.1", "127.0.0.9"
Answer = bytes | Callable[[ssl.SSLSocket], None]


@dataclass
class Names:
    """A resolver: what each name is at, one answer after the other, the last for ever.

    Attributes:
        asked: Names in the order in which they were looked up.
    """

    numbers: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def look_up(self, host: Any, port: int, *_: Any, **__: Any) -> list[Any]:
        host = host.decode() if isinstance(host, bytes) else host
        if host in self.numbers:
            self.asked.append(host)
            known = self.numbers[host]
            number = known.pop(0) if len(known) > 1 else known[0]
        else:
            number = _as_the_c_library_reads_it(host)
        family = socket.AF_INET6 if ":" in number else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (number, port))]


def _as_the_c_library_reads_it(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError as wrong:
            raise socket.gaierror(-2, "Name or service not known") from wrong


@dataclass
class Web:
    """One https host.

    Attributes:
        heads: What was asked, whole request heads.
    """

    port: int = 0
    heads: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def serve(self, path: str, answer: Answer, *, host: str = "songs.example") -> bytes:
        self.answers[path] = answer
        return f"https://{host}:{self.port}{path}".encode()

    def handle(self, connection: ssl.SSLSocket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        self.heads.append(head.decode())
        answer = self.answers[head.split()[1].decode()]
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(connection)


def answer(body: bytes = SONG, status: int = 200, **headers: str) -> bytes:
    named = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status} x", *(f"{k}: {v}" for k, v in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


def _serving(number: str, context: ssl.SSLContext) -> Iterator[Web]:
    web = Web()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with context.wrap_socket(self.request, server_side=True) as secured:
                web.handle(secured)

    with _Server((number, 0), Handler) as server:
        web.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield web
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of songs.example alone, with its key."""
    x509 = pytest.importorskip("cryptography.x509", reason="makes certificates here")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "songs.example")])
    names = [x509.DNSName("songs.example"), x509.DNSName("files.example")]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(called, called, key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(pem)
        + key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    resolver = Names()
    monkeypatch.setattr(socket, "getaddrinfo", resolver.look_up)
    return resolver


@pytest.fixture
def web(
    certificate: Path, names: Names, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Web]:
    """The host songs.example (and files.example) of the public internet."""
    judge = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda n: n == PUBLIC or judge(n))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    names.numbers = {"songs.example": [PUBLIC], "files.example": [PUBLIC]}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from _serving(PUBLIC, context)


@pytest.fixture
def unasked(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is connected to."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # read faster than them all

    async def refuse(_: Any, request: httpx.Request) -> None:
        raise AssertionError(f"{request.url} was asked")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", refuse)


def refusal(raw: bytes, rules: LinkRules = RULES) -> TrackRefused:
    with pytest.raises(TrackRefused) as refused:
        fetch_linked(raw, "a link.url", rules)
    assert str(refused.value).startswith("'a link.url': ")
    assert str(refused.value).isprintable()
    return refused.value


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
