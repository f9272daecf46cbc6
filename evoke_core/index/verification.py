"""Whether a collection holds what it was given and finds what is nearest.

Nothing is mended here; what a failed check leads to is decided by who asks.
"""

from typing import Any, cast

import numpy as np
import polars as pl

from evoke_core.errors import IndexUnavailable
from evoke_core.index.connection import ANSWER_S
from evoke_core.index.exact import nearest
from evoke_core.index.filters import quoted
from evoke_core.storage.store import digest
from evoke_core.vectors import Array, l2_normalize

MIN_RECALL = 0.98
_SAMPLE = 64
_PROBES = 50
_NEAREST = 100  # per probe: boards ask for hundreds, not for the first few


def count_rows(client: Any, name: str, expression: str = "") -> int:  # noqa: ANN401
    """Count the rows of a loaded collection that pass a filter."""
    found = client.query(
        name, filter=expression, output_fields=["count(*)"], timeout=ANSWER_S
    )
    return int(found[0]["count(*)"])


def verify_rows(client: Any, name: str, rows: pl.DataFrame, embeddings: Array) -> None:  # noqa: ANN401
    """Check the number of rows, and every field and number of a sample of them.

    Raises:
        IndexUnavailable: What was stored is not what was given.
    """
    count = count_rows(client, name)
    if count != rows.height:
        raise IndexUnavailable(
            f"{name}: {count} of {rows.height} pictures arrived; publish again"
        )
    chosen = _sample(rows.height, _SAMPLE)
    given = {
        row["image_id"]: _checksum(row, embeddings[at])
        for at, row in zip(chosen, rows[chosen].to_dicts(), strict=True)
    }
    stored = client.query(
        name,
        filter=f"image_id in {quoted(list(given))}",
        output_fields=[*rows.columns, "embedding"],
        timeout=ANSWER_S,
    )
    found = {row["image_id"]: _checksum(row, row["embedding"]) for row in stored}
    wrong = sorted(key for key, value in given.items() if found.get(key) != value)
    if wrong:
        raise IndexUnavailable(
            f"{name}: {len(wrong)} of {len(given)} sampled pictures are stored "
            f"otherwise than given, {wrong[0]!r} among them; publish again"
        )


def probes_of(embeddings: Array) -> Array:
    """Choose what recall is measured with: pictures, and places between two of them.

    Songs ask between pictures, and there a graph of neighbours is at its weakest.
    """
    rows = _sample(len(embeddings), _PROBES)
    others = np.random.default_rng(1).permutation(rows)
    between = l2_normalize(embeddings[rows] + embeddings[others])
    return cast("Array", np.vstack([embeddings[rows], between]))


def recall_at_k(
    found: list[list[str]], probes: Array, image_ids: list[str], embeddings: Array
) -> float:
    """Return the share of the truly nearest that were found; equal scores count.

    Args:
        found: Ids per probe, as many as `depth` says.
        probes: float32[P, D].
        image_ids: Of the rows of embeddings.
        embeddings: float32[N, D], unit length.
    """
    row_of = {image_id: row for row, image_id in enumerate(image_ids)}
    _, scores = nearest(embeddings, probes, depth(len(embeddings)))
    good = 0
    for probe, ids, worst in zip(probes, found, scores[:, -1], strict=True):
        rows = [row_of[image_id] for image_id in set(ids)]
        good += int((embeddings[rows] @ probe >= worst - 1e-5).sum())
    return good / scores.size


def depth(pictures: int) -> int:
    """Return k, at which recall is measured."""
    return min(_NEAREST, pictures)


def _sample(count: int, wanted: int) -> list[int]:
    """Choose rows all over the collection, the same every time."""
    chosen = np.random.default_rng(0).choice(count, min(wanted, count), replace=False)
    return sorted(chosen.tolist())


def _checksum(row: dict[str, Any], embedding: object) -> str:
    """Digest a row; numbers as float32, which is what is stored."""
    plain = {
        field: float(np.float32(value)) if isinstance(value, float) else value
        for field, value in row.items()
        if field not in ("embedding", "moods")
    }
    plain["moods"] = list(row["moods"])  # a server's own kind of list
    vector = np.asarray(embedding, np.float32).tobytes()
    return digest([plain, digest(vector)])
