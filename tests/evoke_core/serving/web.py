"""A public internet of one https host, where links lead in these tests."""

import ipaddress
import socket
import socketserver
import ssl
import threading
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
from evoke_core.serving.linked import fetch_linked

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
