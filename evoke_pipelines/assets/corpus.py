"""Pictures: from what collections list to what boards may use."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.config import RunProfile, Sources
from evoke_core.corpus.contact_sheet import contact_sheet
from evoke_core.corpus.curation import count_by_status, curate
from evoke_core.corpus.dedupe import cluster_duplicates
from evoke_core.corpus.fetch import fetch_pictures
from evoke_core.corpus.manifest import build_manifest
from evoke_core.corpus.survey import survey_pictures, thumbnail_key
from evoke_core.storage.store import Store
from evoke_core.storage.tables import (
    as_matrix,
    frame_digest,
    read_table,
    read_table_or_empty,
)
from evoke_pipelines.refresh import (
    as_markdown,
    column_schema,
    log_progress,
    picture,
    refresh_table,
)

_GROUP = "corpus"


def _described(table: str) -> dict[str, Any]:
    return {"dagster/column_schema": column_schema(table)}


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    code_version="1",
    metadata=_described("source_manifests"),
)
def source_manifests(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    sources: dg.ResourceParam[Sources],
) -> dg.MaterializeResult[None]:
    """Every picture that the profile's collections list, with credit and licence.

    Listing is cheap and done at every run; what follows works only on what changed.
    """
    listed = build_manifest(sources, run_profile.pictures, run_profile.teachers)
    return refresh_table(
        context,
        store,
        lambda: listed,
        settings=frame_digest(listed),
        show=lambda frame: _counts(frame, "source", "licence"),
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["source_manifests"],
    code_version="1",
    metadata=_described("image_files"),
)
def image_files(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    sources: dg.ResourceParam[Sources],
) -> dg.MaterializeResult[None]:
    """Where each listed picture's bytes are, or why they could not be had.

    A user's own files are read where they lie; paintings are painted once.
    """
    return refresh_table(
        context,
        store,
        lambda: fetch_pictures(
            read_table(store, "source_manifests"),
            sources,
            store,
            report=log_progress(context),
        ),
        settings=None,
        show=lambda frame: {
            **_counts(frame, "status", "reason"),
            "megabytes": round(float(frame["size_bytes"].sum() or 0) / 1e6, 1),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"pillow"},
    deps=["image_files"],
    code_version="1",
    metadata=_described("image_facts"),
)
def image_facts(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
) -> dg.MaterializeResult[None]:
    """Size, perceptual hash, sharpness, palette … from one scaled decode a picture.

    Leaves one thumbnail a picture, which everything after reads. What can't be decoded
    becomes a row with its reason.
    """
    return refresh_table(
        context,
        store,
        lambda: survey_pictures(
            read_table(store, "image_files"),
            read_table_or_empty(store, "image_facts"),
            store,
            report=log_progress(context),
        ),
        settings=None,
        show=lambda frame: {
            **_counts(frame, "status", "reason"),
            "sample_pictures": _sheet(store, frame["sha256"]),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"numpy"},
    deps=["source_manifests", "image_facts", "image_embeddings"],
    code_version="1",
    metadata=_described("duplicate_clusters"),
)
def duplicate_clusters(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.MaterializeResult[None]:
    """Which pictures are the same picture: by bytes, by pHash confirmed by embedding.

    One of each cluster is its keeper: the largest, then the freest, then the sharpest.
    """

    def make() -> pl.DataFrame:
        licences = read_table(store, "source_manifests").select("image_id", "licence")
        pictures = (
            read_table(store, "image_facts")
            .filter(pl.col("status") == "measured")
            .join(licences, on="image_id")
            .join(read_table(store, "image_embeddings"), on="sha256")
            .sort("image_id")
        )
        vectors = as_matrix(pictures["embedding"])
        return cluster_duplicates(pictures, vectors, run_profile.dedupe)

    return refresh_table(
        context,
        store,
        make,
        settings=run_profile.dedupe,
        show=lambda frame: {
            **_counts(frame, "relation"),
            "duplicates": _duplicate_sheet(store, frame),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["source_manifests", "image_files", "image_facts", "duplicate_clusters"],
    code_version="1",
    metadata=_described("curated_images"),
)
def curated_images(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.MaterializeResult[None]:
    """What became of every listed picture: kept, duplicate, rejected or failed.

    A user's own folder is never thinned for taste; what a rule would object to there
    stays with a note.
    """
    return refresh_table(
        context,
        store,
        lambda: curate(
            read_table(store, "source_manifests"),
            read_table(store, "image_files"),
            read_table(store, "image_facts"),
            read_table(store, "duplicate_clusters"),
            run_profile.curation,
            licence_policy=run_profile.licence_policy,
        ),
        settings=[run_profile.curation, run_profile.licence_policy],
        show=lambda frame: {
            **count_by_status(frame),
            **_counts(frame, "reason"),
            "kept_pictures": _sheet(store, _hashes(store, frame)),
        },
    )


def _counts(frame: pl.DataFrame, *columns: str) -> Mapping[str, Any]:
    """Count rows by each column, as small tables."""
    return {
        f"by_{column}": "md:"
        + as_markdown(
            frame.drop_nulls(column).group_by(column).len("rows").sort(column)
        )
        for column in columns
    }


def _hashes(store: Store, curated: pl.DataFrame) -> pl.Series:
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    kept = curated.filter(pl.col("status") == "kept").join(facts, on="image_id")
    return kept["sha256"]


def _duplicate_sheet(store: Store, clusters: pl.DataFrame) -> str:
    """Show clusters side by side, keeper first."""
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    several = clusters.filter(pl.len().over("cluster_id") > 1)
    ordered = several.sort("cluster_id", "is_keeper", descending=[False, True])
    return _sheet(store, ordered.join(facts, on="image_id")["sha256"], spread=False)


def _sheet(store: Store, hashes: pl.Series, *, spread: bool = True) -> str:
    """Show up to 40 thumbnails, spread over the table or from its start."""
    known = hashes.drop_nulls().to_list()
    step = max(1, len(known) // 40) if spread else 1
    thumbnails = [store.read(thumbnail_key(name)) for name in known[::step][:40]]
    return picture(contact_sheet(thumbnails))
