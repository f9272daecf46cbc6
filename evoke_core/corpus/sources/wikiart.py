"""WikiArt as ArtGAN lists it: paintings by style, genre and artist.

Reads the class files and split CSVs (`Style/style_class.txt`, `Style/style_train.csv`,
..., or all of them in one folder) over unpacked pictures `Style/artist_title.jpg`. The
lists have no header (but for one that has a remark), CRLF in part, and a double comma
in the artist rows; names went through a wrong encoding here and there. A painting is
listed if a list or the disk has it. Artist and title come from its file name.

Who died when is a table of its own (`assets_config/painters.yaml`); whether a painting
is public domain is decided by that alone.

Source: https://github.com/cs-chan/ArtGAN, WikiArt dataset (lists BSD-3, pictures for
non-commercial research only); Saleh & Elgammal 2015 for the classes.
"""

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed, file_address, file_version, storable
from evoke_core.errors import SourceError

PUBLIC_DOMAIN = "PDM-1.0"
PUBLIC_DOMAIN_URL = "https://creativecommons.org/publicdomain/mark/1.0/"
_OBTAIN = (
    "download the lists and the pictures from https://github.com/cs-chan/ArtGAN "
    "(WikiArt Dataset), unpack both below one folder and give sources.yaml "
    "pictures.wikiart.location its path"
)
_SPLIT = re.compile(r"(style|genre|artist)_(?:train|val|test).*\.csv", re.IGNORECASE)
_CLASS = re.compile(r"(style|genre|artist)_class.*\.txt", re.IGNORECASE)
_SUFFIXES = (".jpg", ".jpeg", ".png")
_COPY = re.compile(r"\(\d+\)$")  # several works of one name
_YEAR = re.compile(r"-?\b(1[2-9]\d\d|20[0-2]\d)(-\d{1,2})?$")
_PARTICLES = frozenset((
    "van", "von", "de", "der", "den", "la", "le", "da", "di", "du", "del", "della",
    "do", "the", "of", "y", "e",
))  # fmt: skip
_STOP = frozenset((
    "the", "and", "with", "from", "for", "his", "her", "not", "detected", "after",
    "untitled", "into", "near", "des", "les", "une",
))  # fmt: skip


def list_wikiart(
    source: PictureSource, painters: Mapping[str, int | None]
) -> Iterator[Listed]:
    """List the paintings in the order of their paths, each once; style is the stratum.

    With `died_before`, only painters known to have died before that year are taken,
    and their works are public domain; else the source's own licence holds. Listed
    paintings that are not on disk are there, and fail when they are fetched.

    Args:
        source: `pictures` is where the style folders lie, by default the location.
        painters: Year of death by name as file names spell it; None for the living.

    Raises:
        SourceError: No lists at the location.
    """
    root = _root(source.location)
    classes = _classes(root)
    listed = _listed_paths(root, classes)
    pictures = Path(source.pictures) if source.pictures else root
    on_disk = _on_disk(pictures)
    wanted = {_plain(style) for style in source.only}
    for key in sorted({*listed, *on_disk}):
        one = _Painting.of(key, listed.get(key, {}))
        if wanted and (one.style is None or _plain(one.style) not in wanted):
            continue
        if source.died_before is not None:
            year = painters.get(one.painter)
            if year is None or year >= source.died_before:
                continue
        path = on_disk.get(key, pictures / key)
        yield _listed(one, path, is_public=source.died_before is not None)


@dataclass(frozen=True, slots=True)
class _Painting:
    """What a path and the lists say; painter is spelled as in file names."""

    key: str
    painter: str
    title: str
    style: str | None
    genre: str | None

    @classmethod
    def of(cls, key: str, classes: Mapping[str, str]) -> "_Painting":
        folder, _, name = key.rpartition("/")
        painter, _, title = Path(name).stem.partition("_")
        return cls(
            key=key,
            painter=_fold(_mend(painter)) if title else "",
            title=_title(_mend(title or painter)),
            style=folder or classes.get("style"),
            genre=classes.get("genre"),
        )


def _root(location: str | None) -> Path:
    if location is None:
        raise SourceError(f"no WikiArt folder is named; {_OBTAIN}")
    root = Path(location)
    if not root.is_dir():
        raise SourceError(f"WikiArt folder {location!r} is not there; {_OBTAIN}")
    return root


