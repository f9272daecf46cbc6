"""What must hold before the next stage starts; a failing check blocks it."""

import dagster as dg
import polars as pl

from evoke_core.config.fields import AXES
from evoke_core.corpus.curation import count_by_status
from evoke_core.schemas import TABLES, SchemaError, validate
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_arrays, read_table
from evoke_pipelines.assets.directions import DIRECTIONS_KEY

# Below it the two dozen that a query finds are a quarter of the half that is judged.
_ENOUGH_TO_JUDGE = 200


def _fits_the_data_dictionary(table: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=table,
        name=f"{table}_fit_the_data_dictionary",
        description=(
            "Columns, types, choices, unique keys and unit lengths are as declared."
        ),
        blocking=True,
    )
    def check(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
        frame = read_table(store, table)
        try:
            validate(table, frame)
        except SchemaError as wrong:
            return dg.AssetCheckResult(passed=False, description=str(wrong))
        return dg.AssetCheckResult(passed=True, metadata={"rows": frame.height})

    return check


@dg.asset_check(asset="curated_images", blocking=True)
def every_listed_picture_is_accounted_for(
    store: dg.ResourceParam[Store],
) -> dg.AssetCheckResult:
    """Rows listed = kept + duplicate + rejected + failed, each with its reason."""
    listed = read_table(store, "source_manifests")
    curated = read_table(store, "curated_images")
    counts = count_by_status(curated)
    silent = curated.filter((pl.col("status") != "kept") & pl.col("reason").is_null())
    missing = listed.join(curated, on="image_id", how="anti").height
    return dg.AssetCheckResult(
        passed=not missing
        and not silent.height
        and listed.height == sum(counts.values()),
        metadata={
            "listed": listed.height,
            **counts,
            "unaccounted": missing,
            "without_reason": silent.height,
        },
    )


@dg.asset_check(asset="track_refusals", blocking=True)
def every_listed_track_is_accounted_for(
    store: dg.ResourceParam[Store],
) -> dg.AssetCheckResult:
    """Tracks listed = heard + refused, and at least one was heard."""
    listed = read_table(store, "track_manifest").select("track_id")
    heard = read_table(store, "track_embeddings").select("track_id").unique()
    refused = read_table(store, "track_refusals").select("track_id")
    missing = listed.join(pl.concat([heard, refused]), on="track_id", how="anti")
    return dg.AssetCheckResult(
        passed=not missing.height
        and heard.height > 0
        and listed.height == heard.height + refused.height,
        metadata={
            "listed": listed.height,
            "heard": heard.height,
            "refused": refused.height,
            "unaccounted": missing.height,
        },
    )


@dg.asset_check(asset="mood_directions", blocking=True)
def sliders_move_what_they_name(
    store: dg.ResourceParam[Store],
) -> dg.AssetCheckResult:
    """Kendall's tau of each slider is at least 0.9, others move a third at most.

    Judged on pictures left out of the fit. Blocks on the painted corpus, whose
    attributes are planted; a user's own pictures may lack what a slider needs.
    """
    _, card = read_arrays(store, DIRECTIONS_KEY)
    weak = [n for n in AXES if card[n]["tau"] < 0.9 or card[n]["leak"] > 1 / 3]
    planted = card["sources"] == ["painted"] and card["pictures"] >= _ENOUGH_TO_JUDGE
    severity = dg.AssetCheckSeverity.ERROR if planted else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=not weak,
        severity=severity,
        metadata={
            f"{name} {what}": card[name][what]
            for name in AXES
            for what in ("tau", "leak")
        },
    )


CHECKS = [
    *(_fits_the_data_dictionary(table) for table in TABLES),
    every_listed_picture_is_accounted_for,
    every_listed_track_is_accounted_for,
    sliders_move_what_they_name,
]
