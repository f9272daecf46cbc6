"""Work is done when code, settings or inputs change, and at no other time."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from evoke_core.schemas import TABLES
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import read_stamp
from evoke_core.storage.store import digest
from evoke_core.storage.tables import read_table, table_key
from evoke_pipelines.dictionary import fits_dictionary
from evoke_pipelines.partitions import one_run_over
from evoke_pipelines.refresh import (
    Made,
    TableRecipe,
    refresh,
    refresh_parts,
    refresh_table,
)
from tests.evoke_pipelines.micro import refused_track


class Counter:
    """Counts how often something was made."""

    def __init__(self) -> None:
        self.made = 0

    def make(self) -> Made:
        self.made += 1
        return Made(f"digest-{self.made}", {"rows": 3, "plot": "md:*hello*"})


def _asset(counter: Counter, store: LocalStore, settings: object, code: str = "1"):
    @dg.asset(code_version=code)
    def thing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh(context, store, counter.make, settings=settings)

    return thing


def _materialize(asset) -> dict:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([asset], instance=instance)
    [event] = result.get_asset_materialization_events()
    return dict(event.materialization.metadata)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


def test_an_unchanged_asset_is_not_made_again_but_shown_again(store) -> None:
    counter = Counter()
    first = _materialize(_asset(counter, store, {"a": 1}))
    second = _materialize(_asset(counter, store, {"a": 1}))
    assert counter.made == 1
    assert first["rows"] == second["rows"]
    assert first["plot"] == second["plot"]
    assert second["recomputed"].value is False


def test_changed_settings_or_code_make_it_again(store) -> None:
    counter = Counter()
    _materialize(_asset(counter, store, {"a": 1}))
    _materialize(_asset(counter, store, {"a": 2}))
    _materialize(_asset(counter, store, {"a": 2}, code="2"))
    assert counter.made == 3


def test_a_make_that_breaks_leaves_no_stamp_so_that_the_next_run_works(store) -> None:
    counter = Counter()
    _materialize(_asset(counter, store, 1))

    def broken() -> Made:
        raise OSError("the disk is full")

    counter.make = broken  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk is full"):
        _materialize(_asset(counter, store, 2))
    assert read_stamp(store, "thing") is None


def _refusals(store: LocalStore):
    @dg.asset(
        name="track_refusals",
        code_version="1",
        check_specs=[fits_dictionary("track_refusals")],
    )
    def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh_table(context, store, refused_track, settings=None)

    return table


def test_a_table_says_how_large_how_long_what_and_where(store) -> None:
    shown = {name: v.value for name, v in _materialize(_refusals(store)).items()}
    assert shown["dagster/row_count"] == 1
    assert shown["bytes"] == len(store.read(table_key("track_refusals")))
    assert shown["stored_at"] == store.locate(table_key("track_refusals"))
    assert shown["seconds"] >= 0
    assert shown["recomputed"] is True
    assert "silent" in shown["sample"]


def test_whatever_leaves_a_blob_says_how_large_and_where(store) -> None:
    counter = Counter()

    def make() -> Made:
        store.write("reports/one.json", b"{}")
        return Made("digest", blobs={"reports/one.json": digest(b"{}")})

    counter.make = make  # type: ignore[method-assign]
    shown = _materialize(_asset(counter, store, 1))
    assert shown["bytes"].value == 2
    assert shown["stored_at"].value == store.locate("reports/one.json")


SHARDS = dg.StaticPartitionsDefinition(["a", "b"])
ALL = one_run_over(["a", "b"])


def rows(*ids: str) -> pl.DataFrame:
    blank = dict.fromkeys(TABLES["image_files"].names(), "")
    row = blank | {"status": "stored", "size_bytes": 1}
    return TABLES["image_files"].frame([row | {"image_id": each} for each in ids])


class Parts:
    """A partitioned table whose parts are made from what this holds."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self.listed = {"a": ["a1", "a2"], "b": ["b1"]}
        self.again = False
        self.made: list[str] = []

    def refresh(
        self, shards: dg.StaticPartitionsDefinition = SHARDS, **tags: str
    ) -> dict[str, dict]:
        @dg.asset(
            name="image_files",
            partitions_def=shards,
            backfill_policy=dg.BackfillPolicy.single_run(),
            check_specs=[fits_dictionary("image_files")],
        )
        def files(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            return refresh_parts(context, self.store, self._recipe)

        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([files], instance=instance, tags=tags or ALL)
        return {
            event.partition: dict(event.materialization.metadata)
            for event in result.get_asset_materialization_events()
        }

    def _recipe(self, part: str) -> TableRecipe:
        def make() -> pl.DataFrame:
            self.made.append(part)
            return rows(*self.listed[part])

        return TableRecipe(make, settings=self.listed[part], again=self.again)


@pytest.fixture
def parts(store: LocalStore) -> Parts:
    return Parts(store)


def test_parts_are_one_table_and_each_says_what_it_is(parts: Parts) -> None:
    shown = parts.refresh()
    assert read_table(parts.store, "image_files")["image_id"].to_list() == [
        "a1",
        "a2",
        "b1",
    ]
    counts = {p: shown[p]["dagster/partition_row_count"].value for p in shown}
    assert counts == {"a": 2, "b": 1}
    assert {p: shown[p]["dagster/row_count"].value for p in shown} == {"a": 3, "b": 3}


def test_only_the_part_that_changed_is_made_again(parts: Parts) -> None:
    parts.refresh()
    before = read_stamp(parts.store, "image_files")
    parts.listed["b"].append("b2")
    shown = parts.refresh()
    assert parts.made == ["a", "b", "b"]
    assert {p: shown[p]["recomputed"].value for p in shown} == {"a": False, "b": True}
    assert read_stamp(parts.store, "image_files") != before


def test_one_part_alone_leaves_the_others(parts: Parts) -> None:
    parts.refresh()
    parts.listed = {"a": ["a3"], "b": ["b3"]}
    parts.refresh(**{"dagster/partition": "b"})
    assert read_table(parts.store, "image_files")["image_id"].to_list() == [
        "a1",
        "a2",
        "b3",
    ]


def test_an_unchanged_part_is_made_again_on_request(parts: Parts) -> None:
    parts.refresh()
    parts.again = True
    parts.refresh()
    assert parts.made == ["a", "b", "a", "b"]


def test_a_part_of_an_older_cut_leaves_the_table(parts: Parts) -> None:
    parts.refresh()
    Journal(parts.store, "image_files", "a")._write([rows("a9")])
    parts.listed = {"a.1": ["a1"], "a.2": ["a2"], "b": ["b1"]}
    anew = dg.StaticPartitionsDefinition(list(parts.listed))
    shown = parts.refresh(anew, **one_run_over(list(parts.listed)))
    assert read_table(parts.store, "image_files")["image_id"].to_list() == [
        "a1",
        "a2",
        "b1",
    ]
    assert parts.made == ["a", "b", "a.1", "a.2"]
    assert {p: shown[p]["dagster/row_count"].value for p in shown} == dict.fromkeys(
        parts.listed, 3
    )
    assert read_stamp(parts.store, "image_files/a") is None
    assert Journal(parts.store, "image_files", "a").rows().height == 0


@pytest.mark.parametrize("harm", ["lost", "changed"])
def test_a_damaged_table_is_made_again(parts: Parts, harm: str) -> None:
    parts.refresh()
    key = table_key("image_files", "b")
    if harm == "lost":
        parts.store.delete(key)
    else:
        parts.store.write(key, b"rubbish")
    parts.refresh()
    assert parts.made == ["a", "b", "b"]
    assert read_table(parts.store, "image_files").height == 3


def test_equal_parts_have_an_equal_stamp_whoever_made_them(parts: Parts) -> None:
    parts.refresh()
    first = read_stamp(parts.store, "image_files")
    parts.again = True
    parts.refresh()
    assert read_stamp(parts.store, "image_files") == first
