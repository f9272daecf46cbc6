"""The picture index: a Milvus collection behind an alias.

A new collection is built whole, verified, and only then does the alias move to it; the
one before stays for roll-back. How rows are laid out is in `collection`, how a server
or a file is reached in `connection`.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from evoke_core.errors import IndexUnavailable, IndexUnreachable
from evoke_core.index.collection import (
    FIELDS,
    LAYOUT,
    LOAD_S,
    ROWS_AT_ONCE,
    add_index,
    as_rows,
    create,
    drop_index,
    fill,
    index_kinds,
    search_depth,
)
from evoke_core.index.connection import ANSWER_S, is_lite, open_client, reaching
from evoke_core.index.exact import nearest
from evoke_core.index.filters import NO_FILTERS, Filters
from evoke_core.index.verification import (
    MIN_RECALL,
    count_rows,
    depth,
    probes_of,
    recall_at_k,
    verify_rows,
)
from evoke_core.vectors import Array, l2_normalize

__all__ = ["ALIAS", "FIELDS", "Hit", "ImageIndex", "collection_name", "open_index"]

ALIAS = "evoke_images"
_OURS = "images_"
_WAITS_S = (0.2, 0.5, 1.0)  # while a server hands a collection from node to node


@dataclass(frozen=True, slots=True)
class Hit:
    """A picture that was found, with its cosine similarity."""

    image_id: str
    score: float


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """An open connection to the index; get one from `open_index`.

    Every method raises IndexUnreachable where the server is away, and IndexUnavailable
    where it could not do what was asked.

    Args:
        client: A MilvusClient.
        uri: Where it is connected to.
    """

    client: Any
    uri: str = field(default="", kw_only=True)

    def build(self, name: str, pictures: pl.DataFrame, embeddings: Array) -> None:
        """Make a collection, fill it, index it and verify it.

        Args:
            name: Named after its content, so one of the same name that verifies
                is left as it is (it may be served); one that does not is replaced.
            pictures: The columns of FIELDS, one row per picture.
            embeddings: float32[N, D], unit length, in the rows' order.

        Raises:
            IndexUnavailable: What was stored is not what was given.
        """
        rows = as_rows(pictures)
        if self.has(name):
            try:
                with self._reaching():
                    self.client.load_collection(name, timeout=LOAD_S)
                self._verify(name, rows, embeddings)
            except IndexUnreachable:
                raise
            except IndexUnavailable:  # an interrupted build
                with self._reaching():
                    self.client.drop_collection(name, timeout=ANSWER_S)
            else:
                return
        with self._reaching():
            create(self.client, name, embeddings.shape[1])
            fill(self.client, name, rows, embeddings)
        *approximate, exact = index_kinds(rows.height, lite=is_lite(self.uri))
        for kind in approximate:
            with self._reaching():
                add_index(self.client, name, kind)
            if self._recall(name, rows, embeddings) >= MIN_RECALL:
                break
            with self._reaching():  # it misses too much, so it goes
                drop_index(self.client, name)
        else:
            with self._reaching():
                add_index(self.client, name, exact)
        self._verify(name, rows, embeddings)

    def serve(self, name: str, *, keep: Sequence[str]) -> None:
        """Point the alias at a collection and drop those that nobody needs.

        Args:
            name: The collection that readers find from now on.
            keep: Further collections to leave for roll-back. One that an alias of
                somebody else's points at stays, too.
        """
        self.point(name)
        with self._reaching():
            for other in self.client.list_collections(timeout=ANSWER_S):
                if (
                    other.startswith(_OURS)
                    and other not in (name, *keep)
                    and not self._aliases(other)  # dropping would take them along
                ):
                    self.client.drop_collection(other, timeout=ANSWER_S)

    def point(self, name: str) -> None:
        """Point the alias at a collection, in one step, and drop nothing.

        For other programs: ours read the collection that the release names. Where
        questions meet the move, a server may go on answering by the collection before
        until the alias moves again (Milvus 2.3.5; its issues 36806 and 52351).
        """
        named = {"collection_name": name, "alias": ALIAS, "timeout": ANSWER_S}
        is_first = self.served_collection() is None
        with self._reaching():
            if is_first:
                self.client.create_alias(**named)
            else:
                self.client.alter_alias(**named)

    def served_collection(self) -> str | None:
        """Name the collection that the alias points at; None before the first."""
        with self._reaching():
            # A server lists the aliases of one collection after the other only.
            collections = self.client.list_collections(timeout=ANSWER_S)
            return next((c for c in collections if ALIAS in self._aliases(c)), None)

    def search(
        self,
        collection: str,
        queries: Array,
        *,
        top_k: int,
        filters: Filters = NO_FILTERS,
    ) -> list[list[Hit]]:
        """Find the nearest pictures of each query by cosine, best first.

        Args:
            collection: A name or the alias.
            queries: float32[Q, D].
            top_k: Pictures per query; fewer come where fewer pass the filters.
            filters: Which pictures may be found.
        """
        for wait_s in _WAITS_S:
            try:
                return self._search(collection, queries, top_k, filters.expression())
            except IndexUnreachable:
                time.sleep(wait_s)
        return self._search(collection, queries, top_k, filters.expression())

    def _search(
        self, collection: str, queries: Array, top_k: int, expression: str
    ) -> list[list[Hit]]:
        with self._reaching():
            found = self.client.search(
                collection,
                data=queries.tolist(),
                limit=top_k,
                filter=expression,
                output_fields=["image_id"],
                search_params={
                    "metric_type": "COSINE",
                    "params": {"ef": search_depth(top_k)},
                },
                timeout=ANSWER_S,
            )
            fewest = min((len(hits) for hits in found), default=top_k)
            if expression and fewest < top_k:
                # A graph walks past what few rows pass, and gives up too early.
                passing = count_rows(self.client, collection, expression)
                if fewest < min(top_k, passing):
                    return self._search_passing(collection, queries, top_k, expression)
        return [
            [Hit(hit["entity"]["image_id"], float(hit["distance"])) for hit in hits]
            for hits in found
        ]

    def has(self, collection: str) -> bool:
        """Say whether a collection is in the index."""
        with self._reaching():
            return bool(self.client.has_collection(collection, timeout=ANSWER_S))

    def require(self, collection: str, dimension: int) -> None:
        """Make a collection ready for queries of so many numbers.

        Raises:
            IndexUnavailable: It is not there, empty, or holds vectors of another
                length.
        """
        if not self.has(collection):
            raise IndexUnavailable(
                f"the release names collection {collection!r}, which is not in the "
                "index; run the job publish_release to build it again"
            )
        with self._reaching():
            held = _dimension(self.client, collection)
            if held != dimension:
                raise IndexUnavailable(
                    f"collection {collection!r} holds vectors of {held} numbers, this "
                    f"release asks with {dimension}; run refresh_corpus and "
                    "publish_release again"
                )
            self.client.load_collection(collection, timeout=LOAD_S)
            if not count_rows(self.client, collection):
                raise IndexUnavailable(
                    f"collection {collection!r} is empty; run the job publish_release "
                    "to build it again"
                )

    def _search_passing(
        self, collection: str, queries: Array, top_k: int, expression: str
    ) -> list[list[Hit]]:
        """Search exactly among the rows that pass a filter, which are few."""
        pages = self.client.query_iterator(
            collection,
            batch_size=ROWS_AT_ONCE,
            filter=expression,
            output_fields=["image_id", "embedding"],
            timeout=ANSWER_S,
        )
        passing: dict[str, Any] = {}
        while page := pages.next():
            passing |= {row["image_id"]: row["embedding"] for row in page}
        pages.close()
        ids = sorted(passing)
        embeddings = np.array([passing[each] for each in ids], np.float32)
        rows, scores = nearest(embeddings, l2_normalize(queries), top_k)
        return [
            [Hit(ids[row], float(score)) for row, score in zip(*best, strict=True)]
            for best in zip(rows, scores, strict=True)
        ]

    def _verify(self, name: str, rows: pl.DataFrame, embeddings: Array) -> None:
        with self._reaching():
            verify_rows(self.client, name, rows, embeddings)
        recall = self._recall(name, rows, embeddings)
        if recall < MIN_RECALL:
            raise IndexUnavailable(
                f"{name}: recall against exact search is {recall:.3f}, "
                f"below {MIN_RECALL}; publish again"
            )

    def _recall(self, name: str, rows: pl.DataFrame, embeddings: Array) -> float:
        probes = probes_of(embeddings)
        found = self.search(name, probes, top_k=depth(len(embeddings)))
        ids = [[hit.image_id for hit in hits] for hits in found]
        return recall_at_k(ids, probes, rows["image_id"].to_list(), embeddings)

    def _aliases(self, collection: str) -> list[str]:
        listed = self.client.list_aliases(collection, timeout=ANSWER_S)
        return list(listed.get("aliases", ()))

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        with reaching(self.client, self.uri):
            yield


@contextmanager
def open_index(uri: str) -> Iterator[ImageIndex]:
    """Open the index for a batch of work.

    Args:
        uri: `http(s)://host:port` of a Milvus server, or the path of a Lite file.

    Raises:
        IndexUnreachable: Another process holds the file, or no server answers.
        IndexUnavailable: The file is none of this version's.
    """
    with open_client(uri) as client:
        yield ImageIndex(client, uri=uri)


def collection_name(digest: str) -> str:
    """Return the name of the collection for a state of corpus and encoder."""
    return f"{_OURS}{LAYOUT}_" + re.sub(r"\W", "", digest)


def _dimension(client: Any, collection: str) -> int:  # noqa: ANN401
    fields = client.describe_collection(collection, timeout=ANSWER_S)["fields"]
    return next(int(f["params"]["dim"]) for f in fields if f["name"] == "embedding")
