"""Whether the index holds and finds what the release promises, asked of it now.

Building and mending are `index.image_index` and the job publish_release.
"""

from dataclasses import dataclass

from evoke_core.errors import IndexUnavailable, ReleaseMissing
from evoke_core.index.image_index import ImageIndex
from evoke_core.index.verification import (
    MIN_RECALL,
    count_rows,
    depth,
    probes_of,
    recall_at_k,
)
from evoke_core.release import Release, read_previous_release
from evoke_core.status.served import Served
from evoke_core.storage.store import Store

_REMEDY = "run the job publish_release"


@dataclass(frozen=True, slots=True)
class Health:
    """What the index answered.

    Args:
        collection: That the release names.
        count: Rows it holds; None where it could not be asked.
        expected: Pictures that the release promises.
        recall: Share of the truly nearest that it finds, 0 to 1; None where it could
            not be measured.
        alias: Collection that the alias points at, None for nowhere.
        previous: Collection to roll back to; None where there is none.
        previous_is_there: Whether the index still has that one.
        problems: In words, with their remedies; none where all is well.
    """

    collection: str
    count: int | None
    expected: int
    recall: float | None
    alias: str | None
    previous: str | None
    previous_is_there: bool
    problems: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be done."""
        return not self.problems


def check_index(
    store: Store, index: ImageIndex, release: Release, served: Served
) -> Health:
    """Ask the index for what the release promises.

    Args:
        store: Where the release before lies.
        index: An open connection.
        release: What is served.
        served: Pictures of the tables, to measure recall with.
    """
    previous = _previous(store)
    alias, present = glance(store, index, release)
    kept = previous is not None and previous in present
    problems = []
    if previous is not None and not kept:
        problems.append(f"the release before can't be served: {previous} is gone")
    if alias != release.collection:
        problems.append(f"the alias points elsewhere; {_REMEDY}")
    count, recall = None, None
    try:
        index.require(release.collection, served.vectors.shape[1])
        count = count_rows(index.client, release.collection)
        recall = _recall(index, release.collection, served)
    except IndexUnavailable as wrong:
        problems.append(str(wrong))
    if count is not None and count != release.pictures:
        problems.append(f"it holds {count} of {release.pictures} pictures; {_REMEDY}")
    if count is not None and recall is None:
        problems.append(f"pictures have changed since it was built; {_REMEDY}")
    if recall is not None and recall < MIN_RECALL:
        problems.append(f"it misses {1 - recall:.1%} of what is nearest; {_REMEDY}")
    return Health(
        release.collection, count, release.pictures, recall, alias, previous, kept,
        tuple(problems),
    )  # fmt: skip


def glance(
    store: Store, index: ImageIndex, release: Release
) -> tuple[str | None, list[str]]:
    """Look whether what is served, and was before, is there; nothing is searched.

    Returns:
        The collection that the alias points at, and those of the two that are there.
    """
    named = (release.collection, _previous(store))
    return index.served_collection(), [
        name for name in named if name and index.has(name)
    ]


def unreachable(store: Store, release: Release, why: str) -> Health:
    """Say that the index could not be asked, and what is known without it."""
    return Health(
        release.collection, None, release.pictures, None, None, _previous(store),
        previous_is_there=False, problems=(why,),
    )  # fmt: skip


def _recall(index: ImageIndex, collection: str, served: Served) -> float | None:
    """Compare with exact search; None where the collection is of other pictures."""
    probes = probes_of(served.vectors)
    hits = index.search(collection, probes, top_k=depth(len(served)))
    found = [[hit.image_id for hit in each] for each in hits]
    known = set(served.image_ids)
    if any(image_id not in known for each in found for image_id in each):
        return None
    return recall_at_k(found, probes, list(served.image_ids), served.vectors)


def _previous(store: Store) -> str | None:
    try:
        return read_previous_release(store).collection
    except ReleaseMissing:
        return None
