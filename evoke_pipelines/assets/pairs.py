"""Which pictures each track learns from."""

import dagster as dg
import polars as pl

from evoke_core.config.profile import RunProfile
from evoke_core.corpus.contact_sheet import COLUMNS
from evoke_core.images.gather import kept_pictures
from evoke_core.pairs import pair_by_tags
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, read_table
from evoke_pipelines.dictionary import CheckedTable, fits_dictionary
from evoke_pipelines.refresh import refresh_table
from evoke_pipelines.shown import as_markdown, rows_of_thumbnails

_TRACKS_SHOWN = 6


@dg.asset(
    group_name="pairs",
    kinds={"polars"},
    deps=["track_tags", "image_tags", "image_embeddings", "curated_images"],
    code_version="1",
    check_specs=[fits_dictionary("training_pairs")],
)
def training_pairs(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> CheckedTable:
    """Tracks and pictures whose independent tags agree, near misses, and others.

    Tracks are dealt to folds here, so that each can be judged by a bridge that never
    heard it.
    """

    def make() -> pl.DataFrame:
        pictures = kept_pictures(store)
        return pair_by_tags(
            read_table(store, "track_tags").filter(pl.col("part") == 0),
            pictures,
            as_matrix(pictures["embedding"]),
            run_profile.pairs,
            folds=run_profile.bridge.folds,
        )

    return refresh_table(
        context,
        store,
        make,
        settings=[run_profile.pairs, run_profile.bridge.folds],
        show=lambda pairs: _show(store, pairs),
    )


def _show(store: Store, pairs: pl.DataFrame) -> dict[str, str]:
    kinds = pairs.group_by("kind").agg(
        pl.len().alias("pairs"),
        pl.col("similarity").mean().round(3).alias("similarity"),
    )
    return {
        "by_kind": "md:" + as_markdown(kinds.sort("kind")),
        "positives": _positives(store, pairs),
    }


def _positives(store: Store, pairs: pl.DataFrame) -> str:
    """Show some tracks with the pictures whose tags agree best with theirs."""
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    titles = read_table(store, "track_manifest").select("track_id", "title")
    best = (
        pairs.filter(pl.col("kind") == "positive")
        .sort("similarity", descending=True)
        .group_by("track_id", maintain_order=True)
        .head(COLUMNS)
        .join(facts, on="image_id", maintain_order="left")
        .join(titles, on="track_id", maintain_order="left")
    )
    tracks = best["track_id"].unique().sort().to_list()
    chosen = tracks[:: max(1, len(tracks) // _TRACKS_SHOWN)][:_TRACKS_SHOWN]
    rows = {}
    for track in chosen:
        own = best.filter(pl.col("track_id") == track)
        rows[own["title"][0]] = own["sha256"].to_list()
    return rows_of_thumbnails(store, rows)
