"""The file that readers follow."""

import json
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from evoke_core.boards.collected import drop_collected
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.gather import kept_embeddings
from evoke_core.latest import BRIDGE_REPORT, COLLECTION, DIRECTIONS
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.fitted import load_table
from evoke_core.publish import (
    Ingredients,
    collections_to_keep,
    has_served_collection,
    publish_ingredients,
)
from evoke_core.release import CURRENT
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_arrays
from evoke_pipelines.policies import retrying
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.resources import IndexAccess
from evoke_pipelines.shown import as_markdown


@dg.asset(
    group_name="release",
    kinds={"json"},
    deps=["bridge_model", "bridge_baselines", "bridge_report", "mood_directions",
          "image_index", "curated_images", "track_calibration"],
    code_version="6",
    pool="milvus",
)  # fmt: skip
def release(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    image_encoder: dg.ResourceParam[ImageEncoder],
    music_encoder: dg.ResourceParam[MusicEncoder],
    index: dg.ResourceParam[IndexAccess],
) -> dg.MaterializeResult[None]:
    """Collection, projection, sliders, vocabulary and encoders that belong together.

    The gate decides which projection serves. The file is replaced in one step; it keeps
    the release before it for roll-back, and the index keeps its collection.
    """
    fingerprints = (image_encoder.fingerprint, music_encoder.fingerprint)

    def make() -> Made:
        pictures = kept_embeddings(store)
        ingredients = Ingredients(
            collection=store.read(COLLECTION).decode(),
            report=json.loads(store.read(BRIDGE_REPORT)),
            image_encoder=fingerprints[0],
            music_encoder=fingerprints[1],
            vocabulary=vocabulary.digest,
            licence="; ".join(
                [image_encoder.licence, music_encoder.licence, *_terms(run_profile)]
            ),
            pictures=int(pictures["served"].sum()),
            sources=tuple(sorted(pictures["source"].unique())),
        )
        directions, _ = read_arrays(store, DIRECTIONS)
        with index.open() as opened:
            # Nobody is sent to a collection that is not there.
            opened.require(ingredients.collection, directions["directions"].shape[1])
            published, _ = publish_ingredients(
                store,
                ingredients,
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            keep = collections_to_keep(store, opened)
            opened.serve(published.collection, keep=keep)
            drop_collected(store, keep=[published.collection, *keep])
        named = pl.DataFrame(
            {
                "part": [
                    "release",
                    "collection",
                    "serves",
                    "truth",
                    "pictures",
                    "sources",
                    "image encoder",
                    "music encoder",
                ],
                "value": [
                    published.release_id,
                    published.collection,
                    published.kind,
                    published.truth,
                    str(published.pictures),
                    ", ".join(ingredients.sources),
                    *fingerprints,
                ],
            }
        )
        return Made(
            published.release_id,
            {
                "verdict": published.verdict,
                "pictures": published.pictures,
                "licence": ingredients.licence,
                "contents": "md:" + as_markdown(named),
                "stored_at": store.locate(CURRENT),
            },
        )

    # A release whose collection was lost is made anew.
    with retrying(context), index.open() as opened:
        present = has_served_collection(store, opened)
    return refresh(
        context,
        store,
        make,
        settings=[
            present,
            *fingerprints,
            vocabulary.digest,
            run_profile.licence_policy,
            run_profile.audio,
        ],
    )


def _terms(run_profile: RunProfile) -> list[str]:
    """Name the terms of the ratings that songs are placed by, where they are."""
    return [load_table().licence] if run_profile.audio.fitted else []
