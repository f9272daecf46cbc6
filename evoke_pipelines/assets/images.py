"""Pictures as vectors and moods."""

from collections.abc import Callable
from functools import partial

import dagster as dg
import numpy as np
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
from evoke_core.storage.tables import as_matrix, read_table, read_table_or_empty
from evoke_pipelines.dictionary import CheckedTable, fits_dictionary
from evoke_pipelines.environment import read_environment
from evoke_pipelines.refresh import refresh_table
from evoke_pipelines.shown import (
    as_markdown,
    encoder_shown,
    log_progress,
    picture,
    rows_of_thumbnails,
)

_GROUP = "images"
_ASKED = 6  # pictures whose nearest ones are shown


@dg.asset(
    group_name=_GROUP,
    kinds={"numpy"},
    deps=["image_facts"],
    code_version="2",
    pool="encoder",
    check_specs=[fits_dictionary("image_embeddings")],
)
def image_embeddings(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    image_encoder: dg.ResourceParam[ImageEncoder],
) -> CheckedTable:
    """One unit vector for each distinct picture.

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
        show=lambda vectors: {
            **encoder_shown(image_encoder),
            "nearest_pictures": _neighbours(store, vectors),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["source_manifests", "curated_images", "image_embeddings"],
    code_version="6",
    pool="encoder",
    check_specs=[fits_dictionary("image_tags")],
)
def image_tags(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    image_encoder: dg.ResourceParam[ImageEncoder],
) -> CheckedTable:
    """Moods of every kept picture, and where it lies between calm and excited.

    Tagged without knowing any music; music is tagged without knowing any picture.
    """
    return refresh_table(
        context,
        store,
        lambda: tag_pictures(
            kept_embeddings(store),
            vocabulary,
            run_profile.tags,
            image_encoder,
            report=log_progress(context),
        ),
        settings=[run_profile.tags, vocabulary, image_encoder.fingerprint],
        show=lambda tags: {
            **_show_tags(tags, vocabulary),
            **encoder_shown(image_encoder),
        },
    )


def _opener_elsewhere(profile: RunProfile) -> Callable[[], ImageEncoder] | None:
    """Return what opens the encoder on another machine, where the profile asks for it.

    The weights have to lie at the same place on each.
    """
    if profile.engine == "local":
        return None
    weights = read_environment().weights.resolve()
    return partial(open_image_encoder, profile.image_encoder, weights)


def _neighbours(store: Store, vectors: pl.DataFrame) -> str:
    """Show some pictures, each followed by the nine that look most like it."""
    if not vectors.height:
        return "no picture could be embedded"
    matrix, hashes = as_matrix(vectors["embedding"]), vectors["sha256"].to_list()
    asked = np.linspace(0, len(hashes) - 1, min(_ASKED, len(hashes))).astype(int)
    nearest = np.argsort(-(matrix[asked] @ matrix.T), axis=1, kind="stable")[:, :10]
    return rows_of_thumbnails(
        store,
        {
            f"{number}: itself, then what lies nearest": [hashes[i] for i in row]
            for number, row in enumerate(nearest, start=1)
        },
    )


def _show_tags(tags: pl.DataFrame, vocabulary: Vocabulary) -> dict[str, object]:
    points = tags.select("valence", "arousal").to_numpy()
    bright = float((points[:, 0] > 0).mean()) if len(points) else 0.0
    lively = float((points[:, 1] > 0).mean()) if len(points) else 0.0
    plane = plane_plot(
        points,
        title=f"{tags.height} pictures as tagged: {bright:.0%} pleasant, "
        f"{lively:.0%} excited",
    )
    return {
        "affect_plane": picture(plane),
        "labelled": int(tags["labelled"].sum()),
        "moods_named": f"md:{as_markdown(count_moods(tags, vocabulary))}",
    }
