"""The Unsplash Dataset (Lite): its photos with keywords, colours and collections.

Reads the zip as it was downloaded, or the folder that was unpacked from it. Of every
table all parts are read, each with its own header: `photos.tsv000` (1.2),
`photos.csv000` (1.3), `photos.tsv` (1.4); all are tab-separated CSV as Postgres writes
it, with `t` and `f` for booleans. Pictures are downloaded by others (`corpus/download`)
and quotas are dealt elsewhere (`corpus/quota`).

Source: https://unsplash.com/data and its terms (no photos are passed on, each is
credited); columns in https://github.com/unsplash/datasets/blob/master/DOCS.md.
"""

import csv
import hashlib
import io
import lzma
import re
import struct
import sys
import textwrap
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.listed import Listed
from evoke_core.errors import SourceError
from evoke_core.label_tables import lines_of

WIDTH_PX = 1080  # asked for where the source names none: twice a thumbnail and more
KEYWORDS, COLOURS, COLLECTIONS = 15, 2, 5  # most that are kept for a photo
MIN_CONFIDENCE = 30  # per cent; below it the services mostly guess
_OBTAIN = (
    "download the Lite dataset from https://unsplash.com/data and give "
    "sources.yaml pictures.unsplash.location the path of the zip or its folder"
)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SUGGESTED, _WANTED = 101, 202  # outrank every confidence, which ends at 100
_DAMAGE = (
    csv.Error, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    RuntimeError,  # zipfile's word for a password or an unknown compression
    ValueError, struct.error,  # what its headers say can't be
)  # fmt: skip
_PHOTO = (
    "photo_id", "photo_image_url", "photo_url", "photo_submitted_at",
    "photo_description", "ai_description", "photo_location_name",
    "photographer_first_name", "photographer_last_name", "photographer_username",
)  # fmt: skip
_KEYWORD = (
    "photo_id", "keyword", "ai_service_1_confidence", "ai_service_2_confidence",
    "suggested_by_user", "suggested_by_ai_service_3", "confirmed_by_ai_service_3",
)  # fmt: skip
_COLOUR = ("photo_id", "keyword", "coverage")
_COLLECTION = ("photo_id", "collection_title")


def list_unsplash(source: PictureSource) -> Iterator[Listed]:
    """List the photos of a release in the order of its parts, each once.

    A photo's stratum is one of its wanted keywords (`source.only`), else the one that
    the services are surest of. With `only`, photos without such a keyword are left out.

    Raises:
        SourceError: No release at the location, or one that can't be read.
    """
    wanted = frozenset(word.casefold() for word in source.only)
    seen = set()
    with _parts(source.location) as parts:
        described = _describe(parts, wanted)
        for row in _rows(parts, "photos", _PHOTO, needed=2):
            if row[0] and row[0] not in seen:
                seen.add(row[0])
                stratum = described.stratum(row[0], wanted, source.seed)
                if stratum in wanted or not wanted:
                    yield _listed(row, described, stratum, source.width_px or WIDTH_PX)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class _Few:
    """The few best words of each photo; lower ranks are better."""

    most: int
    words: dict[str, set[tuple[float, str]]] = field(default_factory=dict)

    def add(self, photo: str, rank: float, word: str) -> None:
        words = self.words.setdefault(photo, set())
        words.add((rank, sys.intern(word)))
        if len(words) > 2 * self.most:
            self.words[photo] = set(sorted(words)[: self.most])

    def of(self, photo: str) -> list[tuple[float, str]]:
        return sorted(self.words.get(photo, ()))[: self.most]


@dataclass(frozen=True, slots=True)
class _Described:
    keywords: _Few
    colours: _Few
    collections: _Few

    def of(self, photo: str) -> tuple[str, ...]:
        parts = (self.keywords, self.colours, self.collections)
        return tuple(
            dict.fromkeys(word for part in parts for _, word in part.of(photo))
        )

    def stratum(self, photo: str, wanted: frozenset[str], seed: int) -> str | None:
        """Choose among a photo's wanted keywords, else take the most confident."""
        found = self.keywords.of(photo)
        if wanted:
            words = [word for _, word in found if word in wanted]
            return min(words, key=lambda word: _digest(seed, photo, word), default=None)
        surest = min(
            found, key=lambda one: (-(-one[0] % _SUGGESTED), one[1]), default=None
        )
        return surest[1] if surest else None


