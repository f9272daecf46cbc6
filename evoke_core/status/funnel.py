"""The corpus as a funnel: what was listed, and why less of it is served.

Counts only. Who decides what is kept is `corpus.curation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from evoke_core.status.stored import read_known
from evoke_core.storage.store import Store

STAGES = ("listed", "stored", "measured", "kept", "served")
TEACHES = "only teaches"
WAITS = "waiting for the next refresh"
_ROW = ["image_id", "status", "reason"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Pictures that did not reach a stage.

    Args:
        stage: The one they did not reach.
        reason: In words.
        count: How many.
    """

    stage: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many pictures reached each stage.

    Args:
        stages: Pictures by source, the largest source first, by each of STAGES.
        losses: The commonest reason of each stage first.
    """

    stages: Mapping[str, Mapping[str, int]]
    losses: tuple[Loss, ...]

    def total(self, stage: str) -> int:
        """Count the pictures of a stage over all sources."""
        return sum(self.stages[stage].values())

    def sources(self) -> list[str]:
        """List the sources, the largest first."""
        return list(self.stages["listed"])

    def losses_before(self, stage: str) -> list[Loss]:
        """List why pictures did not reach a stage."""
        return [loss for loss in self.losses if loss.stage == stage]


def count_funnel(store: Store) -> Funnel:
    """Count the pictures of a store, stage by stage."""
    return funnel_of(
        read_known(store, "source_manifests", ["image_id", "source"]),
        read_known(store, "image_files", _ROW),
        read_known(store, "image_facts", _ROW),
        read_known(store, "curated_images", [*_ROW, "served"]),
    )


def funnel_of(
    manifest: pl.DataFrame,
    files: pl.DataFrame,
    facts: pl.DataFrame,
    curated: pl.DataFrame,
) -> Funnel:
    """Count pictures by stage and source, and what was lost between two stages.

    A picture counts for a stage only if it reached all before it, so that losses add
    up: listed is served and all losses together.

    Args:
        manifest: Columns image_id and source.
        files: Columns image_id, status, reason.
        facts: Likewise.
        curated: Likewise, and served.
    """
    reached = _reached(manifest, files, facts, curated)
    order = (
        reached.group_by("source")
        .len()
        .sort(["len", "source"], descending=[True, False])
    )
    sources = order["source"].to_list()
    stages = {}
    for number, stage in enumerate(STAGES):
        there = reached.filter(pl.col("stage") >= number)
        counts = dict(there.group_by("source").len().iter_rows())
        stages[stage] = {source: int(counts.get(source, 0)) for source in sources}
    lost = (
        reached.filter(pl.col("stage") < len(STAGES) - 1)
        .group_by("stage", "why")
        .len()
        .sort(["stage", "len", "why"], descending=[False, True, False])
    )
    losses = (Loss(STAGES[at + 1], why, count) for at, why, count in lost.iter_rows())
    return Funnel(stages, tuple(losses))


def _reached(
    manifest: pl.DataFrame,
    files: pl.DataFrame,
    facts: pl.DataFrame,
    curated: pl.DataFrame,
) -> pl.DataFrame:
    """Say how far each picture came, and why not farther."""
    joined = manifest
    for name, frame in (("file", files), ("fact", facts), ("kept", curated)):
        renamed = frame.rename({"status": name, "reason": f"{name}_why"})
        joined = joined.join(renamed, on="image_id", how="left")
    steps = (
        (pl.col("file") == "stored", pl.col("file_why")),
        (pl.col("fact") == "measured", pl.col("fact_why")),
        (pl.col("kept") == "kept", pl.coalesce("kept_why", "kept")),
        (pl.col("served"), pl.lit(TEACHES)),
    )
    stage, why, good = pl.lit(0), pl.lit(None, pl.String), pl.lit(value=True)
    for passes, reason in steps:
        passed = good & passes.fill_null(value=False)
        why = pl.when(good & ~passed).then(reason.fill_null(WAITS)).otherwise(why)
        stage, good = stage + passed.cast(pl.Int32), passed
    return joined.select(
        "source", stage.alias("stage"), why.str.replace_all("_", " ").alias("why")
    )
