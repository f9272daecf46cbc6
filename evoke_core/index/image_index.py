"""The picture index: a Milvus collection behind an alias.

A new collection is built whole, verified, and only then does the alias move to it; the
one before stays for roll-back. Milvus Lite takes one process per file, so it is opened
for a batch of work and released at once.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evoke_core.errors import IndexUnavailable
from evoke_core.vectors import Array

ALIAS = "evoke_images"
FIELDS = (
    "image_id", "source", "licence", "attribution", "url", "width_px", "height_px",
    "moods", "energy", "warmth", "complexity", "abstraction",
)  # fmt: skip
_ROWS_AT_ONCE = 1000
_MIN_RECALL = 0.98
_PROBES = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """A picture that was found, with its cosine similarity."""

    image_id: str
    score: float


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """An open connection to the index; get one from `open_index`."""

    client: Any

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
        ids = pictures["image_id"].to_list()
        if self.client.has_collection(name):
            try:
                self.client.load_collection(name)
                self._verify(name, ids, embeddings)
            except IndexUnavailable:  # an interrupted build
                self.client.drop_collection(name)
            else:
                return
        _create(self.client, name, embeddings.shape[1])
        rows = pictures.select(FIELDS).with_columns(
            pl.col("url").fill_null(""), pl.col("moods").list.join(",")
        )
        for start in range(0, rows.height, _ROWS_AT_ONCE):
            part = rows.slice(start, _ROWS_AT_ONCE).to_dicts()
            for row, embedding in zip(part, embeddings[start:], strict=False):
                row["embedding"] = embedding.tolist()
            self.client.insert(name, part)
        self.client.flush(name)
        self.client.load_collection(name)
        self._verify(name, ids, embeddings)

    def serve(self, name: str, *, keep: Sequence[str]) -> None:
        """Point the alias at a collection and drop those that nobody needs.

        Args:
            name: The collection that readers find from now on.
            keep: Further collections to leave for roll-back.
        """
        if ALIAS in _aliases(self.client):
            self.client.alter_alias(collection_name=name, alias=ALIAS)
        else:
            self.client.create_alias(collection_name=name, alias=ALIAS)
        for other in self.client.list_collections():
            if other not in (name, *keep) and other.startswith("images_"):
                self.client.drop_collection(other)

    def search(self, collection: str, queries: Array, *, top_k: int) -> list[list[Hit]]:
        """Find the nearest pictures of each query by cosine, best first.

        Args:
            collection: A name or the alias.
            queries: float32[Q, D].
            top_k: Pictures per query.
        """
        found = self.client.search(
            collection, data=queries.tolist(), limit=top_k, output_fields=["image_id"],
            search_params={"metric_type": "COSINE"},
        )  # fmt: skip
        return [
            [Hit(hit["entity"]["image_id"], float(hit["distance"])) for hit in hits]
            for hits in found
        ]

    def require(self, collection: str, dimension: int) -> None:
        """Make a collection ready for queries of so many numbers.

        Raises:
            IndexUnavailable: It is not there, or holds vectors of another length.
        """
        if not self.client.has_collection(collection):
            raise IndexUnavailable(
                f"the release names collection {collection!r}, which is not in the "
                "index; run the job publish_release to build it again"
            )
        held = _dimension(self.client, collection)
        if held != dimension:
            raise IndexUnavailable(
                f"collection {collection!r} holds vectors of {held} numbers, this "
                f"release asks with {dimension}; run refresh_corpus and "
                "publish_release again"
            )
        self.client.load_collection(collection)

    def _verify(self, name: str, image_ids: list[str], embeddings: Array) -> None:
        count = int(self.client.query(name, output_fields=["count(*)"])[0]["count(*)"])
        if count != len(image_ids):
            raise IndexUnavailable(
                f"{name}: {count} of {len(image_ids)} pictures arrived; publish again"
            )
        step = max(1, len(image_ids) // _PROBES)
        probes = embeddings[::step]
        top_k = min(10, len(image_ids))
        found = self.search(name, probes, top_k=top_k)
        recall = _recall(found, probes @ embeddings.T, image_ids, top_k)
        if recall < _MIN_RECALL:
            raise IndexUnavailable(
                f"{name}: recall against exact search is {recall:.3f}, "
                f"below {_MIN_RECALL}; publish again"
            )


@contextmanager
def open_index(uri: str) -> Iterator[ImageIndex]:
    """Open the index for a batch of work.

    Args:
        uri: `http(s)://host:port` of a Milvus server, or the path of a Lite file.

    Raises:
        IndexUnavailable: Another process holds the file, or no server answers.
    """
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    is_lite = "://" not in uri
    if is_lite:
        Path(uri).parent.mkdir(parents=True, exist_ok=True)
        # Lite answers one call of the client's with "not implemented", which grpc
        # would log with a traceback although the client does without.
        logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
    try:
        client = MilvusClient(uri)
    except (MilvusException, OSError, RuntimeError) as closed:
        raise IndexUnavailable(
            f"the index at {uri} can't be opened ({closed}); another process may hold "
            "it: wait for its run to end, or name a server in EVOKE_MILVUS_URI"
        ) from closed
    try:
        yield ImageIndex(client)
    finally:
        client.close()
        if is_lite:
            _release_lite()


def collection_name(digest: str) -> str:
    """Return the name of the collection for a state of corpus and encoder."""
    return "images_" + re.sub(r"\W", "", digest)


def _create(client: Any, name: str, dimension: int) -> None:  # noqa: ANN401
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("image_id", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dimension)
    for field in FIELDS[1:]:
        if field in ("width_px", "height_px"):
            schema.add_field(field, DataType.INT64)
        elif field in ("energy", "warmth", "complexity", "abstraction"):
            schema.add_field(field, DataType.FLOAT)
        else:
            schema.add_field(field, DataType.VARCHAR, max_length=4096)
    parameters = client.prepare_index_params()
    parameters.add_index("embedding", index_type="FLAT", metric_type="COSINE")
    client.create_collection(name, schema=schema, index_params=parameters)


def _dimension(client: Any, collection: str) -> int:  # noqa: ANN401
    fields = client.describe_collection(collection)["fields"]
    return next(int(f["params"]["dim"]) for f in fields if f["name"] == "embedding")


def _aliases(client: Any) -> set[str]:  # noqa: ANN401
    """Name the aliases of all collections; a server lists them one by one only."""
    return {
        alias
        for collection in client.list_collections()
        for alias in client.list_aliases(collection).get("aliases", ())
    }


def _release_lite() -> None:
    """Let go of the file's lock, which closing the client does not do."""
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_all()


def _recall(
    found: list[list[Hit]], exact: Array, image_ids: list[str], top_k: int
) -> float:
    """Share of truly nearest pictures that were found; equal scores count as found."""
    ids = {image_id: row for row, image_id in enumerate(image_ids)}
    worst = np.sort(exact, axis=1)[:, -top_k]
    good = [
        exact[probe, ids[hit.image_id]] >= worst[probe] - 1e-5
        for probe, hits in enumerate(found)
        for hit in hits
    ]
    return float(np.mean(good))
