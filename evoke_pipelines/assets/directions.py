"""The sliders: four directions in image space."""

from typing import Any

import dagster as dg
import numpy as np
import polars as pl

from evoke_core.config.fields import AXES
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.corpus.contact_sheet import COLUMNS
from evoke_core.directions.fit import fit_directions, read_poles
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.gather import kept_pictures
from evoke_core.latest import DIRECTIONS
from evoke_core.shared_space import FEELING
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, write_arrays
from evoke_core.vectors import Array
from evoke_core.zero_shot import TextEncoder
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.shown import as_markdown, encoder_shown, rows_of_thumbnails


@dg.asset(
    group_name="directions",
    kinds={"numpy", "safetensors"},
    deps=["curated_images", "image_embeddings", "image_facts", "image_tags"],
    code_version="3",
)
def mood_directions(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    image_encoder: dg.ResourceParam[ImageEncoder],
) -> dg.MaterializeResult[None]:
    """Energy, warmth, complexity and abstraction as orthogonal unit vectors.

    Learned from attributes measured on the pictures, and from texts where the encoder
    reads them. Judged by what a moved slider finds among pictures left out of the fit.
    """

    def make() -> Made:
        pictures = kept_pictures(store)
        vectors = as_matrix(pictures["embedding"])
        attributes = as_matrix(pictures["attributes"])
        sliders = fit_directions(
            vectors, attributes,
            reach=run_profile.refinement.reach,
            text_poles=_poles(image_encoder, vocabulary),
        )  # fmt: skip
        card: dict[str, Any] = {
            "way": sliders.way,
            "pictures": pictures.height,
            "sources": sorted(set(pictures["source"])),
            **{
                name: {"tau": r.tau, "movement": r.movement, "leak": r.leak}
                for name, r in sliders.reports.items()
            },
        }
        content = write_arrays(
            store, DIRECTIONS, {"directions": sliders.directions}, card
        )
        rows = pl.DataFrame([{"slider": name, **card[name]} for name in AXES])
        shown = {
            "pictures": pictures.height,
            "way": sliders.way,
            "from_low_to_high": _sheet(store, pictures, vectors @ sliders.directions.T),
            "sliders": "md:" + as_markdown(rows),
            **encoder_shown(image_encoder),
        }
        return Made(content, shown, {DIRECTIONS: content})

    settings = [run_profile.refinement, vocabulary.axes, image_encoder.fingerprint]
    return refresh(context, store, make, settings=settings)


def _sheet(store: Store, pictures: pl.DataFrame, places: Array) -> str:
    """Show ten pictures along each slider, from its low end to its high one.

    Args:
        store: Holds the thumbnails.
        pictures: N rows with their sha256.
        places: float32[N, 4], where each lies on each slider.
    """
    hashes = pictures["sha256"].to_list()
    shown = np.linspace(0, len(hashes) - 1, min(COLUMNS, len(hashes))).astype(int)
    return rows_of_thumbnails(
        store,
        {
            f"{name}, low to high": [hashes[i] for i in np.argsort(along)[shown]]
            for name, along in zip(AXES, places.T, strict=True)
        },
    )


def _poles(encoder: ImageEncoder, vocabulary: Vocabulary) -> Array | None:
    """Say where texts put the ends of the sliders: looks, whatever the feeling."""
    if not isinstance(encoder, TextEncoder):
        return None
    return np.pad(read_poles(encoder, vocabulary), ((0, 0), (FEELING, 0)))
