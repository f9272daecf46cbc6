"""Pretrained weights on this machine: where they lie, and that they are the same ones.

A model's weights are one file or one folder below `{folder}/{family}/`, and beside them
lies a record of their SHA-256. Nothing here downloads or loads them.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evoke_core.errors import ConfigError, WeightsMissing
from evoke_core.record import write_record

_ENDINGS = (".safetensors", ".pt", ".bin")
_CHUNK = 1 << 22  # bytes
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that are there and are those that were recorded.

    Args:
        path: A file, or a folder.
        sha256: Of the file; of a folder the digest of its files' digests, in the order
            of their names.
    """

    path: Path
    sha256: str


def find_weights(folder: Path, family: str, name: str) -> Weights:
    """Find a model's weights and compare them with their record.

    A file whose size and time of change are those of the record is not read again.
    Weights without a record are trusted at their first use, and recorded.

    Args:
        folder: Of all pretrained weights.
        family: Folder below it, as `open_clip`.
        name: Of a folder, or of a .safetensors, .pt or .bin file without its ending.

    Raises:
        WeightsMissing: Nothing lies there.
        ConfigError: What lies there is not what was recorded, or the record is damaged.
    """
    path = _located(folder, family, name)
    record = _record_path(folder, family, name)
    known = _read(record)
    if known is None:
        _LOG.warning(
            "%s %s: %s has no record yet; its SHA-256 is trusted and recorded now",
            family,
            name,
            path,
        )
        return record_weights(folder, family, name)
    files = _measured(path, known["files"])
    found = _digest(path, files)
    if found != known["sha256"]:
        raise ConfigError(
            f"{family} {name}: {path} has SHA-256 {found}, and {record.name} says "
            f"{known['sha256']}; fetch the weights again with 'make models "
            f"PROFILE=<yours>', or delete {record} if you changed them yourself"
        )
    if files != known["files"]:
        _write(record, found, files)
    return Weights(path, found)


def record_weights(folder: Path, family: str, name: str) -> Weights:
    """Take what lies there for right, and write down what it is; see `find_weights`.

    Raises:
        WeightsMissing: Nothing lies there.
    """
    path = _located(folder, family, name)
    files = _measured(path, {})
    found = _digest(path, files)
    _write(_record_path(folder, family, name), found, files)
    return Weights(path, found)


def _located(folder: Path, family: str, name: str) -> Path:
    place = folder / family
    candidates = [place / name, *(place / f"{name}{ending}" for ending in _ENDINGS)]
    if candidates[0].is_dir() and _files(candidates[0]):
        return candidates[0]
    for path in candidates[1:]:
        if path.is_file():
            return path
    raise WeightsMissing(
        f"{family} {name}: no weights at {candidates[0]} (a folder, or a file ending "
        f"in {', '.join(_ENDINGS)}); fetch them with 'make models PROFILE=<yours>', or "
        "choose EVOKE_PROFILE=demo, whose encoders need none"
    )


def _record_path(folder: Path, family: str, name: str) -> Path:
    return folder / family / f"{name}.sha256.json"


def _files(path: Path) -> list[tuple[str, Path]]:
    """List name and place of every file in the order of names, hidden ones left out."""
    if path.is_file():
        return [(path.name, path)]
    named = ((each.relative_to(path), each) for each in path.rglob("*"))
    return sorted(
        (name.as_posix(), each)
        for name, each in named
        # A downloader keeps its own notes in hidden folders; they are no weights.
        if each.is_file() and not any(part.startswith(".") for part in name.parts)
    )


def _measured(path: Path, known: dict[str, Any]) -> dict[str, Any]:
    """Say size, time and SHA-256 of every file; unchanged ones by what is known."""
    found = {}
    for name, each in _files(path):
        stat = each.stat()
        seen = {"size_bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        before = known.get(name, {})
        same = before == {**seen, "sha256": before.get("sha256")}
        found[name] = before if same else {**seen, "sha256": _sha256(each)}
    return found


def _digest(path: Path, files: dict[str, Any]) -> str:
    if path.is_file():
        return str(files[path.name]["sha256"])
    lines = (f"{each['sha256']}  {name}\n" for name, each in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _read(record: Path) -> dict[str, Any] | None:
    if not record.exists():
        return None
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        sha256, files = str(known["sha256"]), dict(known["files"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise ConfigError(
            f"{record}: no record of weights ({wrong}); delete it and fetch them "
            "again with 'make models PROFILE=<yours>'"
        ) from wrong
    return {"sha256": sha256, "files": files}


def _write(record: Path, sha256: str, files: dict[str, Any]) -> None:
    content = {"sha256": sha256, "files": files}
    write_record(record, content, without="weights are hashed anew")
