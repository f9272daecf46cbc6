"""Which pictures a chain of near hashes ties together, in O(N) memory.

The edges come from `hamming` block by block and are merged as they come; the list of
all pairs, which thousands of equal hashes would blow up, is never held. Inside a
component `dedupe` decides who is whose copy.
"""

from collections.abc import Iterator

import numpy as np

from evoke_core.corpus.hamming import Hashes, Rows, distinct_edges

_EDGES = 1 << 20  # edges held before they are merged into components


def hamming_components(
    phashes: Hashes, radius: int, known: tuple[Hashes, Rows] | None = None
) -> Rows:
    """Label the connected components of hashes within a radius, in O(N) memory.

    Args:
        phashes: uint64[N].
        radius: Bits, 0 to 64.
        known: uint64[M] and int64[M]: the hashes of an earlier call and their labels
            at the same radius. Only what is new is then compared with all, and the
            rest of a component that lost a hash with itself. The result is the same.

    Returns:
        int64[N]: the lowest row of the component that each row belongs to.
    """
    hashes, inverse = np.unique(phashes, return_inverse=True)
    if known is None:
        labels = np.arange(len(hashes))
        edges = distinct_edges(hashes, None, radius)
    else:
        labels, fresh, broken = _resume(hashes, *known)
        edges = _edges_of_changes(hashes, fresh, broken, radius)
    return _lowest_row(_merge(labels, edges)[inverse])


def mirrored_components(phashes: Hashes, forms: Hashes, radius: int) -> Rows:
    """Label components where a picture's flips and turns count as the picture.

    Args:
        phashes: uint64[N].
        forms: uint64[N, 8], hashes of the same pictures flipped and turned.
        radius: Bits, 0 to 64.

    Returns:
        int64[N]: the lowest row of the component that each row belongs to.
    """
    hashes, places = np.unique(np.column_stack([phashes, forms]), return_inverse=True)
    places = places.reshape(len(phashes), 1 + forms.shape[1])
    own = np.unique(places[:, 0])
    ties = [np.stack([places[:, 0], form], axis=1) for form in places.T[1:]]
    labels = _merge(np.arange(len(hashes)), iter(ties))
    near = distinct_edges(hashes[own], hashes, radius)
    found = (np.stack([own[e[:, 0]], e[:, 1]], axis=1) for e in near)
    return _lowest_row(_merge(labels, found)[places[:, 0]])


def _resume(
    hashes: Hashes, known: Hashes, labels: Rows
) -> tuple[Rows, Rows, list[Rows]]:
    """Take over known components.

    Returns:
        A label for each hash, the places of new hashes, and for every component that
        lost a hash the places of what is left of it, which start alone again.
    """
    values, first = np.unique(known, return_index=True)
    place = np.searchsorted(values, hashes).clip(max=max(0, len(values) - 1))
    old = values[place] == hashes if len(values) else np.zeros(len(hashes), bool)
    gone = labels[first][~np.isin(values, hashes)]
    component = np.full(len(hashes), -1)
    component[old] = labels[first][place[old]]
    broken = old & np.isin(component, gone)
    own = np.arange(len(hashes))
    taken = old & ~broken
    _, heads, numbers = np.unique(
        component[taken], return_index=True, return_inverse=True
    )
    result = own.copy()
    result[taken] = own[taken][heads][numbers]
    torn = np.flatnonzero(broken)
    torn = torn[np.argsort(component[torn], kind="stable")]
    cuts = np.flatnonzero(np.diff(component[torn])) + 1
    return result, np.flatnonzero(~old), np.split(torn, cuts) if len(torn) else []


def _edges_of_changes(
    hashes: Hashes, fresh: Rows, broken: list[Rows], radius: int
) -> Iterator[Rows]:
    old = np.setdiff1d(np.arange(len(hashes)), fresh, assume_unique=True)
    for own in (fresh, *broken):
        for edges in distinct_edges(hashes[own], None, radius):
            yield own[edges]
    for edges in distinct_edges(hashes[fresh], hashes[old], radius):
        yield np.stack([fresh[edges[:, 0]], old[edges[:, 1]]], axis=1)


def _merge(labels: Rows, edges: Iterator[Rows]) -> Rows:
    """Merge components along edges; labels are places in labels."""
    held: list[Rows] = []
    for block in edges:
        held.append(block)
        if sum(map(len, held)) >= _EDGES:
            labels, held = _merged(labels, np.concatenate(held)), []
    return _merged(labels, np.concatenate(held)) if held else labels


def _merged(labels: Rows, edges: Rows) -> Rows:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = labels[edges[:, 0]], labels[edges[:, 1]]
    size = len(labels)
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component[labels], dtype=np.int64)


def _lowest_row(labels: Rows) -> Rows:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])
