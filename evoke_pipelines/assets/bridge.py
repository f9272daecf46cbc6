"""The bridge from music to pictures, its rivals, and which of them is best."""

import json

import dagster as dg
import numpy as np
import polars as pl

from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.gate import best_of
from evoke_core.bridge.projection import Projection
from evoke_core.bridge.report import Alignment, Comparison, compare, cross_fit
from evoke_core.bridge.rivals import fit_rivals
from evoke_core.bridge.training import TrainingSet, held_truth, training_set
from evoke_core.config.profile import RunProfile
from evoke_core.corpus.contact_sheet import COLUMNS
from evoke_core.images.gather import kept_pictures
from evoke_core.latest import BRIDGE_REPORT, projection_key
from evoke_core.plots import bars_plot, counts_plot
from evoke_core.reviews.inbox import read_ballots
from evoke_core.reviews.summary import ab_summary, rates_frame
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import read_table, read_table_or_empty, write_arrays
from evoke_core.vectors import Array
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.shown import (
    as_markdown,
    log_progress,
    picture,
    rows_of_thumbnails,
)

_GROUP = "bridge"
_ROWS_SHOWN = 6  # of pictures that are found
_INPUTS = (
    "training_pairs",
    "track_embeddings",
    "track_tags",
    "image_embeddings",
    "image_tags",
    "curated_pairs",
)


