"""What holds for families of assets, and what a server that is away costs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from evoke_core.errors import ConfigError, IndexUnreachable
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_pipelines import policies
from evoke_pipelines.definitions import defs
from evoke_pipelines.refresh import Made, refresh
from tests.evoke_pipelines.micro import QUIET


def specs() -> dict[str, dg.AssetSpec]:
    found = {}
    for asset in defs.assets or ():
        assert isinstance(asset, dg.AssetsDefinition)
        found |= {spec.key.path[-1]: spec for spec in asset.specs}
    return found


def test_what_the_week_renews_grows_stale_and_what_people_ask_for_does_not() -> None:
    for name, spec in specs().items():
        weekly = spec.tags["evoke/started_by"] == "weekly_refresh"
        assert (spec.freshness_policy is not None) == weekly, name


def test_what_is_said_to_start_an_asset_exists_and_is_on() -> None:
    started = {spec.tags["evoke/started_by"] for spec in specs().values()}
    known = {each.name for each in [*(defs.sensors or ()), *(defs.schedules or ())]}
    assert started <= known | {"people"}


def test_what_was_never_made_says_when_it_is() -> None:
    for name, spec in specs().items():
        assert spec.metadata["made"], name


def test_every_table_shows_the_columns_of_the_data_dictionary() -> None:
    for table, declared in TABLES.items():
        schema = specs()[table].metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == declared.names()
        assert all(column.description for column in schema.columns)


class Away:
    """Fails so often before it works."""

    def __init__(self, times: int, wrong: Exception) -> None:
        self.left, self.wrong = times, wrong
        self.tried = 0

    def make(self) -> Made:
        self.tried += 1
        if self.tried <= self.left:
            raise self.wrong
        return Made("done")


def _run(asset: Any, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [asset], instance=instance, raise_on_error=False, run_config=QUIET
    )


def _asset(store: LocalStore, make: Any) -> Any:
    @dg.asset
    def thing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh(context, store, make, settings=None)

    return thing


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_WAIT_S", 0)


@pytest.mark.usefixtures("impatient")
def test_an_index_that_is_away_for_a_moment_costs_a_retry_and_not_the_run(
    store: LocalStore, instance: dg.DagsterInstance
) -> None:
    away = Away(2, IndexUnreachable("the server is away"))
    assert _run(_asset(store, away.make), instance).success
    assert away.tried == 3


@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_away_when_the_stamp_is_written_costs_a_retry_too(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    class Flickering(LocalStore):
        left = 2

        def write(self, key, data, **options):  # type: ignore[no-untyped-def]
            if key.startswith("stamps/") and self.left:
                Flickering.left -= 1
                raise ConnectionResetError("peer")
            super().write(key, data, **options)

    asset = _asset(Flickering(tmp_path), lambda: Made("done"))
    assert _run(asset, instance).success
    assert Flickering.left == 0


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_away_breaks_the_run_after_three_retries(
    store: LocalStore, instance: dg.DagsterInstance
) -> None:
    away = Away(99, ConnectionResetError("peer"))
    assert not _run(_asset(store, away.make), instance).success
    assert away.tried == 4


def test_a_wrong_configuration_is_not_tried_again(
    store: LocalStore, instance: dg.DagsterInstance
) -> None:
    away = Away(1, ConfigError("mood 'serene' has no prompts"))
    assert not _run(_asset(store, away.make), instance).success
    assert away.tried == 1
