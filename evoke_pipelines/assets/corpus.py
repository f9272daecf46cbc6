"""Pictures: from what collections list to what was measured on each."""

import dagster as dg
import polars as pl
from pydantic import Field

from evoke_core.config.collections import Sources
from evoke_core.config.profile import RunProfile
from evoke_core.corpus.fetch import Fetcher, damaged_files, has_passing_failures
from evoke_core.corpus.manifest import build_manifest
from evoke_core.corpus.shards import shard_rows
from evoke_core.corpus.survey import MEASURED_BY, survey_pictures, undamaged_facts
from evoke_core.plots import tally_plot
from evoke_core.storage.journal import Journal
from evoke_core.storage.store import Store
from evoke_core.storage.tables import (
    frame_digest,
    read_table,
    read_table_or_empty,
)
from evoke_pipelines.dictionary import CheckedTable, fits_dictionary
from evoke_pipelines.partitions import PICTURE_SHARDS
from evoke_pipelines.refresh import TableRecipe, refresh_parts, refresh_table
from evoke_pipelines.shown import counts, log_progress, picture, thumbnails

_GROUP = "corpus"


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    code_version="2",
    check_specs=[fits_dictionary("source_manifests")],
)
def source_manifests(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    sources: dg.ResourceParam[Sources],
) -> CheckedTable:
    """Every picture that the profile's collections list, with credit and licence.

    Listing is cheap and done at every run; what follows works only on what changed.
    """
    listed = build_manifest(sources, run_profile.pictures, run_profile.teachers)
    return refresh_table(
        context,
        store,
        lambda: listed,
        settings=frame_digest(listed),
        show=lambda frame: {
            "listed": picture(_listed(frame)),
            **counts(frame, "source"),
        },
    )


class FetchConfig(dg.Config):
    """How a fetch is run."""

    retry_failed: bool = Field(
        default=False,
        description="Ask again for pictures that failed for good, a 404 for instance.",
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["source_manifests"],
    partitions_def=PICTURE_SHARDS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    code_version="4",
    check_specs=[fits_dictionary("image_files")],
)
def image_files(
    context: dg.AssetExecutionContext,
    config: FetchConfig,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    sources: dg.ResourceParam[Sources],
) -> CheckedTable:
    """Where each listed picture's bytes are, or why they could not be had.

    A user's own files are read where they lie, paintings are painted once, all else is
    downloaded once. What may have passed (a timeout, a busy server) is asked for again
    at every refresh, the rest with the run config `retry_failed`.
    """
    manifest = read_table(store, "source_manifests")

    def recipe_of(shard: str) -> TableRecipe:
        listed = shard_rows(manifest, sources.pictures, shard)
        known = read_table_or_empty(store, "image_files", shard)
        lost = damaged_files(known, store)

        def fetch() -> pl.DataFrame:
            report = log_progress(context)  # of this shard alone
            return Fetcher(sources, run_profile.download, store, report).fetch(
                listed,
                known,
                Journal(store, "image_files", shard),
                lost=lost,
                retry_failed=config.retry_failed,
            )

        return TableRecipe(
            fetch,
            settings=frame_digest(listed),
            show=lambda frame: {
                "outcomes": picture(_outcomes(frame)),
                **counts(frame, "status", "reason"),
                "megabytes": round(float(frame["size_bytes"].sum() or 0) / 1e6, 1),
            },
            again=config.retry_failed or bool(lost) or has_passing_failures(known),
        )

    return refresh_parts(context, store, recipe_of)


@dg.asset(
    group_name=_GROUP,
    kinds={"pillow"},
    deps=["image_files"],
    partitions_def=PICTURE_SHARDS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    code_version=MEASURED_BY,
    check_specs=[fits_dictionary("image_facts")],
)
def image_facts(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
) -> CheckedTable:
    """Size, perceptual hash, palette, attributes … from one scaled decode a picture.

    Leaves one thumbnail a picture, which everything after reads. What can't be decoded
    becomes a row with its reason.
    """

    def recipe_of(shard: str) -> TableRecipe:
        files = read_table_or_empty(store, "image_files", shard)
        known = read_table_or_empty(store, "image_facts", shard)
        whole = undamaged_facts(known, store)
        return TableRecipe(
            lambda: survey_pictures(
                files,
                whole,
                Journal(store, "image_facts", shard),
                report=log_progress(context),
            ),
            settings=frame_digest(files),
            show=lambda frame: {
                **counts(frame, "status", "reason"),
                "sample_pictures": thumbnails(store, frame["sha256"]),
            },
            again=whole.height < known.height,
        )

    return refresh_parts(context, store, recipe_of)


def _listed(manifest: pl.DataFrame) -> bytes:
    """Draw how many pictures each collection lists, by licence."""
    teach = int((~manifest["served"]).sum())
    aside = f"; {teach:,} of them only teach" if teach else ""
    return tally_plot(
        manifest.select("source", "licence"),
        title=f"{manifest.height:,} pictures are listed{aside}",
        unit="pictures, by licence",
    )


def _outcomes(files: pl.DataFrame) -> bytes:
    """Draw how the pictures of one collection ended, failures by their reason."""
    stored = int((files["status"] == "stored").sum())
    return tally_plot(
        files.select(pl.coalesce("reason", "status").alias("outcome"), "status"),
        title=f"{stored:,} of {files.height:,} pictures have their bytes",
        unit="pictures",
    )
