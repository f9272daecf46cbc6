"""A store in memory that lists late, and breaks when it is told to."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from evoke_core.storage.store import StoredObject


class Killed(BaseException):
    """What ends a process at once; nothing in it may catch this."""


@dataclass
class MemoryStore:
    """A bucket: equal content has equal etags; what is hidden is not listed yet."""

    uri: str = "s3://memory"
    blobs: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    fuse: int | None = None  # operations until the process is killed
    fails: bool = False  # the next listing breaks on its way
    operations: int = 0
    written: list[str] = field(default_factory=list)

    def _operate(self) -> None:
        self.operations += 1
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Killed

    def put(self, key: str, data: bytes, *, modified_s: float) -> None:
        self.blobs[key] = (data, modified_s)

    def read(self, key: str) -> bytes:
        self._operate()
        return self.blobs[key][0]

    def read_as(self, key: str, etag: str) -> bytes:
        self._operate()
        if self._etag(key) != etag:
            raise KeyError(key)
        return self.blobs[key][0]

    def write(self, key: str, data: bytes, *, cache_control: str | None = None) -> None:
        self._operate()
        self.blobs[key] = (data, 0.0)
        self.written.append(key)

    def exists(self, key: str) -> bool:
        self._operate()
        return key in self.blobs

    def delete(self, key: str) -> None:
        self._operate()
        self.blobs.pop(key, None)

    def delete_as(self, key: str, etag: str) -> bool:
        self._operate()
        return self._etag(key) == etag and bool(self.blobs.pop(key))

    def listing(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        self._operate()
        for key in sorted(self.blobs):
            if key.startswith(prefix) and key > after and key not in self.hidden:
                data, modified_s = self.blobs[key]
                yield StoredObject(key, len(data), str(self._etag(key)), modified_s)
        if self.fails and prefix == "drops/":
            raise ConnectionError("503 Slow Down")

    def _etag(self, key: str) -> str | None:
        if key not in self.blobs:
            return None
        return hashlib.md5(self.blobs[key][0]).hexdigest()


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def fakes() -> SimpleNamespace:
    """The classes themselves, for machines that make their own."""
    return SimpleNamespace(MemoryStore=MemoryStore, Killed=Killed)
