"""What the drop sensor costs over a large bucket, beside listing it.

100,000 songs, all but 20 of them in the ledger, in a bucket in memory that answers by
pages of 1,000 keys as S3 does. Pages and other questions are counted; since the pages
are made before, nearly all processor time is the sensor's own.
"""

import sys
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of
from evoke_core.drops.sweep import Sweep, dump_sweep, load_sweep
from evoke_core.drops.tick import TickRules, take_tick
from evoke_core.storage.store import StoredObject
from tests.benchmarks.row import Row, compare

_KEYS = 100_000
_NEW = 20
_PAGE = 1000
_NOW_S = 1e9


@dataclass
class Bucket:
    """The part of a store that a tick uses, over keys that are sorted once."""

    uri: str = "s3://large"
    blobs: dict[str, bytes] = field(default_factory=dict)
    listed: list[StoredObject] = field(default_factory=list)
    pages: int = 0
    questions: int = 0

    def write(self, key: str, data: bytes, *, cache_control: str | None = None) -> None:
        """Put a blob."""
        self.blobs[key] = data

    def sort(self) -> None:
        """Make the listing of all that was put."""
        self.listed = [
            StoredObject(key, len(self.blobs[key]), f"{hash(key) & 0xFFFFFF:032x}", 0.0)
            for key in sorted(self.blobs)
        ]

    def listing(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Yield what lies below a prefix, and count the pages that are begun."""
        start = bisect_right(self.listed, max(prefix, after), key=lambda each: each.key)
        for row in range(start, len(self.listed)):
            if not self.listed[row].key.startswith(prefix):
                return
            self.pages += (row - start) % _PAGE == 0
            yield self.listed[row]

    def exists(self, key: str) -> bool:
        """Say whether a blob is there."""
        self.questions += 1
        return key in self.blobs

    def read(self, key: str) -> bytes:
        """Return a blob."""
        self.questions += 1
        return self.blobs[key]


def rows() -> Iterator[Row]:
    """Walk once over the bucket."""
    bucket = _bucket()
    sweep, ticks, asked, pages, cursor = Sweep(), 0, 0, 0, 0
    started = time.process_time()
    while True:
        before = bucket.pages
        tick = take_tick(
            bucket,  # type: ignore[arg-type]
            sweep,
            launched=lambda names: names,
            now_s=_NOW_S,
            rules=TickRules(),
        )
        asked, ticks = asked + len(tick.asks), ticks + 1
        pages = max(pages, bucket.pages - before)
        written = dump_sweep(tick.sweep)
        cursor = max(cursor, len(written))
        if tick.ended:
            break
        sweep = load_sweep(written)
    seconds = time.process_time() - started
    said = (
        f"{_KEYS:,} keys, {asked} of {_NEW} new ones asked for; {ticks} ticks of at "
        f"most {pages} pages, {bucket.questions} other questions, cursor {cursor} bytes"
    )
    is_right = asked == _NEW and cursor <= 4096
    yield compare("drops_100k", [seconds], [1.0], said, same=is_right)


def _bucket() -> Bucket:
    bucket = Bucket()
    for number in range(_KEYS):
        folder = f"drops/Artist {number % 700:03d}/Album {number % 7}"
        bucket.write(f"{folder}/{number:06d} - A Söng's name.mp3", b"x")
    bucket.sort()
    for number, found in enumerate(bucket.listed):
        if number % (_KEYS // _NEW):
            ledger.record(bucket, drop_of(found.key, found.etag), "board", "")  # type: ignore[arg-type]
    etags = {found.key: found.etag for found in bucket.listed}
    bucket.sort()
    bucket.listed = [
        StoredObject(each.key, 1, etags.get(each.key, each.etag), 0.0)
        for each in bucket.listed
    ]
    return bucket


if __name__ == "__main__":
    for each in rows():
        sys.stdout.write(f"{each.name}: {each.ours:.2f} s; {each.said}\n")