@dg.asset(
    group_name=_GROUP,
    kinds={"torch", "safetensors"},
    deps=_INPUTS,
    code_version="3",
)
def bridge_model(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.MaterializeResult[None]:
    """The shallow projection from music into image space, fitted on all pairs."""

    def make() -> Made:
        training = _training(store)
        bridge = fit_bridge(
            training.music,
            training.images,
            training.track_ids,
            run_profile.bridge,
            training.supervision,
            report=log_progress(context),
        )
        return _keep(store, {bridge.kind: bridge}, training)

    return refresh(context, store, make, settings=run_profile.bridge)


@dg.asset(
    group_name=_GROUP, kinds={"numpy", "safetensors"}, deps=_INPUTS, code_version="3"
)
def bridge_baselines(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.MaterializeResult[None]:
    """What the bridge must beat: chance, mean, affect, tags, ridge and CCA."""

    def make() -> Made:
        training = _training(store)
        seed = run_profile.bridge.seed
        rivals = fit_rivals(
            training.music,
            training.images,
            training.track_ids,
            pairs=training.supervision.pairs,
            seed=seed,
        )
        return _keep(store, rivals, training)

    return refresh(context, store, make, settings=run_profile.bridge.seed)


@dg.asset(
    group_name=_GROUP,
    kinds={"numpy"},
    deps=[*_INPUTS, "track_manifest", "source_manifests"],
    code_version="5",
)
def bridge_report(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.MaterializeResult[None]:
    """Bridge and rivals on tracks that none of them heard, with 95 % intervals.

    Truth is what was planted; where nothing was, the report says that it is derived
    from the tags. What people said of boards in studies stands beside it.
    """
    judged = rates_frame(ab_summary(read_ballots(store)))

    def make() -> Made:
        training = _training(store)
        projected = cross_fit(
            training.music,
            training.images,
            training.track_ids,
            training.folds,
            run_profile.bridge,
            training.supervision,
            report=log_progress(context),
        )
        comparison = _compare(training, store, projected)
        packed = json.dumps(comparison.as_json(), indent=1, sort_keys=True).encode()
        store.write(BRIDGE_REPORT, packed)
        done = digest(packed)
        told = {"real_board_preferred": "md:" + as_markdown(judged)}
        shown = _show(comparison) | (told if judged.height else {})
        return Made(done, shown, {BRIDGE_REPORT: done})

    settings = [run_profile.bridge, judged.to_dicts()]
    return refresh(context, store, make, settings=settings)


def _training(store: Store) -> TrainingSet:
    # Where a track lies is told by its tags, which also know its labels.
    heard = read_table(store, "track_embeddings").drop("valence", "arousal")
    parts = heard.join(read_table(store, "track_tags"), on=["track_id", "part"])
    return training_set(
        parts,
        kept_pictures(store),
        read_table(store, "training_pairs"),
        read_table_or_empty(store, "curated_pairs"),
    )


def _compare(
    training: TrainingSet, store: Store, projected: dict[str, Array]
) -> Comparison:
    truth, judged = held_truth(
        training,
        read_table(store, "track_manifest"),
        read_table(store, "source_manifests"),
    )
    whole = {kind: rows[training.is_whole] for kind, rows in projected.items()}
    return compare(whole, training.images.embedding[judged], truth)


def _keep(store: Store, fitted: dict[str, Projection], training: TrainingSet) -> Made:
    blobs = {
        projection_key(kind): write_arrays(
            store,
            projection_key(kind),
            projection.arrays,
            {"kind": kind, "rows": len(training.music), "images": len(training.images)},
        )
        for kind, projection in fitted.items()
    }
    sizes = pl.DataFrame(
        {
            "kind": list(fitted),
            "parameters": [
                sum(a.size for a in p.arrays.values()) for p in fitted.values()
            ],
        }
    )
    shown = {
        "music_rows": len(training.music),
        "pictures": len(training.images),
        "models": "md:" + as_markdown(sizes),
        "finds": _found(store, fitted, training),
    }
    return Made(digest(blobs), shown, blobs)


def _found(store: Store, fitted: dict[str, Projection], training: TrainingSet) -> str:
    """Show the ten pictures nearest to where songs are placed.

    One model is shown on several songs that it was fitted on, several on one song.
    """
    facts = read_table(store, "image_facts").select("image_id", "sha256")
    hashes = dict(facts.iter_rows())
    named = read_table(store, "track_manifest").select("track_id", "title")
    titles = dict(named.iter_rows())
    whole = np.flatnonzero(training.is_whole)
    several = _ROWS_SHOWN if len(fitted) == 1 else 1
    songs = whole[np.linspace(0, len(whole) - 1, min(several, len(whole))).astype(int)]
    rows: dict[str, list[str]] = {}
    for kind, projection in fitted.items():
        asked = projection.project(training.music.rows(songs))
        near = np.argsort(-(asked @ training.images.embedding.T), axis=1)[:, :COLUMNS]
        for song, row in zip(songs, near, strict=True):
            track = training.track_ids[song]
            label = f"{kind}: {titles.get(track, track)}"
            rows[label] = [hashes[training.image_ids[i]] for i in row]
    return rows_of_thumbnails(store, rows)


def _show(comparison: Comparison) -> dict[str, object]:
    served = comparison.served_by()
    mrr = {
        kind: (f["mrr"].value, f["mrr"].low, f["mrr"].high)
        for kind, f in served.items()
    }
    best = best_of(served)
    ours = [kind for kind in mrr if "bridge" in kind]
    ranked = dict(sorted(mrr.items(), key=lambda item: -item[1][0]))
    title = f"{best} is best over all metrics; here MRR, {comparison.truth} truth"
    rows = [
        {"kind": kind}
        | {
            metric: f"{f.value:.2f} ({f.low:.2f} to {f.high:.2f})"
            for metric, f in figures.items()
        }
        for kind, figures in served.items()
    ]
    return {
        "truth": comparison.truth,
        "best": best,
        "plot": picture(bars_plot(ranked, title=title, unit="MRR", ours=ours)),
        "alignment": picture(_alignment(comparison.alignment[best], best)),
        "music_to_image_by_label": "md:" + as_markdown(pl.DataFrame(rows)),
    }


def _alignment(alignment: Alignment, kind: str) -> bytes:
    """Draw how near pictures lie that match, and others."""
    return counts_plot(
        {"matching pictures": alignment.matched, "random ones": alignment.random},
        alignment.edges,
        title=f"How near pictures lie to where {kind} asks: matching and random ones",
        unit="cosine with the query",
    )
