"""Which pictures a board may use; every listed one gets a status and a reason.

Order matters: a licence needs no look at the picture, what failed is not judged, a copy
is a copy before it is a matter of taste, and a user's own pictures are never thinned
for taste. How many of a kind are too many is `balance`'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evoke_core.config.profile import CurationRules
from evoke_core.corpus.aesthetics import Aesthetics
from evoke_core.corpus.licences import Licences, Policy
from evoke_core.errors import ConfigError

_NOTHING = pl.lit(None, pl.String)

STATUSES = ("kept", "duplicate", "rejected", "failed")
KEPT = pl.col("status") == "kept"
SHOWN = KEPT & pl.col("served")  # the pictures that boards may show

_JUDGED = (
    "width_px", "height_px", "entropy_bits", "flat_share", "border_share",
    "sharpness", "text_score", "composition_score",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Objection:
    """One rule: when it objects, its stable word, and its sentence for people."""

    reason: str
    objects: pl.Expr
    sentence: str


def curate(
    manifest: pl.DataFrame,
    files: pl.DataFrame,
    facts: pl.DataFrame,
    clusters: pl.DataFrame,
    rules: CurationRules,
    *,
    licence_policy: Policy,
    licences: Licences | None = None,
    aesthetics: Aesthetics | None = None,
) -> pl.DataFrame:
    """Decide on every picture of the manifest.

    Args:
        manifest: The table `source_manifests`.
        files: The table `image_files`.
        facts: The table `image_facts`.
        clusters: The table `duplicate_clusters`; keepers chosen among allowed pictures.
        rules: Limits of the profile.
        licence_policy: What the boards are for.
        licences: The allow-list; without it no licence is judged, under research only.
        aesthetics: Names each picture's aesthetic; without it that column is null.

    Returns:
        The table `curated_images`: one row per manifest row, in its order.

    Raises:
        ConfigError: Commercial boards without an allow-list.
    """
    nameless = manifest.with_columns(pl.lit(None, pl.String).alias("aesthetic"))
    named = nameless if aesthetics is None else aesthetics.name_each(manifest)
    joined = named.select("image_id", "source", "source_key", "served", "aesthetic")
    for verdicts in (
        barred(manifest, rules, licence_policy, licences),
        _failures(files, facts),
        facts.select("image_id", *_JUDGED),
        clusters.select("image_id", "cluster_id", "is_keeper", "relation"),
    ):
        joined = joined.join(verdicts, on="image_id", how="left", maintain_order="left")
    return joined.select(
        "image_id", "source", "source_key", *_verdict(rules), "aesthetic", "served"
    )  # fmt: skip


def objections(rules: CurationRules) -> tuple[Objection, ...]:
    """Return the rules of taste, the first to be named first; null never objects."""
    short = pl.min_horizontal("width_px", "height_px")
    long = pl.max_horizontal("width_px", "height_px")
    return (
        Objection(
            "low_resolution",
            short < rules.min_side_px,
            f"shorter side below {rules.min_side_px} px",
        ),
        Objection(
            "extreme_aspect",
            long / short > rules.max_aspect,
            f"longer than {rules.max_aspect} times its width",
        ),
        Objection(
            "flat",
            pl.col("entropy_bits") < rules.min_entropy_bits,
            f"grey-level entropy below {rules.min_entropy_bits} bits",
        ),
        Objection(
            "one_tone",
            pl.col("flat_share") > rules.max_flat_share,
            f"one even tone covers more than {rules.max_flat_share:.0%}",
        ),
        Objection(
            "bars",
            pl.col("border_share") > rules.max_border_share,
            f"even bars take more than {rules.max_border_share:.0%}",
        ),
        Objection(
            "blurred",
            pl.col("sharpness") < rules.min_sharpness,
            f"variance of the Laplacian below {rules.min_sharpness}",
        ),
        Objection(
            "text",
            pl.col("text_score") > rules.max_text_score,
            f"lettering or a watermark scores above {rules.max_text_score}",
        ),
        Objection(
            "poor_composition",
            pl.col("composition_score") < rules.min_composition,
            f"thirds and balance score below {rules.min_composition}",
        ),
    )


def count_by_status(curated: pl.DataFrame) -> dict[str, int]:
    """Count rows by status, every status named."""
    counts = dict(curated.group_by("status").len().iter_rows())
    return {status: counts.get(status, 0) for status in STATUSES}


def _verdict(rules: CurationRules) -> tuple[pl.Expr, ...]:
    """Return status, reason, detail and note; of what applies the first decides."""
    owned = pl.col("source").is_in(rules.owned_sources)
    taste = objections(rules)
    word = pl.coalesce(pl.when(o.objects).then(pl.lit(o.reason)) for o in taste)
    sentence = pl.coalesce(pl.when(o.objects).then(pl.lit(o.sentence)) for o in taste)
    # A picture that nobody looked at is not kept by oversight.
    unseen = pl.col("failure").is_not_null() | pl.col("width_px").is_null()
    cases = (
        (
            pl.col("licence_reason").is_not_null(),
            pl.lit("rejected"),
            pl.col("licence_reason"),
            pl.col("licence_detail"),
        ),
        (
            unseen,
            pl.lit("failed"),
            pl.col("failure").fill_null("not_measured"),
            pl.col("failure_detail").fill_null("no facts; run image_facts again"),
        ),
        (
            ~pl.col("is_keeper").fill_null(value=True),
            pl.lit("duplicate"),
            pl.col("relation") + "_duplicate",
            pl.lit("a copy of ") + pl.col("cluster_id"),
        ),
        (word.is_not_null() & ~owned, pl.lit("rejected"), word, sentence),
        (pl.lit(value=True), pl.lit("kept"), _NOTHING, _NOTHING),
    )
    status, reason, detail = (
        _of_first(cases, part).alias(name)
        for part, name in enumerate(("status", "reason", "detail"), start=1)
    )
    return status, reason, detail, pl.when(status == "kept").then(word).alias("note")


def _of_first(cases: Sequence[tuple[pl.Expr, ...]], part: int) -> pl.Expr:
    """Return a part of the first case that applies; parts may be null."""
    chosen = cases[-1][part]
    for case in cases[-2::-1]:
        chosen = pl.when(case[0]).then(case[part]).otherwise(chosen)
    return chosen


def barred(
    manifest: pl.DataFrame,
    rules: CurationRules,
    policy: Policy,
    licences: Licences | None,
) -> pl.DataFrame:
    """Return image_id, licence_reason and licence_detail of what may not be used.

    A user's own collections may hold what nobody has read, under research.
    """
    if licences is None:
        if policy != "research":
            raise ConfigError(
                f"licence_policy: {policy!r} needs the list of licences; "
                "load licences.yaml and hand it on"
            )
        licences = Licences(())
        manifest = manifest.clear()
    owned = pl.col("source").is_in(rules.owned_sources)
    parts = [
        part.select("image_id", "licence").join(
            licences.objections(part["licence"], policy, owned=is_owned), on="licence"
        )
        for is_owned, part in (
            (True, manifest.filter(owned)),
            (False, manifest.filter(~owned)),
        )
    ]
    return pl.concat(parts).drop("licence")


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
