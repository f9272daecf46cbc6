"""The nearest vectors by looking at every one, without an index.

What the index is held to, and what is asked where all vectors are in memory already: a
board that is refined, for instance.
"""

from typing import cast

import numpy as np
import numpy.typing as npt

from evoke_core.vectors import Array, Array64, row_blocks

Rows = npt.NDArray[np.int64]


def nearest(embeddings: Array, queries: Array, top_k: int) -> tuple[Rows, Array64]:
    """Find the rows of largest inner product with each query, best first.

    Scores are summed once more in double precision, one row at a time, so that equal
    rows have equal scores, and the answer depends neither on how many queries are asked
    together nor on the matrix library.

    Args:
        embeddings: float32[N, D], unit length: what rounding may do is bounded by it.
        queries: float32[Q, D] of any length; unit length makes the scores cosines.
        top_k: Rows per query; where there are fewer, all of them.

    Returns:
        Row numbers int64[Q, k] and scores float64[Q, k], k = min(top_k, N); of equal
        scores the lower row comes first.

    Raises:
        ValueError: top_k is below 1, or queries have another length than embeddings.
    """
    if top_k < 1 or queries.shape[1] != embeddings.shape[1]:
        raise ValueError(
            f"top_k {top_k} of {embeddings.shape} asked with {queries.shape}; ask for "
            "at least 1, with vectors of the same length"
        )
    count = min(top_k, len(embeddings))
    rows = np.empty((len(queries), count), np.int64)
    scores = np.empty((len(queries), count), np.float64)
    for some in row_blocks(len(queries) if count else 0, len(embeddings)):
        asked = queries[some]
        rough = asked @ embeddings.T  # [q, D] @ [D, N] -> [q, N]
        for at, query in enumerate(asked):
            found = _nearest_to_one(embeddings, query, rough[at], count)
            rows[some.start + at], scores[some.start + at] = found
    return rows, scores


def _nearest_to_one(
    embeddings: Array, query: Array, rough: Array, count: int
) -> tuple[Rows, Array64]:
    """Choose by rough scores who may be among the best, then rank by exact ones."""
    worst = np.partition(rough, len(rough) - count)[-count]
    # Twice the rounding error that a float32 sum of D products may have: rows are of
    # unit length.
    error = 2 * len(query) * np.finfo(np.float32).eps * np.linalg.norm(query)
    maybe = np.flatnonzero(rough >= worst - error)
    products = embeddings[maybe].astype(np.float64) * query.astype(np.float64)
    exact = products.sum(axis=1)
    best = np.argsort(-exact, kind="stable")[:count]
    return maybe[best], cast("Array64", exact[best])
