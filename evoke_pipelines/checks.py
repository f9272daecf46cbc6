"""What must hold before the next stage starts; a failing check blocks it.

They count what went into a stage and what came out; whether a table fits the data
dictionary is asked where it is made (`dictionary`). A check reads what is stored, never
how it was made.
"""

import dagster as dg
import polars as pl

from evoke_core.config.fields import AXES
from evoke_core.config.profile import RunProfile
from evoke_core.corpus.curation import KEPT, barred, count_by_status
from evoke_core.corpus.licences import Licences
from evoke_core.latest import DIRECTIONS
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_arrays, read_table
from evoke_pipelines.shown import as_markdown, check_result

# Below it the two dozen that a query finds are a quarter of the half that is judged.
_ENOUGH_TO_JUDGE = 200
_NAMED = 5  # rows that a failed check shows


@dg.asset_check(asset="curated_images", blocking=True)
def every_listed_picture_is_accounted_for(
    store: dg.ResourceParam[Store],
) -> dg.AssetCheckResult:
    """Rows listed = kept + duplicate + rejected + failed, each with its reason."""
    listed = read_table(store, "source_manifests")
    curated = read_table(store, "curated_images")
    counts = count_by_status(curated)
    silent = curated.filter(~KEPT & pl.col("reason").is_null())
    missing = listed.join(curated, on="image_id", how="anti")
    wrong = {
        "listed, and nowhere after": _few(missing),
        "left out without a reason": _few(silent),
        "counts": ""
        if listed.height == sum(counts.values())
        else f"{listed.height} were listed, {sum(counts.values())} are accounted for",
    }
    return check_result(
        wrong,
        {
            "listed": listed.height,
            **counts,
            "unaccounted": missing.height,
            "without_reason": silent.height,
        },
    )


@dg.asset_check(asset="curated_images", blocking=True)
def every_kept_picture_is_licensed_and_credited(
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    licences: dg.ResourceParam[Licences],
) -> dg.AssetCheckResult:
    """Each kept picture has a licence that the profile's policy allows, and a credit.

    A user's own folder is the user's to judge under the research policy.
    """
    manifest = read_table(store, "source_manifests")
    kept = read_table(store, "curated_images").filter(KEPT)
    policy = run_profile.licence_policy
    out = barred(manifest, run_profile.curation, policy, licences)
    refused = kept.join(out, on="image_id", how="semi")
    shown = kept.select("image_id").join(manifest, on="image_id")
    nameless = shown.filter(pl.col("attribution").str.strip_chars() == "")
    by_licence = shown.group_by("licence").len("kept").sort("kept", descending=True)
    return check_result(
        {"kept against the policy": _few(refused), "without credit": _few(nameless)},
        {
            "policy": policy,
            "kept": kept.height,
            "refused": refused.height,
            "without_credit": nameless.height,
            "by_licence": dg.MetadataValue.md(as_markdown(by_licence)),
        },
    )


@dg.asset_check(asset="image_tags", blocking=True)
def every_kept_picture_has_vector_and_tags(
    store: dg.ResourceParam[Store],
) -> dg.AssetCheckResult:
    """Pictures kept = pictures tagged, and each has an embedding of its bytes."""
    kept = read_table(store, "curated_images").filter(KEPT)
    tags = read_table(store, "image_tags")
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    vectors = read_table(store, "image_embeddings").select("sha256")
    untagged = kept.join(tags, on="image_id", how="anti")
    unkept = tags.join(kept, on="image_id", how="anti")
    blind = kept.join(facts.join(vectors, on="sha256"), on="image_id", how="anti")
    return check_result(
        {
            "kept without tags": _few(untagged),
            "tagged, but not kept": _few(unkept),
            "kept without a vector": _few(blind),
        },
        {
            "kept": kept.height,
            "tagged": tags.height,
            "with_vector": kept.height - blind.height,
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
    accounted = heard.height + refused.height
    wrong = {
        "listed, and nowhere after": _few(missing, "track_id"),
        "heard": "" if heard.height else "no track at all could be heard",
        "counts": ""
        if listed.height == accounted
        else f"{listed.height} were listed, {accounted} are accounted for",
    }
    return check_result(
        wrong,
        {
            "listed": listed.height,
            "heard": heard.height,
            "refused": refused.height,
            "unaccounted": missing.height,
        },
    )


@dg.asset_check(asset="training_pairs", blocking=True)
def every_pair_joins_a_heard_track_and_a_kept_picture(
    store: dg.ResourceParam[Store],
) -> dg.AssetCheckResult:
    """No pair names a track or a picture that is gone, and some are positive."""
    pairs = read_table(store, "training_pairs")
    tracks = read_table(store, "track_tags").select("track_id").unique()
    kept = read_table(store, "curated_images").filter(KEPT)
    deaf = pairs.join(tracks, on="track_id", how="anti")
    blind = pairs.join(kept, on="image_id", how="anti")
    positive = pairs.filter(pl.col("kind") == "positive").height
    return check_result(
        {
            "unknown tracks": _few(deaf, "track_id"),
            "unknown pictures": _few(blind),
            "positive pairs": "" if positive else "there are none to learn from",
        },
        {
            "pairs": pairs.height,
            "positive": positive,
            "tracks": pairs["track_id"].n_unique(),
            "pictures": pairs["image_id"].n_unique(),
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
    _, card = read_arrays(store, DIRECTIONS)
    wrong = {
        name: f"tau {card[name]['tau']:.2f}, leak {card[name]['leak']:.2f}"
        for name in AXES
        if card[name]["tau"] < 0.9 or card[name]["leak"] > 1 / 3
    }
    planted = card["sources"] == ["painted"] and card["pictures"] >= _ENOUGH_TO_JUDGE
    severity = dg.AssetCheckSeverity.ERROR if planted else dg.AssetCheckSeverity.WARN
    judged = pl.DataFrame(
        {
            "slider": AXES,
            "tau, at least 0.9": [card[name]["tau"] for name in AXES],
            "leak, at most 0.33": [card[name]["leak"] for name in AXES],
        }
    )
    return check_result(
        wrong,
        {
            "pictures": card["pictures"],
            "sliders": dg.MetadataValue.md(as_markdown(judged)),
        },
        severity=severity,
    )


def _few(rows: pl.DataFrame, column: str = "image_id") -> str:
    """Count rows and name the first of them; nothing for no rows."""
    if not rows.height:
        return ""
    named = ", ".join(rows[column].head(_NAMED).to_list())
    more = ", …" if rows.height > _NAMED else ""
    return f"{rows.height} ({named}{more})"


CHECKS = [
    every_listed_picture_is_accounted_for,
    every_kept_picture_is_licensed_and_credited,
    every_kept_picture_has_vector_and_tags,
    every_listed_track_is_accounted_for,
    every_pair_joins_a_heard_track_and_a_kept_picture,
    sliders_move_what_they_name,
]
