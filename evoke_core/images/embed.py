"""The table of image embeddings: every distinct picture once per encoder."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import polars as pl

from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.images.attributes import measure_attributes
from evoke_core.images.encode import ImageEncoder
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.journal import Journal
from evoke_core.workers import map_over_cores, with_progress

_BATCH = 32


def embed_pictures(
    facts: pl.DataFrame,
    known: pl.DataFrame,
    encoder: ImageEncoder,
    journal: Journal,
    *,
    report: Callable[[int, int], None],
) -> pl.DataFrame:
    """Embed every picture that this encoder has not embedded yet.

    Args:
        facts: The table `image_facts`.
        known: An earlier table `image_embeddings`, or an empty one.
        encoder: Its fingerprint decides what of `known` still holds.
        journal: What an interrupted run embedded, and where this one notes it; its
            store holds the thumbnails.
        report: Is told (done, total).

    Returns:
        The table `image_embeddings`, one row per distinct sha256.
    """
    wanted = facts.filter(pl.col("status") == "measured").select("sha256").unique()
    before = pl.concat([known, journal.rows()]).unique("sha256", keep="last")
    kept = before.filter(pl.col("fingerprint") == encoder.fingerprint).join(
        wanted, on="sha256", how="semi"
    )
    missing = wanted.join(kept, on="sha256", how="anti")["sha256"].sort().to_list()
    batches = [missing[i : i + _BATCH] for i in range(0, len(missing), _BATCH)]
    work = partial(_embed_batch, encoder=encoder, uri=journal.store.uri)
    frames = with_progress(
        map_over_cores(work, batches), total=len(batches), report=report, every=10
    )
    return pl.concat([kept, journal.keep(frames)]).sort("sha256")


def _embed_batch(
    names: Sequence[str], *, encoder: ImageEncoder, uri: str
) -> pl.DataFrame:
    store = open_store(uri)
    pictures = [decode_picture(store.read(thumbnail_key(name))).rgb for name in names]
    attributes = np.stack([measure_attributes(picture) for picture in pictures])
    embeddings = encoder.encode_images(pictures)
    return TABLES["image_embeddings"].frame(
        {
            "sha256": list(names),
            "fingerprint": [encoder.fingerprint] * len(names),
            "attributes": list(attributes.astype(np.float32)),
            "embedding": list(embeddings.astype(np.float32)),
        }
    )
