"""The table of image embeddings: every distinct picture once per encoder.

How pictures get through an encoder is not here: one with a model of its own goes by
`engine`, a pure function of pixels by processes on all cores.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import polars as pl

from evoke_core.corpus.thumbnails import read_thumbnail
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.engine import BatchEncoder, embed_by_batches, embedding_rows
from evoke_core.images.precomputed import (
    BATCH,
    PrecomputedImages,
    embed_by_name,
    without_unfindable,
)
from evoke_core.storage.address import open_store
from evoke_core.storage.journal import Journal
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

_REPORT_EVERY = 10  # batches


def embed_pictures(
    facts: pl.DataFrame,
    known: pl.DataFrame,
    encoder: ImageEncoder,
    journal: Journal,
    *,
    report: Callable[[int, int], None],
    elsewhere: Callable[[], ImageEncoder] | None = None,
) -> pl.DataFrame:
    """Embed every picture that this encoder has not embedded yet.

    Args:
        facts: The table `image_facts`.
        known: An earlier table `image_embeddings`, or an empty one.
        encoder: Its fingerprint decides what of `known` still holds.
        journal: What an interrupted run embedded, and where this one notes it; its
            store holds the thumbnails.
        report: Is told (done, total).
        elsewhere: Picklable; opens the same encoder on another machine. Where given,
            pictures are embedded by Ray, else by this process and its children.

    Returns:
        The table `image_embeddings`, one row per distinct sha256.
    """
    facts = without_unfindable(facts, encoder)
    wanted = facts.filter(pl.col("status") == "measured").select("sha256").unique()
    before = pl.concat([known, journal.rows()]).filter(
        pl.col("fingerprint") == encoder.fingerprint
    )
    kept = before.unique("sha256", keep="last").join(wanted, on="sha256", how="semi")
    missing = wanted.join(kept, on="sha256", how="anti")["sha256"].sort().to_list()
    if isinstance(encoder, PrecomputedImages):
        total = -(-len(missing) // BATCH)
        frames = embed_by_name(missing, facts, encoder)
    elif elsewhere is None:
        total, frames = _frames(missing, encoder, journal.store)
    else:
        total, frames = _frames_by_ray(missing, encoder, journal.store, elsewhere)
    shown = with_progress(frames, total=total, report=report, every=_REPORT_EVERY)
    return pl.concat([kept, journal.keep(shown)]).sort("sha256")


def _frames(
    names: Sequence[str], encoder: ImageEncoder, store: Store
) -> tuple[int, Iterator[pl.DataFrame]]:
    """Return how many frames of rows will come, and the frames."""
    if isinstance(encoder, BatchEncoder):
        total = -(-len(names) // encoder.batch)
        return total, embed_by_batches(names, encoder, encoder.fingerprint, store)
    batches = _batches(names)
    work = partial(_embed_batch, encoder=encoder, uri=store.uri)
    return len(batches), map_over_cores(work, batches)


def _frames_by_ray(
    names: Sequence[str],
    encoder: ImageEncoder,
    store: Store,
    elsewhere: Callable[[], ImageEncoder],
) -> tuple[int, Iterator[pl.DataFrame]]:
    from evoke_core.images.ray_engine import map_on_devices

    batches = _batches(names)
    work = partial(_work_elsewhere, elsewhere, store.uri)
    fingerprint = encoder.fingerprint
    return len(batches), map_on_devices(work, batches, fingerprint=fingerprint)


def _work_elsewhere(
    elsewhere: Callable[[], ImageEncoder], uri: str
) -> Callable[[Sequence[str]], pl.DataFrame]:
    """Open the encoder where the work is done; once on each actor."""
    return partial(_embed_batch, encoder=elsewhere(), uri=uri)


def _batches(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[i : i + BATCH] for i in range(0, len(names), BATCH)]


def _embed_batch(
    names: Sequence[str], *, encoder: ImageEncoder, uri: str
) -> pl.DataFrame:
    store = open_store(uri)
    pictures = [read_thumbnail(store, name) for name in names]
    embeddings = encoder.encode_images(pictures)
    return embedding_rows(names, encoder.fingerprint, embeddings)
