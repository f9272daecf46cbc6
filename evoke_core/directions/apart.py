"""Orthonormal directions along each of which one attribute co-varies and no other.

A query that moves along d finds pictures whose attribute differs by Cov(attribute, x)
d, so d must be orthogonal to the other attributes' covariances; to be orthogonal to
their regression weights is not enough (Haufe et al., NeuroImage 87, 2014, on patterns
and filters). Attributes of real pictures go together, so within the span of the four
covariances no orthogonal set does that. Four more dimensions do: what is missing to
orthogonality is added outside that span, where the embeddings hardly vary and so no
ranking changes, or towards text poles where there are some.

Linear, in one step, from second moments alone; `found` follows what retrieval does.
"""

from typing import cast

import numpy as np

from evoke_core.vectors import Array, Array64, l2_normalize

_TEXT_SHARE = 0.5  # of the freedom that is spent on being near the poles of the texts
_NOTHING = 1e-9


def directions_apart(
    embeddings: Array, attributes: Array, text_poles: Array | None = None
) -> Array:
    """Find directions that move one attribute and, to first order, no other.

    Args:
        embeddings: float32[N, D].
        attributes: float32[N, 4]; one that does not vary gets some free direction.
        text_poles: float32[4, D], high less low of each axis.

    Returns:
        float32[4, D], orthonormal rows. With D < 8 there is no room outside: then the
        nearest orthonormal set to those that move one attribute each (Löwdin 1950).
    """
    centred = embeddings.astype(np.float64) - embeddings.mean(axis=0)
    pull = centred.T @ standard_scores(attributes) / len(centred)  # [D, 4]
    alone = l2_normalize(np.linalg.pinv(pull, rcond=1e-6).T.T).astype(np.float64)
    if embeddings.shape[1] < 2 * len(alone):
        return nearest_orthonormal(alone)
    overlap = alone @ alone.T
    share = 1.0 if text_poles is None else _TEXT_SHARE
    share /= float(np.linalg.eigvalsh(overlap)[-1]) or 1.0
    root = _square_root(np.eye(len(alone)) - share * overlap)
    outside = _outside(pull)  # [D, D - rank]
    if text_poles is None:
        wanted = _stillest(centred @ outside) @ outside.T
    else:
        wanted = text_poles.astype(np.float64) @ outside @ outside.T
    left, _, right = np.linalg.svd(root @ wanted, full_matrices=False)
    found = np.sqrt(share) * alone + root @ left @ right
    return nearest_orthonormal(found)  # rounding only


def standard_scores(attributes: Array) -> Array64:
    """Centre columns and divide by their deviation; one that does not vary is 0."""
    wide = attributes.astype(np.float64)
    spread = wide.std(axis=0)
    varies = spread > _NOTHING
    scores = (wide - wide.mean(axis=0)) / np.where(varies, spread, 1.0)
    return np.where(varies, scores, 0.0)


def nearest_orthonormal(rows: Array | Array64) -> Array:
    """Return the orthonormal set nearest to K rows, favouring none, float32[K, D]."""
    left, _, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    return cast("Array", (left @ right).astype(np.float32))


def _square_root(symmetric: Array64) -> Array64:
    values, vectors = np.linalg.eigh(symmetric)
    return cast("Array64", (vectors * np.sqrt(values.clip(0))) @ vectors.T)


def _outside(columns: Array64) -> Array64:
    """Orthonormal basis of what is orthogonal to the columns, float64[D, D - rank]."""
    left, strength, _ = np.linalg.svd(columns, full_matrices=True)
    rank = int((strength > _NOTHING * max(strength[0], _NOTHING)).sum())
    return cast("Array64", left[:, rank:])


def _stillest(centred: Array64) -> Array64:
    """The four directions in which rows vary least, float64[4, D]."""
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return cast("Array64", vectors[:, :4].T)
