"""Pictures through a model of this process: threads decode while it encodes.

On an accelerator the two sides have machines of their own, and overlap:

    names -> decode threads -> bounded queue -> batches -> encoder -> rows

The queue holds two batches beyond the one at the encoder: enough that neither side
waits for the other, and memory does not grow with the corpus. On cores alone they
would only take them from each other, and each operation of the model would wait for
the thread whose core was taken. There every core is a lane that takes a whole batch
from decoding to vectors by itself:

    names -> batches -> lanes (decode, then encode on one core each) -> rows

Rows come in the order of the names. Which pictures are due, and where rows are kept,
is `embed`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.corpus.thumbnails import read_thumbnail
from evoke_core.schemas import TABLES
from evoke_core.storage.store import Store
from evoke_core.vectors import Array
from evoke_core.workers import count_cores

Shown = npt.NDArray[np.uint8]  # [S, S, 3], what an encoder is given of a picture
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_BATCHES_AHEAD = 2
_MAX_THREADS = 16  # beyond that they wait for Python's own lock


@runtime_checkable
class BatchEncoder(Protocol):
    """What an encoder with a model of its own offers beyond ImageEncoder.

    It stays in one process, where its weights are, and splits its work: what threads
    can do beside it, and what only it can.
    """

    @property
    def batch(self) -> int:
        """How many pictures to encode at once."""

    def count_lanes(self) -> int:
        """Say how many threads may call encode_prepared at once; it may load."""
        ...

    def prepare(self, rgb: npt.NDArray[np.uint8]) -> Shown:
        """Bring uint8[H, W, 3] to uint8[S, S, 3]; called by many threads."""
        ...

    def encode_prepared(self, shown: Sequence[Shown]) -> Array:
        """Encode what `prepare` gave in order, float32[N, D], unit length."""
        ...


def embed_by_batches(
    names: Sequence[str], encoder: BatchEncoder, fingerprint: str, store: Store
) -> Iterator[pl.DataFrame]:
    """Embed pictures by their thumbnails.

    Args:
        names: SHA-256 of each.
        encoder: Encodes in as many threads as it has lanes.
        fingerprint: Of the encoder, for the rows.
        store: Holds the thumbnails.

    Yields:
        Rows of `image_embeddings`, a batch at a time, in the names' order.

    Raises:
        PictureRefused: A thumbnail is damaged; they are ours, so that is no bad item.
    """
    if not names:
        return
    size, lanes = encoder.batch, encoder.count_lanes()
    prepare = partial(prepare_picture, encoder=encoder, store=store)
    batches = [names[i : i + size] for i in range(0, len(names), size)]
    if lanes > 1:
        found = map_ahead(
            lambda some: encoder.encode_prepared([prepare(name) for name in some]),
            batches,
            threads=lanes,
            ahead=lanes + 1,
        )
    else:
        threads = min(count_cores(), _MAX_THREADS)
        ahead = (_BATCHES_AHEAD + 1) * size
        prepared = map_ahead(prepare, names, threads=threads, ahead=ahead)
        found = (encoder.encode_prepared(list(islice(prepared, size))) for _ in batches)
    for some, embeddings in zip(batches, found, strict=True):
        yield embedding_rows(some, fingerprint, embeddings)


def prepare_picture(name: str, encoder: BatchEncoder, store: Store) -> Shown:
    """Read, decode and resize one thumbnail."""
    return encoder.prepare(read_thumbnail(store, name))


def embedding_rows(
    names: Sequence[str], fingerprint: str, embeddings: Array
) -> pl.DataFrame:
    """Lay out rows of `image_embeddings`.

    Args:
        names: SHA-256 of N pictures.
        fingerprint: Of the encoder.
        embeddings: float32[N, D], unit length.
    """
    return TABLES["image_embeddings"].frame(
        {
            "sha256": list(names),
            "fingerprint": [fingerprint] * len(names),
            "embedding": list(embeddings.astype(np.float32)),
        }
    )


def map_ahead(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    threads: int,
    ahead: int,
) -> Iterator[_Result]:
    """Apply work in threads, in order, at most so many items ahead of the reader.

    What work raises is raised at its item; what was begun then is finished, what was
    not is dropped.
    """
    due: deque[Future[_Result]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="prepare")
    coming = iter(items)
    try:
        due.extend(pool.submit(work, item) for item in islice(coming, ahead))
        while due:
            result = due.popleft().result()
            due.extend(pool.submit(work, item) for item in islice(coming, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
