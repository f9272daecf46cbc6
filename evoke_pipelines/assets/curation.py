"""Pictures: which are copies, which may be used, and a report of what became of all."""

import dagster as dg
import numpy as np
import polars as pl

from evoke_core.config.profile import DedupeRules, RunProfile
from evoke_core.corpus.aesthetics import Aesthetics
from evoke_core.corpus.balance import balance_corpus
from evoke_core.corpus.curation import KEPT, SHOWN, barred, count_by_status, curate
from evoke_core.corpus.dedupe import cluster_duplicates
from evoke_core.corpus.licences import Licences
from evoke_core.corpus.previews import cut_previews, damaged_previews
from evoke_core.corpus.report import report_curation
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.precomputed import without_unfindable
from evoke_core.storage.stamps import drop_stamp, read_stamp
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import as_matrix, read_table, read_table_or_empty
from evoke_pipelines.dictionary import CheckedTable, fits_dictionary
from evoke_pipelines.refresh import Made, refresh, refresh_table
from evoke_pipelines.shown import (
    as_markdown,
    counts,
    log_progress,
    picture,
    thumbnails,
)

_GROUP = "corpus"
_RADIUS, _MIRRORED = "radius_bits", "mirrored"
_FAILED = "failed"
KEPT_KEY, LEFT_OUT_KEY = "reports/kept.webp", "reports/left_out.webp"


@dg.asset(
    group_name=_GROUP,
    kinds={"numpy"},
    deps=["source_manifests", "image_facts", "image_embeddings"],
    code_version="2",
    check_specs=[fits_dictionary("duplicate_clusters")],
)
def duplicate_clusters(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    licences: dg.ResourceParam[Licences],
) -> CheckedTable:
    """Which pictures are the same picture: by bytes, or by pHash and outline.

    One of each cluster is its keeper: one that boards may show, then the largest, the
    freest, the sharpest. What the licence policy bars takes no part.
    """
    rules = run_profile.dedupe
    known = _known_clusters(store, rules)

    def make() -> pl.DataFrame:
        pictures = _comparable(store, licences, run_profile)
        return cluster_duplicates(
            pictures,
            as_matrix(pictures["embedding"]),
            rules,
            known=known,
            report=log_progress(context),
            mirror_hashes=np.stack(list(pictures["mirror_hashes"].to_numpy()))
            if rules.mirrored and pictures.height
            else None,
        )

    return refresh_table(
        context,
        store,
        make,
        settings=[rules, run_profile.curation, run_profile.licence_policy, licences],
        show=lambda frame: {
            _RADIUS: rules.radius_bits,
            _MIRRORED: rules.mirrored,
            **counts(frame, "relation"),
            "duplicates": _duplicate_sheet(store, frame),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=[
        "source_manifests",
        "image_files",
        "image_facts",
        "image_embeddings",
        "duplicate_clusters",
    ],
    code_version="2",
    check_specs=[fits_dictionary("curated_images")],
)
def curated_images(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    licences: dg.ResourceParam[Licences],
    aesthetics: dg.ResourceParam[Aesthetics],
    image_encoder: dg.ResourceParam[ImageEncoder],
) -> CheckedTable:
    """What became of every listed picture: kept, duplicate, rejected or failed.

    A user's own folder is never thinned for taste; what a rule would object to there
    stays with a note.
    """
    rules = run_profile.curation

    def make() -> pl.DataFrame:
        judged = curate(
            read_table(store, "source_manifests"),
            read_table(store, "image_files"),
            without_unfindable(read_table(store, "image_facts"), image_encoder),
            read_table(store, "duplicate_clusters"),
            rules,
            licence_policy=run_profile.licence_policy,
            licences=licences,
            aesthetics=aesthetics,
        )
        return balance_corpus(judged, _looks(store), rules.balance)

    return refresh_table(
        context,
        store,
        make,
        settings=[
            rules,
            run_profile.licence_policy,
            licences,
            aesthetics,
            image_encoder.fingerprint,
        ],
        show=lambda frame: _show_curated(store, frame),
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"pillow"},
    deps=["image_facts", "curated_images"],
    code_version="1",
)
def image_previews(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store]
) -> dg.MaterializeResult[None]:
    """A 160 px JPEG of every picture that boards may show, so that none cuts its own.

    Each is cut once; what is there is left alone, what is lost or damaged is cut again.
    """
    name = context.asset_key.path[-1]
    damaged = damaged_previews(store)
    known = read_stamp(store, name)
    if damaged or (known and known.shown[_FAILED]):
        drop_stamp(store, name)

    def make() -> Made:
        previews = cut_previews(
            _shown_hashes(store), store, damaged=damaged, report=log_progress(context)
        )
        context.log.info("%s: %d cut", name, previews.cut)
        sizes, reasons = previews.size_bytes, previews.reasons
        failed = pl.DataFrame({"reason": list(reasons.values())}, {"reason": pl.String})
        shown = {
            "dagster/row_count": len(sizes),
            "megabytes": round(sum(sizes.values()) / 1e6, 1),
            _FAILED: len(reasons),
            **counts(failed, "reason"),
        }
        return Made(digest([sorted(sizes), dict(sorted(reasons.items()))]), shown)

    return refresh(context, store, make, settings=None)


