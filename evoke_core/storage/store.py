"""A place for blobs under keys; every write is whole or invisible.

Tables and arrays are built on it in the modules beside this one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from evoke_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a listing says of one blob.

    `etag` changes whenever the content does; `modified_s` is seconds since the epoch.
    """

    key: str
    size_bytes: int
    etag: str
    modified_s: float


class Store(Protocol):
    """Blobs by key; keys are relative, slash-separated, without dot segments.

    People put things into a bucket under names that we would not give. What a listing
    shows of them is taken by `read_as`, `delete_as`, `tag` and `link` even with an
    empty segment; only dot segments are refused everywhere.
    """

    @property
    def uri(self) -> str:
        """Where the store is, as it was configured."""
        ...

    def read(self, key: str) -> bytes:
        """Return a blob's bytes; KeyError where there is none."""
        ...

    def read_as(self, key: str, etag: str) -> bytes:
        """Return the bytes of one version; KeyError where it is gone or replaced."""
        ...

    def write(self, key: str, data: bytes, *, cache_control: str | None = None) -> None:
        """Put a blob in one step: readers see the old one or the new one.

        `cache_control` is the header that a web server sends with it; a folder has
        none.
        """
        ...

    def exists(self, key: str) -> bool:
        """Say whether a blob is there."""
        ...

    def etag(self, key: str) -> str | None:
        """Return what a listing would say changes with a blob; None where none is."""
        ...

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens where there is none."""
        ...

    def delete_as(self, key: str, etag: str) -> bool:
        """Remove a blob if it still is that version; say whether it was."""
        ...

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Add tags to a blob, beside those that it has.

        Raises:
            ConfigError: This kind of store has no tags.
            KeyError: There is no such blob.
        """
        ...

    def listing(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Yield the blobs below a prefix in the order of their keys, as asked for.

        A prefix is empty or ends with a slash. With `after`, only keys beyond it. What
        can't be listed raises; it is never taken for empty. Keys order by their UTF-8,
        which is the order of Python's strings.
        """
        ...

    def locate(self, key: str) -> str:
        """Return the address of a blob for people: a path or an s3:// address."""
        ...

    def link(self, key: str, expires_s: int) -> str:
        """Return an address that a browser opens; in a bucket, for so many seconds."""
        ...


def checked_key(key: str) -> str:
    """Return the key if it is safe to use as a path, else raise ConfigError."""
    segments = key.split("/")
    if not key or any(part in ("", ".", "..") for part in segments) or "\0" in key:
        raise ConfigError(
            f"store key {key!r}: keys are relative and have no empty or dot segments"
        )
    return key


def checked_prefix(prefix: str) -> str:
    """Return the prefix if a listing can start from it, else raise ConfigError."""
    if prefix and not prefix.endswith("/"):
        raise ConfigError(f"store prefix {prefix!r}: end it with a slash")
    return prefix and f"{checked_key(prefix[:-1])}/"


def digest(value: object) -> str:
    """Digest a JSON-like value or bytes; equal values have equal digests.

    Returns:
        The first 16 hexadecimal digits of SHA-256.
    """
    raw = (
        value
        if isinstance(value, bytes)
        else json.dumps(value, sort_keys=True, ensure_ascii=False).encode(
            # file names that are no UTF-8 reach Python as lone surrogates
            errors="backslashreplace"
        )
    )
    return hashlib.sha256(raw).hexdigest()[:16]
