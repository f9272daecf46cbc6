"""Pictures as vectors and moods."""

from collections.abc import Callable
from functools import partial

import dagster as dg
import polars as pl

from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.images.embed import embed_pictures
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.encoders import open_image_encoder
from evoke_core.images.gather import kept_embeddings
from evoke_core.images.tags import tag_pictures
from evoke_core.moods import count_moods
from evoke_core.plots import plane_plot
from evoke_core.storage.journal import Journal
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table, read_table_or_empty
from evoke_pipelines.environment import read_environment
from evoke_pipelines.refresh import refresh_table
from evoke_pipelines.shown import as_markdown, column_schema, log_progress, picture

_GROUP = "images"


@dg.asset(
    group_name=_GROUP,
    kinds={"numpy"},
    deps=["image_facts"],
    code_version="1",
    pool="encoder",
    metadata={"dagster/column_schema": column_schema("image_embeddings")},
)
def image_embeddings(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    image_encoder: dg.ResourceParam[ImageEncoder],
) -> dg.MaterializeResult[None]:
    """One unit vector for each distinct picture, and its four measured attributes.

    Resumed by (sha256, encoder fingerprint): no picture is embedded twice.
    """
    return refresh_table(
        context,
        store,
        lambda: embed_pictures(
            read_table(store, "image_facts"),
            read_table_or_empty(store, "image_embeddings"),
            image_encoder,
            Journal(store, "image_embeddings"),
            report=log_progress(context),
            elsewhere=_opener_elsewhere(run_profile),
        ),
        settings=image_encoder.fingerprint,
        show=lambda _: {
            "encoder": image_encoder.name,
            "fingerprint": image_encoder.fingerprint,
            "dimension": image_encoder.dimension,
            "licence": image_encoder.licence,
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["source_manifests", "curated_images", "image_embeddings"],
    code_version="6",
    pool="encoder",
    metadata={"dagster/column_schema": column_schema("image_tags")},
)
def image_tags(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    image_encoder: dg.ResourceParam[ImageEncoder],
) -> dg.MaterializeResult[None]:
    """Moods of every kept picture, and where it lies between calm and excited.

    Tagged without knowing any music; music is tagged without knowing any picture.
    """
    return refresh_table(
        context,
        store,
        lambda: tag_pictures(
            kept_embeddings(store), vocabulary, run_profile.tags, image_encoder
        ),
        settings=[run_profile.tags, vocabulary, image_encoder.fingerprint],
        show=lambda tags: _show_tags(tags, vocabulary),
    )


def _opener_elsewhere(profile: RunProfile) -> Callable[[], ImageEncoder] | None:
    """Return what opens the encoder on another machine, where the profile asks for it.

    The weights have to lie at the same place on each.
    """
    if profile.engine == "local":
        return None
    weights = read_environment().weights.resolve()
    return partial(open_image_encoder, profile.image_encoder, weights)


def _show_tags(tags: pl.DataFrame, vocabulary: Vocabulary) -> dict[str, object]:
    plane = plane_plot(
        tags.select("valence", "arousal").to_numpy(),
        title=f"Where {tags.height} pictures lie between unpleasant and pleasant",
    )
    return {
        "affect_plane": picture(plane),
        "labelled": int(tags["labelled"].sum()),
        "moods_named": f"md:{as_markdown(count_moods(tags, vocabulary))}",
    }
