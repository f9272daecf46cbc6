"""What a long piece of work has done so far, so that a killed run loses little of it.

Rows lie as small Parquet files at `unfinished/<table>/<part>/` until the table that
they belong to is written whole; whoever resumes decides which of them still hold.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import polars as pl

from evoke_core.schemas import TABLES
from evoke_core.storage.store import Store
from evoke_core.storage.tables import WHOLE, read_frame, write_frame

_ROWS = 2048  # a part


@dataclass(frozen=True, slots=True)
class Journal:
    """Finished rows of a table that is not finished.

    Args:
        store: Where the parts lie.
        table: Name in the data dictionary.
        part: Of a partitioned table.
        seconds: Of work that a kill may cost; at 0 every frame is written as it comes.
    """

    store: Store
    table: str
    part: str = WHOLE
    seconds: float = 5.0

    def rows(self) -> pl.DataFrame:
        """Return the rows that interrupted work left; what is damaged is removed."""
        # Rows of an older schema are nothing to resume from.
        empty = TABLES[self.table].empty()
        parts = [empty]
        for found in self.store.listing(self._prefix):
            try:
                parts.append(read_frame(self.store, found.key))
            except KeyError:
                continue  # another run that finished the table has cleared it away
            except pl.exceptions.PolarsError:
                self.store.delete(found.key)
        return pl.concat(part for part in parts if part.schema == empty.schema)

    def keep(self, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Gather frames into one, and write down what has come in now and then."""
        done = [TABLES[self.table].empty()]
        loose: list[pl.DataFrame] = []
        written = time.monotonic()
        for frame in frames:
            loose.append(frame)
            late = time.monotonic() - written > self.seconds
            if late or sum(each.height for each in loose) >= _ROWS:
                done.append(self._write(loose))
                loose, written = [], time.monotonic()
        return pl.concat([*done, *loose])

    def clear(self) -> None:
        """Forget everything: the table has been written."""
        for found in list(self.store.listing(self._prefix)):
            self.store.delete(found.key)

    @property
    def _prefix(self) -> str:
        return f"unfinished/{self.table}/{self.part}/"

    def _write(self, frames: list[pl.DataFrame]) -> pl.DataFrame:
        part = pl.concat(frames).rechunk()
        key = f"{self._prefix}{time.time_ns():020}.parquet"
        write_frame(self.store, key, part)
        return part


def as_frames(
    table: str, rows: Iterable[Mapping[str, Any]], *, at_once: int = 32
) -> Iterator[pl.DataFrame]:
    """Turn rows into frames of a table's schema, a few at a time."""
    coming = iter(rows)
    while some := list(islice(coming, at_once)):
        yield TABLES[table].frame(some)
