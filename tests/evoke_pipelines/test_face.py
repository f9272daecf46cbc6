"""What people meet in the Dagster UI: policies, metadata, checks, upgrades."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from evoke_core.config.loading import load_run_profile
from evoke_core.corpus.licences import load_licences
from evoke_core.errors import ConfigError, IndexUnreachable
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.schemas import TABLES, Column
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import read_table, table_key, write_table
from evoke_pipelines import checks, policies
from evoke_pipelines.checks import CHECKS
from evoke_pipelines.definitions import defs
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.refresh import Made, refresh, refresh_table
from evoke_pipelines.shown import as_markdown, duration, log_progress, picture, sample
from tests.evoke_pipelines.micro import micro, refresh_to_pairs

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def rows(table: str, *given: Mapping[str, Any]) -> pl.DataFrame:
    """Fill what is not given with something that the data dictionary allows."""
    return TABLES[table].frame([_blank(table) | dict(each) for each in given])


def _blank(table: str) -> dict[str, Any]:
    filler = {pl.String: "", pl.Boolean: False}
    return {
        name: column.choices[0]
        if column.choices
        else None
        if column.optional
        else [1.0]
        if column.unit_length
        else []
        if isinstance(column.dtype, pl.List)
        else filler.get(column.dtype, 0)
        for name, column in TABLES[table].columns.items()
    }


def put(store: LocalStore, table: str, frame: pl.DataFrame) -> None:
    """Write a table as nobody checked it."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    store.write(table_key(table), buffer.getvalue())


def specs() -> dict[str, dg.AssetSpec]:
    found = {}
    for asset in defs.assets or ():
        assert isinstance(asset, dg.AssetsDefinition)
        found |= {spec.key.path[-1]: spec for spec in asset.specs}
    return found


# Policies


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


# Metadata


def _shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    [event] = result.get_asset_materialization_events()
    return {name: v.value for name, v in event.materialization.metadata.items()}


def _refusals(store: LocalStore, counter: list[int] | None = None) -> Any:
    @dg.asset(name="track_refusals", code_version="1")
    def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        def make() -> pl.DataFrame:
            if counter is not None:
                counter.append(1)
            return rows("track_refusals", {"track_id": "a", "reason": "silent"})

        return refresh_table(context, store, make, settings=None)

    return table


def test_a_table_says_how_large_how_long_what_and_where(store, instance) -> None:
    shown = _shown(_run(_refusals(store), instance))
    assert shown["dagster/row_count"] == 1
    assert shown["bytes"] == len(store.read(table_key("track_refusals")))
    assert shown["stored_at"] == store.locate(table_key("track_refusals"))
    assert shown["seconds"] >= 0
    assert shown["recomputed"] is True
    assert "silent" in shown["sample"]


def test_whatever_leaves_a_blob_says_how_large_and_where(store, instance) -> None:
    def make() -> Made:
        store.write("reports/one.json", b"{}")
        return Made("digest", keys=("reports/one.json",))

    shown = _shown(_run(_asset(store, make), instance))
    assert (shown["bytes"], shown["stored_at"]) == (2, store.locate("reports/one.json"))


def test_a_sample_turns_rows_into_columns_and_shortens_vectors() -> None:
    frame = pl.DataFrame({"id": ["a"], "v": [[0.5] * 99], "share": [1 / 3]})
    assert sample(frame).splitlines()[2:] == [
        "| id | a |",
        "| v | 99 values |",
        "| share | 0.3333 |",
    ]


def test_a_sample_of_no_rows_names_the_columns() -> None:
    assert "a, b" in sample(pl.DataFrame({"a": [], "b": []}))


def test_a_cell_that_is_cut_cuts_no_entity() -> None:
    shown = as_markdown(pl.DataFrame({"a": ["<" * 99]}))
    assert shown.splitlines()[-1] == "| " + "&lt;" * 48 + "… |"


