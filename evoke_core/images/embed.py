"""The table of image embeddings: every distinct picture once per encoder."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import polars as pl

from evoke_core.corpus.decode import decode_picture
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.images.attributes import measure_attributes
from evoke_core.images.encode import ImageEncoder
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

_BATCH = 32


def embed_pictures(
    facts: pl.DataFrame,
    known: pl.DataFrame,
    encoder: ImageEncoder,
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> pl.DataFrame:
    """Embed every picture that this encoder has not embedded yet.

    Args:
        facts: The table `image_facts`.
        known: An earlier table `image_embeddings`, or an empty one.
        encoder: Its fingerprint decides what of `known` still holds.
        store: Where the thumbnails are.
        report: Is told (done, total).

    Returns:
        The table `image_embeddings`, one row per distinct sha256.
    """
    wanted = facts.filter(pl.col("status") == "measured").select("sha256").unique()
    kept = known.filter(pl.col("fingerprint") == encoder.fingerprint).join(
        wanted, on="sha256", how="semi"
    )
    missing = wanted.join(kept, on="sha256", how="anti")["sha256"].sort().to_list()
    batches = [missing[i : i + _BATCH] for i in range(0, len(missing), _BATCH)]
    work = partial(_embed_batch, encoder=encoder, uri=store.uri)
    results = with_progress(
        map_over_cores(work, batches), total=len(batches), report=report, every=10
    )
    rows = [row for batch in results for row in batch]
    schema = {name: c.dtype for name, c in TABLES["image_embeddings"].columns.items()}
    return pl.concat(
        [kept.select(list(schema)), pl.DataFrame(rows, schema=schema)]
    ).sort("sha256")


def _embed_batch(
    batch: Iterable[str], *, encoder: ImageEncoder, uri: str
) -> list[dict[str, Any]]:
    store = open_store(uri)
    names = list(batch)
    pictures = [decode_picture(store.read(thumbnail_key(name))).rgb for name in names]
    embeddings = encoder.encode_images(pictures)
    return [
        {
            "sha256": name,
            "fingerprint": encoder.fingerprint,
            "attributes": measure_attributes(picture).tolist(),
            "embedding": embedding.tolist(),
        }
        for name, picture, embedding in zip(names, pictures, embeddings, strict=True)
    ]
