"""Plots of the music library's tables, for the Dagster UI.

Each takes a table of the data dictionary and returns PNG bytes. How they are drawn is
`evoke_core.plots`.
"""

from collections.abc import Iterable

import polars as pl

from evoke_core.labels import RATED
from evoke_core.moods import MoodCalibration
from evoke_core.plots import bars_plot, plane_plot, tally_plot

_UNSAID = "by sound alone"


def plot_listed(tracks: pl.DataFrame) -> bytes:
    """Draw `track_manifest`: what is known of the tracks of each library.

    Synthesized tracks are told apart by their planted mood.
    """
    rated = pl.all_horizontal(pl.col(RATED).is_not_null())
    labelled = pl.col("labels").list.len() > 0
    said = pl.when(rated).then(pl.lit("rated")).when(labelled).then(pl.lit("labelled"))
    told = tracks.select(
        pl.coalesce("family", "source").alias("name"),
        said.otherwise(pl.lit(_UNSAID)).alias("said"),
    )
    known = told.filter(pl.col("said") != _UNSAID).height
    words = f"; people told the mood of {known:,} of them" if known else ""
    return tally_plot(told, title=f"{told.height:,} tracks{words}", unit="tracks")


def plot_refusals(refused: pl.DataFrame) -> bytes:
    """Draw `track_refusals` by their reasons."""
    return tally_plot(
        refused.select("reason", pl.lit("refused").alias("part")),
        title=f"{refused.height:,} tracks can't be used",
        unit="tracks",
    )


def plot_affect(parts: pl.DataFrame, how: str) -> bytes:
    """Draw where whole tracks lie on the affect plane, as heard or as tagged."""
    whole = parts.filter(pl.col("part") == 0)
    points = whole.select("valence", "arousal").to_numpy()
    bright = float((points[:, 0] > 0).mean()) if len(points) else 0.0
    lively = float((points[:, 1] > 0).mean()) if len(points) else 0.0
    return plane_plot(
        points,
        title=f"{whole.height} tracks as {how}: {bright:.0%} pleasant, "
        f"{lively:.0%} excited",
    )


def plot_evidence(calibration: MoodCalibration, moods: Iterable[str]) -> bytes:
    """Draw how much evidence a library gives for each mood, and how it varies."""
    spread = zip(calibration.mean, calibration.spread, strict=True)
    values = {
        name: (float(mean), float(mean - deviation), float(mean + deviation))
        for name, (mean, deviation) in zip(moods, spread, strict=True)
    }
    ranked = dict(sorted(values.items(), key=lambda item: -item[1][0]))
    most, least = next(iter(ranked)), next(reversed(ranked))
    return bars_plot(
        ranked,
        title=f"This library is most of all {most}, and {least} least",
        unit="evidence for the mood, with one standard deviation",
    )


def plot_emotion(profiles: pl.DataFrame) -> bytes:
    """Draw `track_profiles`: the five values over all tracks."""
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