def _files(root: Path, named: re.Pattern[str]) -> Iterator[tuple[str, Path]]:
    """Find lists at the top and one folder down, with their kind."""
    for path in [*sorted(root.glob("*.*")), *sorted(root.glob("*/*.*"))]:
        if (found := named.fullmatch(path.name)) and path.is_file():
            yield found[1].lower(), path


def _lines(path: Path) -> list[str]:
    # surrogateescape is how paths spell bytes that are no UTF-8, too
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    # not splitlines: a wrongly encoded name may hold what Unicode calls a line end
    return text.removeprefix("\ufeff").split("\n")


def _classes(root: Path) -> dict[tuple[str, str], str]:
    """Read (kind, number) -> class name."""
    return {
        (kind, number): name.strip()
        for kind, path in _files(root, _CLASS)
        for number, _, name in (line.strip().partition(" ") for line in _lines(path))
        if name
    }


def _listed_paths(
    root: Path, classes: Mapping[tuple[str, str], str]
) -> dict[str, dict[str, str]]:
    """Read the union of the lists: path -> kind -> class name."""
    found: dict[str, dict[str, str]] = {}
    files = list(_files(root, _SPLIT))
    if not files:
        raise SourceError(
            f"{root}: no style_train.csv or other list of paintings; {_OBTAIN}"
        )
    for kind, path in files:
        for line in _lines(path):
            name, _, number = line.rpartition(",")
            key = _key(name.rstrip(",").strip().strip('"'))
            if key is not None:
                known = found.setdefault(key, {})
                if label := classes.get((kind, number.strip())):
                    known[kind] = label
    return found


def _on_disk(pictures: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder, inner, names in os.walk(pictures):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in names:
            path = Path(folder, name)
            key = _key(path.relative_to(pictures).as_posix())
            if key is not None and not name.startswith("."):
                found.setdefault(key, path)
    return found


def _key(path: str) -> str | None:
    """Spell a picture by its folder and name; None for what is no picture's path."""
    parts = unicodedata.normalize("NFC", path).replace("\\", "/").split("/")[-2:]
    if not parts[-1].lower().endswith(_SUFFIXES) or "\0" in path:
        return None
    if {"", ".", ".."} & set(parts):
        return None
    return "/".join(parts)


def _mend(name: str) -> str:
    """Undo UTF-8 that was read as Latin-1 and put in lower case (ã© for é)."""
    try:
        return name.replace("ã", "Ã").encode("latin-1").decode()
    except UnicodeError:
        return name


def _fold(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _title(name: str) -> str:
    """Read `pine-trees-in-the-fen-1884(1)` as "Pine trees in the fen, 1884"."""
    bare = _COPY.sub("", name)
    if "not_detected" in bare:  # the lists' word for a name they couldn't spell
        return "Untitled"
    found = _YEAR.search(bare)
    words = (bare[: found.start()] if found else bare).replace("_", "-").split("-")
    title = " ".join(word for word in words if word) or "Untitled"
    title = re.sub(r"(\w) s\b", r"\1's", title)
    return title[:1].upper() + title[1:] + (f", {found[1]}" if found else "")


def _person(painter: str) -> str:
    """Read `vincent-van-gogh` as "Vincent van Gogh"."""
    words = [
        word if n and word in _PARTICLES else word[:1].upper() + word[1:]
        for n, word in enumerate(painter.split("-"))
    ]
    return " ".join(words)


def _plain(style: str) -> str:
    return style.replace("_", " ").casefold().strip()


def _listed(one: _Painting, path: Path, *, is_public: bool) -> Listed:
    artist = _person(one.painter) or None
    labels = [_plain(label) for label in (one.style, one.genre) if label]
    words = re.findall(r"[^\W\d_]{3,}", one.title.casefold())
    said = [*labels, artist or "", *(word for word in words if word not in _STOP)]
    return Listed(
        source_key=storable(one.key),
        version=file_version(path) or "absent",
        addresses=(file_address(path),),
        stratum=storable(one.style) if one.style else None,
        title=storable(one.title),
        artist=storable(artist) if artist else None,
        licence=PUBLIC_DOMAIN if is_public else None,
        licence_url=PUBLIC_DOMAIN_URL if is_public else None,
        url=f"https://www.wikiart.org/en/{storable(one.painter)}" if artist else None,
        keywords=tuple(dict.fromkeys(storable(word) for word in said if word)),
    )
