"""A web server on loopback that misbehaves as told, rules to try it by."""

import socket
import socketserver
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.download.download import download_pictures
from evoke_core.corpus.download.outcome import Outcome, Wanted
from evoke_core.storage.local import LocalStore

# Bytes to send as they are, or what to do with the connection.
Answer = bytes | Callable[[socket.socket], None]
Fetch = Callable[..., dict[str, Outcome]]


@dataclass
class Web:
    """One misbehaving host.

    Attributes:
        asked: Paths with query, in the order they were asked for.
        heads: The request heads, in the same order.
        most_at_once: Most requests that were under way together.
    """

    port: int = 0
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _answers: dict[str, tuple[Answer, ...]] = field(default_factory=dict)
    _turn: Counter[str] = field(default_factory=Counter)
    _lock: Any = field(default_factory=threading.Lock)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(self, path: str, *answers: Answer) -> str:
        """Give these answers one after the other, the last one for ever."""
        self._answers[path] = answers
        return self.url(path)

    @staticmethod
    def answer(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
        """Build an answer; underscores in header names are dashes."""
        named = {"Content-Length": str(len(body))} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        lines = [f"HTTP/1.1 {status} x", *(f"{k}: {v}" for k, v in named.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def handle(self, connection: socket.socket) -> None:
        while head := _read_head(connection):
            path = head.split(" ")[1]
            with self._lock:
                self.asked.append(path)
                self.heads.append(head)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                answers = self._answers.get(path, (self.answer(status=404),))
                answer = answers[min(self._turn[path], len(answers) - 1)]
                self._turn[path] += 1
            try:
                if not isinstance(answer, bytes):
                    answer(connection)
                    return
                connection.sendall(answer)
            finally:
                with self._lock:
                    self._at_once -= 1


def _read_head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        try:
            piece = connection.recv(4096)
        except OSError:
            return ""
        if not piece:
            return ""
        head += piece
    return head.decode("latin-1")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


def _serving(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    web = Web()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if context is None:
                web.handle(self.request)
                return
            with context.wrap_socket(self.request, server_side=True) as secured:
                web.handle(secured)

    with _Server(("127.0.0.1", 0), Handler) as server:
        web.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield web
        server.shutdown()
        thread.join()


@pytest.fixture
def web() -> Iterator[Web]:
    """A host without pictures: whatever is not served is not found."""
    yield from _serving()


@pytest.fixture
def other_web() -> Iterator[Web]:
    """Another host."""
    yield from _serving()


@pytest.fixture
def secure_web(
    tmp_path: Path, jpeg: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Web]:
    """A host with a certificate for pictures.example, which we are told to trust."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(_certificate("pictures.example"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for web in _serving(context):
        web.serve("/a.jpg", web.answer(jpeg()))
        yield web


def _certificate(name: str) -> bytes:
    x509 = pytest.importorskip("cryptography.x509", reason="makes certificates here")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(called, called, key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return certificate.public_bytes(pem) + key.private_bytes(
        pem,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def rules() -> DownloadRules:
    """Rules that retry at once and let us ask ourselves."""
    return DownloadRules(
        at_once=8,
        per_host=8,
        connect_s=2.0,
        read_s=5.0,
        total_s=10.0,
        max_bytes=100_000,
        max_redirects=3,
        attempts=3,
        backoff_s=0.01,
        max_backoff_s=0.02,
        max_retry_after_s=5.0,
        breaker_window=100,
        breaker_share=0.5,
        breaker_pause_s=60.0,
        opt_outs=("noai", "noindex"),
        placeholders=("photo_unavailable",),
        user_agent="evoke (tests)",
        allow_private=True,
        seed=0,
    )


@pytest.fixture
def fetch(rules: DownloadRules, store: LocalStore) -> Fetch:
    """Download `image_id=address` or lists of them; other rules by `under`."""

    def run(
        *wanted: Wanted, under: dict[str, Any] | None = None, **addresses: Any
    ) -> dict[str, Outcome]:
        rows = [*wanted]
        for name, of_row in addresses.items():
            listed = (of_row,) if isinstance(of_row, str) else tuple(of_row)
            rows.append(Wanted(name, listed))
        outcomes = list(
            download_pictures(
                rows,
                rules.model_copy(update=under or {}),
                store,
                folder="pictures/test",
                report=lambda *_: None,
            )
        )
        assert sorted(o.image_id for o in outcomes) == sorted(r.image_id for r in rows)
        return {outcome.image_id: outcome for outcome in outcomes}

    return run


@pytest.fixture
def drip() -> Answer:
    """A picture that comes byte by byte, each in good time."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 x\r\nContent-Length: 5000\r\n\r\n\xff\xd8\xff"
        )
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(b"x")

    return answer