def test_pictures_are_shown_in_the_smaller_encoding(jpeg) -> None:
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg(1, width=400, height=300))).save(buffer, "PNG")
    shown = picture(buffer.getvalue())
    assert shown.startswith("md:![](data:image/webp;base64,")
    assert len(shown) < len(buffer.getvalue())


@pytest.mark.parametrize(
    ("seconds", "said"), [(8.4, "8 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


class Told:
    """A step's context that keeps what is logged."""

    asset_key = dg.AssetKey("image_facts")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.log = self

    def info(self, text: str, *values: Any) -> None:
        self.lines.append(text % values)


def progress(monkeypatch: pytest.MonkeyPatch, total: int, each_s: float) -> list[str]:
    """Report every one of `total` items that take `each_s` seconds."""
    now, told = 0.0, Told()
    monkeypatch.setattr("evoke_pipelines.shown.time.monotonic", lambda: now)
    report = log_progress(told)  # type: ignore[arg-type]
    for done in range(1, total + 1):
        now += each_s
        report(done, total)
    return told.lines


def test_progress_is_told_every_ten_seconds_and_at_the_end(monkeypatch) -> None:
    assert progress(monkeypatch, 100, 0.25) == [
        "image_facts: 40 of 100 (40 %), 4.0 a second, 15 s left",
        "image_facts: 80 of 100 (80 %), 4.0 a second, 5 s left",
        "image_facts: 100 of 100 (100 %), 4.0 a second, 0 s left",
    ]


def test_what_is_slow_says_how_long_one_takes(monkeypatch) -> None:
    assert progress(monkeypatch, 2, 90.0) == [
        "image_facts: 1 of 2 (50 %), 90.0 s each, 1 min 30 s left",
        "image_facts: 2 of 2 (100 %), 90.0 s each, 0 s left",
    ]


def test_what_is_over_in_less_than_ten_seconds_says_nothing(monkeypatch) -> None:
    assert progress(monkeypatch, 1000, 0.009) == []


# Checks


def _check(definition: dg.AssetChecksDefinition, **resources: Any) -> Any:
    return definition(**resources)


def _dictionary_check(table: str) -> dg.AssetChecksDefinition:
    [found] = [
        each
        for each in CHECKS
        for key in each.check_keys
        if key.name == f"{table}_fit_the_data_dictionary"
    ]
    return found


def test_a_repeated_key_fails_with_the_table_and_the_number_of_rows(store) -> None:
    row = {"track_id": "a"}
    put(store, "track_refusals", rows("track_refusals", row, row))
    found = _check(_dictionary_check("track_refusals"), store=store)
    assert not found.passed
    assert "1 rows repeat a key" in found.description
    assert "| track_id | String | String, key | 0 |" in found.metadata["columns"].value


def test_a_vector_that_is_not_of_unit_length_fails(store) -> None:
    put(
        store,
        "image_embeddings",
        rows("image_embeddings", {"sha256": "a", "embedding": [3.0, 4.0]}),
    )
    found = _check(_dictionary_check("image_embeddings"), store=store)
    assert not found.passed
    assert "unit length" in found.description


def test_a_table_that_is_not_there_or_no_parquet_fails_in_words(store) -> None:
    check = _dictionary_check("track_refusals")
    assert "nothing is stored" in _check(check, store=store).description
    store.write(table_key("track_refusals"), b"rubbish")
    assert "can't be read" in _check(check, store=store).description


def test_a_picture_that_vanished_on_the_way_is_named(store) -> None:
    listed = rows("source_manifests", {"image_id": "a"}, {"image_id": "b"})
    write_table(store, "source_manifests", listed)
    kept = rows("curated_images", {"image_id": "a", "status": "kept"})
    write_table(store, "curated_images", kept)
    found = _check(checks.every_listed_picture_is_accounted_for, store=store)
    assert not found.passed
    assert "nowhere after: 1 (b)" in found.description
    assert found.metadata["unaccounted"].value == 1


@pytest.mark.parametrize(
    ("licence", "credit", "passes"),
    [
        ("CC0-1.0", "A. Painter", True),
        ("CC0-1.0", " ", False),
        ("all rights reserved", "A. Painter", False),
    ],
)
def test_kept_pictures_need_a_licence_that_is_allowed_and_a_credit(
    store, licence: str, credit: str, passes: bool
) -> None:
    listed = {"image_id": "a", "licence": licence, "attribution": credit}
    write_table(store, "source_manifests", rows("source_manifests", listed))
    kept = rows("curated_images", {"image_id": "a", "status": "kept"})
    write_table(store, "curated_images", kept)
    found = _check(
        checks.every_kept_picture_is_licensed_and_credited,
        store=store,
        run_profile=load_run_profile(CONFIG_FOLDER, "demo"),
        licences=load_licences(CONFIG_FOLDER / "licences.yaml"),
    )
    assert found.passed == passes, found.description


def test_a_kept_picture_without_vector_or_tags_is_named(store) -> None:
    kept = rows("curated_images", {"image_id": "a", "status": "kept"})
    write_table(store, "curated_images", kept)
    write_table(store, "image_tags", rows("image_tags", {"image_id": "old"}))
    facts = rows("image_facts", {"image_id": "a", "sha256": "1"})
    write_table(store, "image_facts", facts)
    write_table(store, "image_embeddings", TABLES["image_embeddings"].empty())
    found = _check(checks.every_kept_picture_has_vector_and_tags, store=store)
    assert found.description == (
        "kept without tags: 1 (a); tagged, but not kept: 1 (old); "
        "kept without a vector: 1 (a)"
    )


def test_a_pair_of_a_picture_that_is_gone_is_named(store) -> None:
    pair = {"track_id": "t", "image_id": "gone", "kind": "positive"}
    write_table(store, "training_pairs", rows("training_pairs", pair))
    write_table(store, "track_tags", rows("track_tags", {"track_id": "t"}))
    write_table(store, "curated_images", TABLES["curated_images"].empty())
    found = _check(
        checks.every_pair_joins_a_heard_track_and_a_kept_picture, store=store
    )
    assert found.description == "unknown pictures: 1 (gone)"


# Upgrades


def test_a_table_of_an_older_data_dictionary_is_made_again_once(
    store, instance, monkeypatch
) -> None:
    made: list[int] = []
    asset = _refusals(store, made)
    _run(asset, instance)
    older = TABLES["track_refusals"]
    added = {"note": Column(pl.String, "new in this version", optional=True)}
    monkeypatch.setitem(
        TABLES,  # type: ignore[arg-type]
        "track_refusals",
        replace(older, columns={**older.columns, **added}),
    )
    _run(asset, instance)
    _run(asset, instance)
    assert len(made) == 2
    assert "note" in read_table(store, "track_refusals").columns


def test_another_wording_of_the_data_dictionary_makes_nothing_again(
    store, instance, monkeypatch
) -> None:
    made: list[int] = []
    asset = _refusals(store, made)
    _run(asset, instance)
    older = TABLES["track_refusals"]
    said = {
        name: replace(column, meaning="in other words")
        for name, column in older.columns.items()
    }
    monkeypatch.setitem(
        TABLES,  # type: ignore[arg-type]
        "track_refusals",
        replace(older, columns=said),
    )
    _run(asset, instance)
    assert len(made) == 1


class AnotherEncoder(HandcraftedImageEncoder):
    """The same vectors under another name, as after an upgrade of a library."""

    @property
    def fingerprint(self) -> str:
        return "another"


@pytest.mark.slow
def test_another_encoder_makes_again_what_depends_on_it_and_nothing_else(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    resources = micro(tmp_path, pictures=12)
    refresh_to_pairs(resources, instance)
    changed = {**resources, "image_encoder": AnotherEncoder()}
    # What comes out of them is the same but for the vectors' name, so neither pairs nor
    # what listens to music notices.
    assert refresh_to_pairs(changed, instance) == {
        "image_embeddings",
        "duplicate_clusters",
        "curated_images",
        "curation_report",
        "image_tags",
        "mood_directions",
        "training_pairs",
    }
    assert refresh_to_pairs(changed, instance) == set()
