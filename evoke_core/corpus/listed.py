"""A picture as its collection lists it: what every reader hands to the manifest."""

from dataclasses import dataclass
from pathlib import Path

ON_DISK = "file:"  # begins the address of a file that is read where it lies


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture as its collection lists it; what it leaves open, the source fills.

    Attributes:
        source_key: Native id within the collection.
        version: Changes whenever the bytes may have.
        addresses: Where the bytes are, the best first: `file:/…` for a file that is
            read where it lies, `https://…` or `s3://bucket/key` for one to download,
            empty for a painted one.
        md5: Of the bytes at the original's address, base64, where the list has it.
        stratum: Style, label or keyword that quotas are shared out by.
        url: Page of the picture, for people.
        keywords: The collection's own labels.
        rating: Valence and arousal in [-1, 1], where people rated it.
    """

    source_key: str
    version: str
    addresses: tuple[str, ...] = ()
    md5: str | None = None
    stratum: str | None = None
    title: str | None = None
    artist: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    attribution: str | None = None
    url: str | None = None
    keywords: tuple[str, ...] = ()
    rating: tuple[float, float] | None = None
    family: str | None = None
    planted_valence: float | None = None
    planted_arousal: float | None = None
    duplicate_of: str | None = None


def file_address(path: Path) -> str:
    """Return the address of a file on disk."""
    return f"{ON_DISK}{storable(path.absolute().as_posix())}"


def file_version(path: Path) -> str | None:
    """Say what changes with a file; None where it can't be looked at.

    Such a file may be listed all the same: the fetch gives it its row and its reason.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def storable(name: str) -> str:
    """Spell a name so that it can be stored; bytes that are no UTF-8 as escapes."""
    return name.encode(errors="backslashreplace").decode()
