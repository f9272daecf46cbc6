"""The sliders: four directions in image space."""

import dagster as dg
import numpy as np
import polars as pl

from evoke_core.config import AXES, RunProfile
from evoke_core.directions import fit_directions, judge_sliders
from evoke_core.images.gather import kept_embeddings
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, write_arrays
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.shown import as_markdown

DIRECTIONS_KEY = "models/latest/directions.safetensors"


@dg.asset(
    group_name="directions",
    kinds={"numpy", "safetensors"},
    deps=["curated_images", "image_embeddings"],
    code_version="1",
)
def mood_directions(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
) -> dg.MaterializeResult[None]:
    """Energy, warmth, complexity and abstraction as orthogonal unit vectors.

    Learned from attributes measured on the pictures, judged by what pictures a moved
    slider finds.
    """

    def make() -> Made:
        pictures = kept_embeddings(store)
        vectors = as_matrix(pictures["embedding"])
        attributes = as_matrix(pictures["attributes"])
        directions = fit_directions(vectors, attributes)
        reports = judge_sliders(
            directions, vectors, attributes, _some(vectors),
            reach=run_profile.refinement.reach,
        )  # fmt: skip
        card = {
            name: {"tau": r.tau, "movement": r.movement, "leak": r.leak}
            for name, r in reports.items()
        }
        content = write_arrays(store, DIRECTIONS_KEY, {"directions": directions}, card)
        rows = pl.DataFrame([{"slider": name, **card[name]} for name in AXES])
        return Made(content, {"sliders": "md:" + as_markdown(rows)})

    return refresh(context, store, make, settings=run_profile.refinement)


def _some(vectors: np.ndarray) -> np.ndarray:
    """Take pictures spread over the corpus as queries."""
    return vectors[:: max(1, len(vectors) // 60)]