@contextmanager
def _parts(location: str | None) -> Iterator[list[_Part]]:
    """Open a release: the parts of its tables, in the order of their names."""
    if location is None:
        raise SourceError(f"no Unsplash release is named; {_OBTAIN}")
    path = Path(location)
    if path.is_dir():
        inner = [one for depth in ("*", "*/*") for one in sorted(path.glob(depth))]
        yield [_Part(str(one), partial(_open, one)) for one in inner]
        return
    if not path.is_file():
        raise SourceError(f"Unsplash release {location!r} is not there; {_OBTAIN}")
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as wrong:
        raise SourceError(
            f"Unsplash release {location!r} is no whole zip ({wrong}); {_OBTAIN}"
        ) from wrong
    with archive:
        names = sorted(name for name in archive.namelist() if "__MACOSX" not in name)
        yield [_Part(name, partial(archive.open, name)) for name in names]


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _rows(
    parts: list[_Part], table: str, columns: tuple[str, ...], *, needed: int
) -> Iterator[tuple[str, ...]]:
    """Read the named columns of a table; those that it has not are empty.

    The first `needed` columns must be there, as must a part of the photos.
    """
    named = re.compile(rf"{table}\.[tc]sv\w*")
    mine = [part for part in parts if named.fullmatch(Path(part.name).name)]
    if not mine and table == "photos":
        raise SourceError(f"no photos.tsv* or photos.csv* in the release; {_OBTAIN}")
    for part in mine:
        try:
            yield from _rows_of(part, columns, needed=needed)
        except _DAMAGE as wrong:
            raise SourceError(
                f"{part.name}: damaged ({wrong}); download the release anew: {_OBTAIN}"
            ) from wrong


def _rows_of(
    part: _Part, columns: tuple[str, ...], *, needed: int
) -> Iterator[tuple[str, ...]]:
    with (
        part.open() as raw,
        io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="") as text,
    ):
        reader = csv.reader(lines_of(text), delimiter="\t")
        header = next(reader, [])
        width = len(header)
        missing = [name for name in columns[:needed] if name not in header]
        if missing:
            raise SourceError(
                f"{part.name}: no column {missing[0]!r} in its first line; every part "
                f"of a release has one: {_OBTAIN}"
            )
        places = [header.index(name) if name in header else width for name in columns]
        pick = itemgetter(*places)
        for row in reader:
            if len(row) != width:
                row = (row + [""] * width)[:width]  # noqa: PLW2901
            row.append("")
            yield pick(row)


def _describe(parts: list[_Part], wanted: frozenset[str]) -> _Described:
    described = _Described(_Few(KEYWORDS), _Few(COLOURS), _Few(COLLECTIONS))
    for photo, word, *signs in _rows(parts, "keywords", _KEYWORD, needed=2):
        rank = _rank(signs)
        keyword = word.strip().casefold()
        if rank >= MIN_CONFIDENCE and keyword:
            rank += _WANTED if keyword in wanted else 0
            described.keywords.add(photo, -rank, keyword)
    for photo, colour, coverage in _rows(parts, "colors", _COLOUR, needed=1):
        if colour:
            described.colours.add(photo, -_number(coverage), colour)
    for photo, title in _rows(parts, "collections", _COLLECTION, needed=1):
        name = " ".join(title.split()).casefold()
        if 3 <= len(name) <= 30 and name.isprintable():
            # The shortest titles are words ("serene"), the long ones are projects.
            described.collections.add(photo, len(name), name)
    return described


def _rank(signs: list[str]) -> int:
    """Rate a keyword: 0 to 100 per cent, and 101 more if a person suggested it."""
    first, second, by_user, by_third, confirmed = signs
    confidence = max(_number(first), _number(second))
    if confirmed == "t":
        confidence = 100
    elif by_third == "t":  # it suggests without a figure
        confidence = max(confidence, MIN_CONFIDENCE)
    return min(100, int(confidence)) + (_SUGGESTED if by_user == "t" else 0)


def _number(text: str) -> float:
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if 0 <= number < 1e6 else 0.0


def _listed(
    row: tuple[str, ...], described: _Described, stratum: str | None, width_px: int
) -> Listed:
    photo, image, page, submitted, description, seen, place, first, last, user = row
    artist = " ".join(f"{first} {last}".split()) or user or None
    title = " ".join((description or seen or place).split())
    return Listed(
        source_key=photo,
        version=f"{submitted or photo}-w{width_px}",
        # Of a stranger: it may lead into the web, not to files of this machine.
        addresses=(_scaled(image, width_px),) if _WEB.match(image) else (),
        stratum=stratum,
        title=textwrap.shorten(title, 120, placeholder="…") or None,
        artist=artist,
        attribution=f"Photo by {artist} on Unsplash" if artist else "Photo on Unsplash",
        url=page or f"https://unsplash.com/photos/{photo}",
        keywords=described.of(photo),
    )


def _scaled(address: str, width_px: int) -> str:
    """Ask for a width beside whatever else the address asks for."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address  # the download gives it its reason
    kept = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if pair[0] != "w"
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, ("w", str(width_px))])))


def _digest(seed: int, photo: str, word: str) -> bytes:
    text = f"{seed} {photo} {word}".encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=8).digest()