@dg.asset(
    group_name=_GROUP,
    kinds={"pillow"},
    deps=["source_manifests", "image_facts", "image_embeddings", "curated_images"],
    code_version="2",
)
def curation_report(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store]
) -> dg.MaterializeResult[None]:
    """What was kept and what was left out, as sheets to look at and counts to read."""

    def make() -> Made:
        report = report_curation(
            read_table(store, "curated_images"),
            read_table(store, "source_manifests"),
            read_table(store, "image_facts"),
            _looks(store),
            read=store.read,
        )
        coverage = {
            f"by_{name}": f"md:{as_markdown(frame)}"
            for name, frame in report.coverage.items()
        }
        sheets = {
            "kept": picture(report.kept_sheet),
            "left_out": picture(report.left_out_sheet),
        }
        blobs = {KEPT_KEY: report.kept_sheet, LEFT_OUT_KEY: report.left_out_sheet}
        for key, sheet in blobs.items():
            store.write(key, sheet)
        digests = {key: digest(sheet) for key, sheet in blobs.items()}
        return Made(digest(coverage), {**sheets, **coverage}, digests)

    return refresh(context, store, make, settings=None)


def _show_curated(store: Store, curated: pl.DataFrame) -> dict[str, object]:
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    licences = read_table(store, "source_manifests").select("image_id", "licence")
    kept = curated.filter(KEPT).join(facts, on="image_id")
    return {
        **count_by_status(curated),
        "kept_pictures": thumbnails(store, kept["sha256"]),
        **counts(curated, "reason", "source"),
        **counts(kept.join(licences, on="image_id"), "licence"),
    }


def _known_clusters(store: Store, rules: DedupeRules) -> pl.DataFrame | None:
    """Return the last clusters if they were joined by these rules, to go on from."""
    stamp = read_stamp(store, "duplicate_clusters")
    joined = [stamp.shown.get(each) for each in (_RADIUS, _MIRRORED)] if stamp else []
    if joined != [rules.radius_bits, rules.mirrored]:
        return None
    return read_table_or_empty(store, "duplicate_clusters")


def _comparable(store: Store, licences: Licences, profile: RunProfile) -> pl.DataFrame:
    """Return measured pictures that the licence policy lets take part."""
    manifest = read_table(store, "source_manifests")
    policy = profile.licence_policy
    out = barred(manifest, profile.curation, policy, licences)
    allowed = licences.with_freedom(manifest).select("image_id", "freedom", "served")
    return (
        read_table(store, "image_facts")
        .filter(pl.col("status") == "measured")
        .join(out, on="image_id", how="anti")
        .join(allowed, on="image_id")
        .join(read_table(store, "image_embeddings"), on="sha256")
        .sort("image_id")
    )


def _looks(store: Store) -> pl.DataFrame:
    """Return every measured picture with its attributes and embedding."""
    facts = read_table(store, "image_facts").select("image_id", "sha256", "attributes")
    return facts.join(read_table(store, "image_embeddings"), on="sha256")


def _shown_hashes(store: Store) -> list[str]:
    """Return the SHA-256 of every picture that boards may show."""
    shown = read_table(store, "curated_images").filter(SHOWN)
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    return shown.join(facts, on="image_id")["sha256"].unique().sort().to_list()


def _duplicate_sheet(store: Store, clusters: pl.DataFrame) -> str:
    """Show clusters side by side, keeper first."""
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    several = clusters.filter(pl.len().over("cluster_id") > 1)
    ordered = several.sort("cluster_id", "is_keeper", descending=[False, True])
    return thumbnails(
        store,
        ordered.join(facts, on="image_id", maintain_order="left")["sha256"],
        spread=False,
    )
