"""Stored tables as the status page reads them: what is absent is empty, not an error.

What is counted in them is the business of the modules beside this one.
"""

import io
from collections.abc import Sequence

import polars as pl

from evoke_core.schemas import TABLES
from evoke_core.storage.store import Store


def read_known(store: Store, name: str, columns: Sequence[str]) -> pl.DataFrame:
    """Read some columns of a table of the data dictionary with all its parts.

    Args:
        store: Where it lies.
        name: Of the table.
        columns: Wanted, in order.

    Returns:
        Its rows. A part that is damaged, or that an older version wrote without one of
        the columns, counts as absent: the page says what is there.
    """
    frames = [TABLES[name].empty().select(columns)]
    for found in store.listing(f"tables/{name}/"):
        try:
            part = pl.read_parquet(
                io.BytesIO(store.read(found.key)), columns=[*columns]
            )
            frames.append(part.cast(frames[0].schema))
        except (KeyError, pl.exceptions.PolarsError):
            continue
    return pl.concat(frames)
