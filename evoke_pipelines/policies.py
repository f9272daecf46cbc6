"""What holds for whole families of assets, said once and laid over the graph.

Owners, tags, freshness, the columns of tables, and what is tried again. Not here: what
one asset is or does.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg

from evoke_core.schemas import TABLES
from evoke_core.serving.patience import is_transient
from evoke_pipelines.shown import column_schema

OWNERS = ("team:evoke",)
_RETRIES = 3
_WAIT_S, _LONGER = 10, 3  # seconds before the first retry; each further one waits so
# many times longer: 10, 30 and 90 s, in which a server restarts


@dataclass(frozen=True, slots=True)
class Policy:
    """What a family of assets has in common.

    Args:
        started_by: The schedule or sensor that keeps them up to date, or people.
        made: When that is, in words; an asset that was never made shows this.
        freshness: How old their last look may be; None where nobody waits for one.
    """

    started_by: str
    made: str
    freshness: dg.FreshnessPolicy | None = None


# A day late is stale; six hours are what a slow first download takes.
_WEEKLY = Policy(
    "weekly_refresh",
    "every week; at once by refresh_corpus, fit_bridge and publish_release, in turn",
    dg.FreshnessPolicy.time_window(
        fail_window=timedelta(days=8), warn_window=timedelta(days=7, hours=6)
    ),
)
_ON_DROP = Policy("audio_drop_sensor", "for every song that lands in drops/")
_ON_BOARD = Policy("memory_sensor", "for every board, where the profile has `memory:`")
_ON_VERDICTS = Policy("verdict_sensor", "once verdict files lie in reviews/inbox/")
_ON_REQUEST = Policy("people", "whenever somebody asks, here or by its job")

_WEEKLY_GROUPS = (
    "corpus", "images", "music", "pairs", "bridge", "directions", "index", "release",
    "status",
)  # fmt: skip
_EXCEPTIONS = {
    "board_report": _WEEKLY,
    "audio_drop_board": _ON_DROP,
    "audio_drop_memory": _ON_BOARD,
    "library_memory": _ON_BOARD,
    "curated_pairs": _ON_VERDICTS,
}


def policy_of(spec: dg.AssetSpec) -> Policy:
    """Return an asset's policy: its own, its group's, or on request."""
    own = _EXCEPTIONS.get(spec.key.path[-1])
    if own is not None:
        return own
    return _WEEKLY if spec.group_name in _WEEKLY_GROUPS else _ON_REQUEST


def with_policies(assets: Iterable[Any]) -> list[Any]:
    """Lay owners, tags, freshness and table columns over every asset."""
    return list(dg.map_asset_specs(_governed, assets))


@contextmanager
def retrying(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Ask for this step once more if what broke it can pass by itself.

    A store, an index or a host that is away is waited for; a wrong configuration or a
    bug fails at once. A retry policy of Dagster's knows no such difference.

    Raises:
        dg.RetryRequested: At most three times, 10, 30 and 90 s later.
    """
    try:
        yield
    except Exception as wrong:
        if not is_transient(wrong):
            raise
        tried = context.op_execution_context.retry_number
        raise dg.RetryRequested(_RETRIES, _WAIT_S * _LONGER**tried) from wrong


def _governed(spec: dg.AssetSpec) -> dg.AssetSpec:
    policy = policy_of(spec)
    named = spec.merge_attributes(
        owners=OWNERS,
        tags={"evoke/started_by": policy.started_by},
        metadata={"made": policy.made},
    )
    if policy.freshness is not None:
        named = named.replace_attributes(freshness_policy=policy.freshness)
    table = spec.key.path[-1]
    if table not in TABLES:
        return named
    return named.merge_attributes(
        kinds={"parquet"},
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": f"tables/{table}",
        },
    )
