"""The music library: its tracks as vectors, emotion and moods."""

import dagster as dg
import polars as pl

from evoke_core.config.collections import Sources
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.labels import unknown_labels
from evoke_core.latest import CALIBRATION
from evoke_core.moods import (
    count_moods,
    read_calibration,
    write_calibration,
)
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.library import library_labels, list_tracks
from evoke_core.music.plots import (
    plot_affect,
    plot_emotion,
    plot_evidence,
    plot_listed,
    plot_refusals,
)
from evoke_core.music.survey import survey_tracks
from evoke_core.music.tags import calibrate_tracks, tag_tracks
from evoke_core.storage.store import Store
from evoke_core.storage.tables import (
    frame_digest,
    read_table,
    read_table_or_empty,
    write_table,
)
from evoke_pipelines.dictionary import CheckedTable, fits_dictionary
from evoke_pipelines.refresh import Made, refresh, refresh_table
from evoke_pipelines.shown import (
    as_markdown,
    counts,
    encoder_shown,
    log_progress,
    picture,
)

_GROUP = "music"
_SHOWN = 20  # lines of a list in the UI


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    code_version="3",
    check_specs=[fits_dictionary("track_manifest")],
)
def track_manifest(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    sources: dg.ResourceParam[Sources],
    vocabulary: dg.ResourceParam[Vocabulary],
) -> CheckedTable:
    """Every track of the profile's music libraries; what is synthesized is rendered.

    What tables of labels say of a folder's songs stands beside them; rows that can't be
    used are shown with their reasons, labels that name no mood with their counts.
    """
    listed = list_tracks(
        sources, run_profile.music, store, report=log_progress(context)
    )
    refusals = [
        refusal
        for name in run_profile.music
        for refusal in library_labels(sources.music[name]).refusals
    ]
    return refresh_table(
        context,
        store,
        lambda: listed,
        settings=[frame_digest(listed), refusals],
        show=lambda tracks: {
            "listed": picture(plot_listed(tracks)),
            **counts(tracks, "source"),
            **_show_labels(tracks, refusals, vocabulary),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"numpy"},
    deps=["track_manifest"],
    code_version="2",
    pool="encoder",
    check_specs=[fits_dictionary("track_embeddings")],
)
def track_embeddings(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    music_encoder: dg.ResourceParam[MusicEncoder],
) -> CheckedTable:
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
        beside=["track_profiles", "track_refusals"],
        # a rendered track that was lost meanwhile has been rendered again
        again="vanished" in read_table_or_empty(store, "track_refusals")["reason"],
        show=lambda frame: {
            "tracks": frame["track_id"].n_unique(),
            **encoder_shown(music_encoder),
            "affect_plane": picture(plot_affect(frame, "heard")),
        },
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["track_embeddings"],
    code_version="2",
    check_specs=[fits_dictionary("track_refusals")],
)
def track_refusals(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
) -> CheckedTable:
    """Tracks that can't be used, each with its reason and the remedy."""
    return refresh_table(
        context,
        store,
        lambda: read_table(store, "track_refusals"),
        settings=None,
        show=_show_refusals,
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["track_embeddings"],
    code_version="1",
    check_specs=[fits_dictionary("track_profiles")],
)
def track_profiles(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
) -> CheckedTable:
    """Energy, valence, texture, harmonic complexity and rhythmic density over time."""
    return refresh_table(
        context,
        store,
        lambda: read_table(store, "track_profiles"),
        settings=None,
        show=lambda frame: {"emotion": picture(plot_emotion(frame))},
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"safetensors"},
    deps=["track_embeddings"],
    code_version="1",
    pool="encoder",
)
def track_calibration(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
    music_encoder: dg.ResourceParam[MusicEncoder],
) -> dg.MaterializeResult[None]:
    """How much of each mood the library has: mean and deviation of the evidence for it.

    Tracks and dropped songs are named by it alike, so a drop has the moods that the
    same song has in the library.
    """

    def make() -> Made:
        parts = read_table(store, "track_embeddings")
        calibration = calibrate_tracks(
            parts, vocabulary, run_profile.tags, music_encoder
        )
        done = write_calibration(store, CALIBRATION, calibration)
        way = "the plane" if calibration.classes is None else "prompts"
        shown = {
            "tracks": parts["track_id"].n_unique(),
            "named_by": way,
            "evidence": picture(plot_evidence(calibration, vocabulary.moods)),
            **encoder_shown(music_encoder),
        }
        return Made(done, shown, {CALIBRATION: done})

    return refresh(
        context,
        store,
        make,
        settings=[run_profile.tags, vocabulary, music_encoder.fingerprint],
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["track_embeddings", "track_manifest", "track_calibration"],
    code_version="2",
    check_specs=[fits_dictionary("track_tags")],
)
def track_tags(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    run_profile: dg.ResourceParam[RunProfile],
    vocabulary: dg.ResourceParam[Vocabulary],
) -> CheckedTable:
    """Moods of every track and window, tagged without knowing any picture.

    What people said of a track joins what is heard; `labelled` says where.
    """

    def make() -> pl.DataFrame:
        return tag_tracks(
            read_table(store, "track_embeddings"),
            read_table(store, "track_manifest"),
            vocabulary,
            run_profile.tags,
            read_calibration(store, CALIBRATION),
        )

    return refresh_table(
        context,
        store,
        make,
        settings=[run_profile.tags, vocabulary],
        show=lambda tags: _show_tags(tags, vocabulary),
    )


def _show_tags(tags: pl.DataFrame, vocabulary: Vocabulary) -> dict[str, object]:
    whole = tags.filter(pl.col("part") == 0)
    return {
        "tracks": whole.height,
        "labelled": int(whole["labelled"].sum()),
        "affect_plane": picture(plot_affect(tags, "tagged")),
        "moods_named": f"md:{as_markdown(count_moods(whole, vocabulary))}",
    }


def _show_refusals(refused: pl.DataFrame) -> dict[str, object]:
    if not refused.height:
        return {"refused": "none: every listed track can be heard"}
    return {"refused": picture(plot_refusals(refused)), **counts(refused, "reason")}


def _show_labels(
    tracks: pl.DataFrame, refusals: list[str], vocabulary: Vocabulary
) -> dict[str, object]:
    """Show what of the tables of labels was of no use; nothing without tables."""
    unknown = unknown_labels(tracks["labels"].to_list(), vocabulary)
    shown: dict[str, object] = {}
    if unknown:
        shown["unknown_labels"] = dict(list(unknown.items())[:_SHOWN])
    if refusals:
        shown["unusable_label_rows"] = len(refusals)
        shown["first_unusable_label_rows"] = refusals[:_SHOWN]
    return shown
