"""Which pictures a board may use; every listed one gets a status and a reason.

Order matters: what failed is not judged, a copy is a copy before it is a matter of
taste, and a user's own pictures are never thinned for taste.
"""

import polars as pl

from evoke_core.config import CurationRules

_NOT_COMMERCIAL = r"(?i)\bNC\b|non.?commercial|research|private"


def curate(
    manifest: pl.DataFrame,
    files: pl.DataFrame,
    facts: pl.DataFrame,
    clusters: pl.DataFrame,
    rules: CurationRules,
    *,
    licence_policy: str,
) -> pl.DataFrame:
    """Decide on every picture of the manifest.

    Returns:
        The table `curated_images`: one row per manifest row, with status kept,
        duplicate, rejected or failed.
    """
    joined = (
        manifest.select("image_id", "source", "source_key", "licence", "served")
        .join(_failures(files, facts), on="image_id", how="left", maintain_order="left")
        .join(
            facts.select("image_id", "width_px", "height_px", "entropy_bits"),
            on="image_id",
            how="left",
            maintain_order="left",
        )
        .join(
            clusters.select("image_id", "cluster_id", "is_keeper", "relation"),
            on="image_id",
            how="left",
            maintain_order="left",
        )
    )
    taste, detail = _taste(rules)
    owned = pl.col("source").is_in(rules.owned_sources)
    # A picture that nobody looked at is not kept by oversight.
    failed = pl.col("failure").is_not_null() | pl.col("width_px").is_null()
    duplicate = ~pl.col("is_keeper").fill_null(value=True)
    barred = _barred(licence_policy)
    rejected = barred | (taste.is_not_null() & ~owned)
    reason = (
        pl.when(failed)
        .then(pl.col("failure").fill_null("not_measured"))
        .when(duplicate)
        .then(pl.col("relation") + "_duplicate")
        .when(barred)
        .then(pl.lit("licence_refused"))
        .when(rejected)
        .then(taste)
    )
    spoken = (
        pl.when(failed)
        .then(pl.col("failure_detail").fill_null("no facts; run image_facts again"))
        .when(duplicate)
        .then(pl.lit("a copy of ") + pl.col("cluster_id"))
        .when(barred)
        .then(
            pl.lit("licence ") + pl.col("licence") + " bars commercial use; "
            "drop it or run under licence_policy: research"
        )
        .when(rejected)
        .then(detail)
    )
    status = (
        pl.when(failed)
        .then(pl.lit("failed"))
        .when(duplicate)
        .then(pl.lit("duplicate"))
        .when(rejected)
        .then(pl.lit("rejected"))
        .otherwise(pl.lit("kept"))
    )
    note = pl.when(~failed & ~duplicate & ~barred & owned).then(taste)
    return joined.select(
        "image_id",
        "source",
        "source_key",
        status.alias("status"),
        reason.alias("reason"),
        spoken.alias("detail"),
        note.alias("note"),
        "served",
    )


def count_by_status(curated: pl.DataFrame) -> dict[str, int]:
    """Count rows by status, every status named."""
    counts = dict(curated.group_by("status").len().iter_rows())
    return {s: counts.get(s, 0) for s in ("kept", "duplicate", "rejected", "failed")}


def _failures(files: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    failed = [
        table.filter(pl.col("status") == "failed").select(
            "image_id",
            pl.col("reason").alias("failure"),
            pl.col("detail").alias("failure_detail"),
        )
        for table in (files, facts)
    ]
    return pl.concat(failed).unique("image_id", keep="first", maintain_order=True)


def _taste(rules: CurationRules) -> tuple[pl.Expr, pl.Expr]:
    """Return (reason, sentence) of the first rule that objects, null for none."""
    short = pl.min_horizontal("width_px", "height_px")
    long = pl.max_horizontal("width_px", "height_px")
    objections = (
        (
            short < rules.min_side_px,
            "low_resolution",
            f"shorter side below {rules.min_side_px} px",
        ),
        (
            long / short > rules.max_aspect,
            "extreme_aspect",
            f"longer than {rules.max_aspect} times its width",
        ),
        (
            pl.col("entropy_bits") < rules.min_entropy_bits,
            "flat",
            f"grey-level entropy below {rules.min_entropy_bits} bits",
        ),
    )
    reason = pl.coalesce(pl.when(c).then(pl.lit(word)) for c, word, _ in objections)
    detail = pl.coalesce(pl.when(c).then(pl.lit(text)) for c, _, text in objections)
    return reason, detail


def _barred(licence_policy: str) -> pl.Expr:
    if licence_policy == "research":
        return pl.lit(value=False)
    return pl.col("licence").str.contains(_NOT_COMMERCIAL)
