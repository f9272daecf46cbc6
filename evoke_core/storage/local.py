"""A store in a local folder: write beside, then rename."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evoke_core.errors import ConfigError
from evoke_core.storage.store import StoredObject, checked_key, checked_prefix

_UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class LocalStore:
    """Blobs as files below a folder, which is made when first written to."""

    root: Path

    @property
    def uri(self) -> str:
        """The folder as a file:// address."""
        return self.root.resolve().as_uri()

    def read(self, key: str) -> bytes:
        """Return a blob's bytes; KeyError where there is none."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as absent:
            raise KeyError(key) from absent

    def read_as(self, key: str, etag: str) -> bytes:
        """Return the bytes of one version; KeyError where it is gone or replaced."""
        try:
            # What is open stays what it was when another file takes its name.
            with self._path(key).open("rb") as opened:
                before = os.fstat(opened.fileno())
                data = opened.read()
                after = os.fstat(opened.fileno())
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as absent:
            raise KeyError(key) from absent
        if not _etag(before) == _etag(after) == etag:
            raise KeyError(key)
        return data

    def write(
        self,
        key: str,
        data: bytes,
        *,
        cache_control: str | None = None,  # noqa: ARG002 (files have no headers)
    ) -> None:
        """Put a blob in one step: readers see the old one or the new one."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
        try:
            draft.write_bytes(data)
            os.replace(draft, path)  # noqa: PTH105 (the rename is the point)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def exists(self, key: str) -> bool:
        """Say whether a blob is there."""
        return self._path(key).is_file()

    def etag(self, key: str) -> str | None:
        """Return what a listing would say changes with a blob; None where none is."""
        facts = _facts(self._path(key))
        return None if facts is None else _etag(facts)

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens where there is none."""
        with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            self._path(key).unlink()

    def delete_as(self, key: str, etag: str) -> bool:
        """Remove a blob if it still is that version; say whether it was.

        A file that is replaced within microseconds of the look at it goes with it.
        """
        if self.etag(key) != etag:
            return False
        self.delete(key)
        return True

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Refuse: files have no tags."""
        raise ConfigError(
            f"{self.uri}: a folder can't tag {key!r} with {dict(tags)!r}; "
            "keep or move what is done, or use an s3:// store"
        )

    def listing(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Yield the blobs below a prefix in the order of their keys, as asked for."""
        folder = checked_prefix(prefix)
        for key, path in _files_below(self.root / folder, folder, after):
            if (facts := _facts(path)) is not None:
                yield StoredObject(
                    key=key,
                    size_bytes=facts.st_size,
                    etag=_etag(facts),
                    modified_s=facts.st_mtime,
                )

    def locate(self, key: str) -> str:
        """Return the path of a blob."""
        return str(self._path(key))

    def link(self, key: str, expires_s: int) -> str:  # noqa: ARG002 (it stays)
        """Return the file:// address of a blob, which does not expire."""
        return self._path(key).resolve().as_uri()

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)


def _etag(facts: os.stat_result) -> str:
    return f"{facts.st_mtime_ns:x}-{facts.st_size:x}"


def _files_below(top: Path, prefix: str, after: str) -> Iterator[tuple[str, Path]]:
    """Walk in the order of keys; folders that lie before `after` are not opened."""
    for name, is_folder in _names_in(top):
        key = f"{prefix}{name}/" if is_folder else f"{prefix}{name}"
        if is_folder and (key > after or after.startswith(key)):
            yield from _files_below(top / name, key, after)
        elif not is_folder and key > after:
            yield key, top / name


def _names_in(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            found = [
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not entry.name.startswith(_UNFINISHED)
            ]
    except (FileNotFoundError, NotADirectoryError):
        # A folder that can't be read is not an empty folder; one that has gone is.
        return []
    # What lies in a folder sorts by its slash: "a-b" comes before "a/b".
    return sorted(found, key=lambda each: f"{each[0]}/" if each[1] else each[0])


def _facts(path: Path) -> os.stat_result | None:
    """Look at a file; None where it has gone, is none, or is a link in a circle."""
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as wrong:
        if wrong.errno == errno.ELOOP:
            return None
        raise
    return facts if stat.S_ISREG(facts.st_mode) else None
