"""The music library: its tracks as vectors, emotion and moods."""

import dagster as dg
import polars as pl

from evoke_core.config import RunProfile, Sources, Vocabulary
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.library import list_tracks
from evoke_core.music.survey import survey_tracks
from evoke_core.music.tags import tag_tracks
from evoke_core.plots import bars_plot, plane_plot
from evoke_core.storage.store import Store
from evoke_core.storage.tables import frame_digest, read_table, write_table
from evoke_pipelines.refresh import refresh_table
from evoke_pipelines.shown import column_schema, counts, log_progress, picture

_GROUP = "music"


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    code_version="1",
    metadata={"dagster/column_schema": column_schema("track_manifest")},
)
def track_manifest(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    sources: dg.ResourceParam[Sources],
) -> dg.MaterializeResult[None]:
    """Every track of the profile's music libraries; what is synthesized is rendered."""
    listed = list_tracks(
        sources, run_profile.music, store, report=log_progress(context)
    )
    return refresh_table(context, store, lambda: listed, settings=frame_digest(listed))


@dg.asset(
    group_name=_GROUP,
    kinds={"librosa"},
    deps=["track_manifest"],
    code_version="1",
    pool="encoder",
    metadata={"dagster/column_schema": column_schema("track_embeddings")},
)
def track_embeddings(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    music_encoder: dg.ResourceParam[MusicEncoder],
) -> dg.MaterializeResult[None]:
    """Unit vectors of every track and of its windows, with their place on the plane.

    A track that can't be heard is a row of `track_refusals` with its reason.

    The same listening leaves the emotion profiles for `track_profiles`.
    """

    def make() -> pl.DataFrame:
        survey = survey_tracks(
            read_table(store, "track_manifest"),
            music_encoder,
            run_profile.audio,
            store,
            report=log_progress(context),
        )
        write_table(store, "track_profiles", survey.profiles)
        write_table(store, "track_refusals", survey.refusals)
        return survey.embeddings

    return refresh_table(
        context,
        store,
        make,
        settings=[music_encoder.fingerprint, run_profile.audio],
        show=lambda frame: {
            "fingerprint": music_encoder.fingerprint,
            "dimension": music_encoder.dimension,
            "licence": music_encoder.licence,
            "affect_plane": picture(_plane(frame)),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["track_embeddings"],
    code_version="1",
    metadata={"dagster/column_schema": column_schema("track_refusals")},
)
def track_refusals(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
) -> dg.MaterializeResult[None]:
    """Tracks that can't be used, each with its reason and the remedy."""
    return refresh_table(
        context,
        store,
        lambda: read_table(store, "track_refusals"),
        settings=None,
        show=lambda frame: counts(frame, "reason"),
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["track_embeddings"],
    code_version="1",
    metadata={"dagster/column_schema": column_schema("track_profiles")},
)
def track_profiles(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
) -> dg.MaterializeResult[None]:
    """Energy, valence, texture, harmonic complexity and rhythmic density over time."""
    return refresh_table(
        context,
        store,
        lambda: read_table(store, "track_profiles"),
        settings=None,
        show=lambda frame: {"emotion": picture(_emotion(frame))},
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["track_embeddings"],
    code_version="1",
    metadata={"dagster/column_schema": column_schema("track_tags")},
)
def track_tags(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    music_encoder: dg.ResourceParam[MusicEncoder],
) -> dg.MaterializeResult[None]:
    """Moods of every track and window, tagged without knowing any picture."""

    def make() -> pl.DataFrame:
        parts = read_table(store, "track_embeddings")
        return tag_tracks(parts, vocabulary, run_profile.tags, music_encoder)

    return refresh_table(
        context,
        store,
        make,
        settings=[run_profile.tags, vocabulary, music_encoder.fingerprint],
    )


def _plane(parts: pl.DataFrame) -> bytes:
    whole = parts.filter(pl.col("part") == 0)
    return plane_plot(
        whole.select("valence", "arousal").to_numpy(),
        title=f"Where {whole.height} tracks lie between unpleasant and pleasant",
    )


def _emotion(profiles: pl.DataFrame) -> bytes:
    values = ["energy", "valence", "texture", "harmonic_complexity", "rhythmic_density"]
    whole = profiles.filter(pl.col("part") == 0)
    spread = {
        name.replace("_", " "): (
            float(whole[name].median() or 0.0),  # type: ignore[arg-type]
            float(whole[name].quantile(0.1) or 0.0),
            float(whole[name].quantile(0.9) or 0.0),
        )
        for name in values
    }
    return bars_plot(
        spread,
        title=f"Emotion of {whole.height} tracks: median, with four fifths of them",
        unit="0 to 1",
    )
