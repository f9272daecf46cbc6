"""The Milvus collection that boards search."""

import dagster as dg
import polars as pl

from evoke_core.boards.collected import FITTED, keep_collected, served_pictures
from evoke_core.config.fields import AXES
from evoke_core.errors import IndexUnavailable
from evoke_core.index.connection import shown as shown_address
from evoke_core.index.image_index import FIELDS, collection_name
from evoke_core.latest import COLLECTION
from evoke_core.publish import has_served_collection
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, frame_digest
from evoke_pipelines.policies import retrying
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.shown import counts, thumbnails


@dg.asset(
    group_name="index",
    kinds={"milvus"},
    deps=["source_manifests", "image_facts", "curated_images", "image_tags",
          "image_embeddings"],
    code_version="3",
    pool="milvus",
)  # fmt: skip
def image_index(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    index: dg.ResourceParam[IndexAccess],
) -> dg.MaterializeResult[None]:
    """A new collection of every picture that boards may show, built and verified.

    Readers go on with the one before until a release names this one.
    """

    def make() -> Made:
        pictures = served_pictures(store)
        if not pictures.height:
            raise IndexUnavailable(
                "no picture may be shown, so there is nothing to index; see the "
                "reasons in curated_images and add pictures"
            )
        fields = pictures.with_columns(
            pl.col("attributes").list.get(place).alias(axis)
            for place, axis in enumerate(AXES)
        )
        content = frame_digest(fields.select(sorted({*FIELDS, *FITTED})))
        name = collection_name(content)
        kept = keep_collected(store, name, pictures)
        with index.open() as opened:
            opened.build(name, fields, as_matrix(fields["embedding"]))
        store.write(COLLECTION, name.encode())
        shown = {
            "collection": name,
            "index": shown_address(index.uri),
            "dagster/row_count": fields.height,
            "dimension": len(fields["embedding"][0]),
            "pictures": thumbnails(store, fields["sha256"]),
            **counts(fields, "source", "licence"),
        }
        return Made(content, shown, kept)

    with retrying(context):
        present = _is_there(store, index)
    return refresh(context, store, make, settings=[index.uri, present])


def _is_there(store: Store, index: IndexAccess) -> bool:
    """Say whether what was built and what is served are in the index.

    A lost one is built anew.
    """
    with index.open() as opened:
        try:
            built = opened.has(store.read(COLLECTION).decode())
        except KeyError:  # the first one
            built = True
        return built and has_served_collection(store, opened)
