"""The review loop: pages on which people judge, and the pairs that their files give."""

import json
from datetime import UTC, datetime
from math import isnan

import dagster as dg
import polars as pl
from pydantic import Field

from evoke_core.plots import tally_plot
from evoke_core.reviews.ballot import Ballot
from evoke_core.reviews.curated import Names, Pair, Said, curate, last_words
from evoke_core.reviews.dealing import StudyPlan
from evoke_core.reviews.inbox import INBOX, Taken, read_ballots, take_verdicts, waiting
from evoke_core.reviews.making import make_study
from evoke_core.reviews.summary import (
    ab_summary,
    agreement_summary,
    rates_frame,
    reviews_as_json,
)
from evoke_core.schemas import TABLES
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table
from evoke_pipelines.dictionary import CheckedTable, fits_dictionary
from evoke_pipelines.refresh import refresh_table
from evoke_pipelines.shown import as_markdown, picture

_GROUP = "reviews"
SUMMARY_KEY = "reports/reviews.json"
PAIRS_KEY = "reviews/curated_pairs.csv"


class StudyConfig(dg.Config):
    """What the study page asks, as it is filled in on the launchpad."""

    tracks: list[str] = Field(
        default=[], description="Folders below boards/; none takes all boards."
    )
    trials: int = Field(default=24, ge=1, le=500, description="Most questions.")
    seed: int = Field(default=0, ge=0, description="Songs, pictures, sides, order.")
    tiles: int = Field(default=12, ge=4, le=12, description="Pictures of a board.")
    against_other_tracks: bool = Field(
        default=False,
        description="Hold boards against other songs' boards, not random ones.",
    )
    listen_s: float = Field(
        default=5.0, ge=0, le=60, description="Seconds to listen before one may judge."
    )


@dg.asset(group_name=_GROUP, kinds={"html"}, code_version="2")
def study_page(
    context: dg.AssetExecutionContext,
    config: StudyConfig,
    store: dg.ResourceParam[Store],
) -> dg.MaterializeResult[None]:
    """A page to hand to people: which board fits the song, does this picture fit it.

    Blind: the page does not know which board is the real one. What it saves is dropped
    into reviews/inbox/.
    """
    plan = StudyPlan(
        trials=config.trials,
        tiles=config.tiles,
        rival="other_track" if config.against_other_tracks else "random",
        seed=config.seed,
    )
    made = make_study(store, config.tracks, plan, listen_s=config.listen_s)
    for reason in made.left_out.values():
        context.log.warning(reason)
    compared = sum(trial.real is not None for trial in made.study.trials)
    return dg.MaterializeResult(
        metadata={
            "study": made.study.study_id,
            "page": dg.MetadataValue.path(store.locate(made.page)),
            "answer_key": dg.MetadataValue.path(store.locate(made.answers)),
            "put_verdicts_into": dg.MetadataValue.path(store.locate(INBOX.rstrip("/"))),
            "boards_compared": compared,
            "single_pictures": len(made.study.trials) - compared,
            "songs_without_audio": len(made.silent),
            "boards_left_out": len(made.left_out),
            "size_bytes": made.size_bytes,
        },
        data_version=dg.DataVersion(made.study.study_id),
    )


@dg.asset(
    group_name=_GROUP,
    kinds={"polars"},
    deps=["duplicate_clusters", "track_embeddings"],
    code_version="2",
    check_specs=[fits_dictionary("curated_pairs")],
)
def curated_pairs(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store]
) -> CheckedTable:
    """Songs and pictures that people said belong together, or do not.

    Takes new verdict files out of reviews/inbox/; what can't be taken lies in
    reviews/refused/ beside its reason.
    """
    now = datetime.now(UTC)
    files = waiting(store.listing(INBOX), now_s=now.timestamp())
    for taken in take_verdicts(store, files, now=now):
        _log(context, taken)
    ballots = list(read_ballots(store))
    words = last_words(ballots, _names(store))

    def make() -> pl.DataFrame:
        pairs = curate(words)
        store.write(PAIRS_KEY, pairs.write_csv().encode())
        store.write(SUMMARY_KEY, _summary(ballots, words))
        return pairs

    return refresh_table(
        context,
        store,
        make,
        settings=[ballot.digest for ballot in ballots],
        show=lambda pairs: _show(pairs, ballots, words),
    )


def _log(context: dg.AssetExecutionContext, taken: Taken) -> None:
    if taken.reason:
        context.log.warning("%s: %s: %s", taken.name, taken.reason, taken.message)
    else:
        context.log.info("%s: taken as %s", taken.name, taken.digest)


def _names(store: Store) -> Names:
    clusters = _read_or_empty(store, "duplicate_clusters")
    tracks = _read_or_empty(store, "track_embeddings").sort("track_id", descending=True)
    return Names(
        keepers=dict(clusters.select("image_id", "cluster_id").iter_rows()),
        tracks=dict(tracks.select("sha256", "track_id").iter_rows()),
    )


def _read_or_empty(store: Store, table: str) -> pl.DataFrame:
    """A store that was only given songs and boards knows no copies."""
    try:
        return read_table(store, table)
    except KeyError:
        return TABLES[table].empty()


def _summary(ballots: list[Ballot], words: dict[Pair, list[Said]]) -> bytes:
    summary = reviews_as_json(ab_summary(ballots), agreement_summary(words))
    return json.dumps(summary, indent=1, sort_keys=True).encode()


def _show(
    pairs: pl.DataFrame, ballots: list[Ballot], words: dict[Pair, list[Said]]
) -> dict[str, object]:
    settled = pairs.height
    shown: dict[str, object] = {
        "judged": _judged(pairs),
        "verdict_files": len(ballots),
        "raters": len({ballot.rater for ballot in ballots}),
        "matches": int(pairs["match"].sum()),
        "ties_left_out": len(words) - settled,
    }
    alpha = agreement_summary(words)["all"]
    if not isnan(alpha.value):
        shown["krippendorff_alpha"] = (
            f"{alpha.value:.2f} ({alpha.low:.2f} to {alpha.high:.2f}, n={alpha.n})"
        )
    rates = rates_frame(ab_summary(ballots))
    if rates.height:
        shown["real_board_preferred"] = "md:" + as_markdown(rates)
    return shown


def _judged(pairs: pl.DataFrame) -> str:
    """Draw how many pairs fit or do not, and how many people agreed on each."""
    if not pairs.height:
        return f"nothing yet: put files that study_page saves into {INBOX}"
    agreed = (pl.col("agreement") * pl.col("raters")).round().cast(pl.Int64)
    plot = tally_plot(
        pairs.select(
            pl.when(match=1).then(pl.lit("fits")).otherwise(pl.lit("does not fit")),
            pl.format("{} of {} people", agreed, "raters").alias("agreed"),
        ),
        title=f"{int(pairs['match'].sum()):,} of {pairs.height:,} judged pairs fit",
        unit="pairs of a song and a picture, by how many agreed",
    )
    return picture(plot)
