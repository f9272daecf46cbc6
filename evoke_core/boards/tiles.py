"""JPEGs of the pictures that a board shows, in the sizes that its page carries.

A tile is the picture's thumbnail where that is as wide as a column; a tall picture's is
cut from the original, once, and kept by content hash. Previews are cut with the corpus
(`evoke_core.corpus.previews`); one that is not there yet is cut here.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

from PIL import Image

from evoke_core.corpus.decode import THUMBNAIL_PX, decode_picture, encode_jpeg
from evoke_core.corpus.fetch import read_picture
from evoke_core.corpus.previews import make_preview, preview_key
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import PictureRefused
from evoke_core.storage.store import Store

TILE_PX = 480  # width of a column on a dense screen
_QUALITY = 80
_READERS = 8  # a bucket answers in 20 ms, and a page asks for 540 pictures
Jpegs = dict[str, bytes]
Where = tuple[str, str]  # SHA-256 and location of the original
_Asked = tuple[Any, ...]  # a method of TileImages, and what it is given


class TileImages:
    """JPEGs of pictures out of a store; those that songs share are read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Silencing Pillow's warnings is for one thread at a time.
        self._cutting = Lock()
        self._preview = lru_cache(maxsize=4096)(self._get_preview)
        self._tile = lru_cache(maxsize=512)(self._get_tile)

    def preview(self, sha256: str) -> bytes:
        """Return about 160 px, for a candidate.

        Raises:
            KeyError: The picture was withdrawn.
            PictureRefused: Its thumbnail is damaged.
        """
        return self._preview(sha256)

    def tile(self, sha256: str, location: str) -> bytes:
        """Return at least 480 px wide where the picture is, for a tile on the board.

        Raises:
            KeyError: The picture was withdrawn.
            PictureRefused: Its thumbnail is damaged.
        """
        return self._tile(sha256, location)

    def of_board(
        self, document: Mapping[str, Any], where: Callable[[Mapping[str, Any]], Where]
    ) -> tuple[Jpegs, Jpegs]:
        """Get all that a board's page carries, several at a time.

        Args:
            document: The board.
            where: Finds a tile or candidate of it.

        Returns:
            Tiles and previews by image_id. One that was withdrawn since is in neither,
            and leaves its colours.
        """
        tiles, candidates = document["tiles"], document["candidates"]
        asked: list[_Asked] = [(self.tile, *where(one)) for one in tiles]
        asked += [(self.preview, where(one)[0]) for one in candidates]
        with ThreadPoolExecutor(_READERS, thread_name_prefix="tiles") as readers:
            # one map: a store that is away is not asked for the rest
            found = list(readers.map(_found, asked))
        return _by_id(tiles, found), _by_id(candidates, found[len(tiles) :])

    def _get_preview(self, sha256: str) -> bytes:
        key = preview_key(sha256)
        try:
            return self._store.read(key)
        except KeyError:
            with self._cutting:
                made = make_preview(self._store, sha256)
            self._store.write(key, made)
            return made

    def _get_tile(self, sha256: str, location: str) -> bytes:
        thumbnail = self._store.read(thumbnail_key(sha256))
        width, height = _size(thumbnail)
        if width >= TILE_PX or height < THUMBNAIL_PX:  # a column's width, or all of it
            return thumbnail
        key = f"tiles/{sha256[:2]}/{sha256}.jpg"
        with suppress(KeyError):
            return self._store.read(key)
        longest = round(TILE_PX * height / width)
        try:
            with self._cutting:
                made = self._cut_tile(location, longest)
        except (KeyError, PictureRefused):  # it may be back some day: nothing is kept
            return thumbnail
        self._store.write(key, made)
        return made

    def _cut_tile(self, location: str, longest_px: int) -> bytes:
        original = read_picture(location, self._store)
        pixels = decode_picture(original, longest_px=longest_px).rgb
        return encode_jpeg(pixels, longest_px=longest_px, quality=_QUALITY)


def made_for(shown: Mapping[str, Any]) -> Where:
    """Find a tile or candidate of a stored board by the link to its thumbnail.

    The original is not known: a tile that was cut from it is read, not cut again.
    """
    return PurePosixPath(str(shown["thumbnail"])).stem, ""


def _size(thumbnail: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(thumbnail)) as header:
            return header.size
    except OSError as damaged:
        raise PictureRefused(
            "truncated",
            f"A thumbnail is damaged ({damaged}); refresh_corpus makes it again.",
        ) from damaged


def _found(asked: _Asked) -> bytes | None:
    get, sha256, *location = asked
    try:
        jpeg: bytes | None = get(sha256, *location) if sha256 else None
    except (KeyError, PictureRefused):
        return None
    return jpeg


def _by_id(shown: Sequence[Mapping[str, Any]], jpegs: Sequence[bytes | None]) -> Jpegs:
    pairs = zip(shown, jpegs, strict=False)
    return {str(one["image_id"]): jpeg for one, jpeg in pairs if jpeg is not None}
