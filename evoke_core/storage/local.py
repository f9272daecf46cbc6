"""A store in a local folder: write beside, then rename."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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

    def write(self, key: str, data: bytes) -> None:
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
        try:
            facts = self._path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _etag(facts) if stat.S_ISREG(facts.st_mode) else None

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens where there is none."""
        with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            self._path(key).unlink()

    def listing(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the blobs below a prefix in the order of their keys."""
        top = self.root / checked_prefix(prefix)
        found = {
            path.relative_to(self.root).as_posix(): path for path in _files_below(top)
        }
        for key in sorted(found):
            try:
                facts = found[key].stat()
            except FileNotFoundError:  # deleted since the walk
                continue
            if stat.S_ISREG(facts.st_mode):
                yield StoredObject(
                    key=key,
                    size_bytes=facts.st_size,
                    etag=_etag(facts),
                    modified_s=facts.st_mtime,
                )

    def locate(self, key: str) -> str:
        """Return the path of a blob."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)


def _etag(facts: os.stat_result) -> str:
    return f"{facts.st_mtime_ns:x}-{facts.st_size:x}"


def _files_below(top: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(top, onerror=_raise_unless_gone):
        for name in names:
            if not name.startswith(_UNFINISHED):
                yield Path(folder, name)


def _raise_unless_gone(wrong: OSError) -> None:
    # A folder that can't be read is not an empty folder; one that has gone is.
    if not isinstance(wrong, (FileNotFoundError, NotADirectoryError)):
        raise wrong
