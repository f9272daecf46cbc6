"""Another version's store: what can be computed is, what people gave is left alone.

Every table of the data dictionary can be computed again, also the pairs that people
judged, since their verdict files stay. So tables need no migration: one of an older or
a newer version is made again, with what depends on it. What people gave (verdicts,
tickets, the ledger, songs, boards) carries its own form and is read or refused by it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

import evoke_pipelines.assets.curation as curation_module
from evoke_core.columns import Column
from evoke_core.drops.drop import Drop
from evoke_core.drops.ledger import record, recorded
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.errors import BoardError, SchemaError
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.pages.board_page import SCHEMA as BOARD
from evoke_core.pages.board_page import render_page
from evoke_core.reviews.inbox import INBOX, REFUSED, take_verdicts, waiting
from evoke_core.reviews.verdict import SCHEMA as VERDICT
from evoke_core.schemas import TABLES
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import read_table, table_key
from evoke_pipelines.definitions import defs
from evoke_pipelines.dictionary import fits_dictionary
from evoke_pipelines.refresh import refresh_table
from tests.evoke_pipelines.micro import micro, refresh_to_pairs, refused_track

# Tables


def test_every_table_is_an_assets_own_so_that_it_can_be_computed_again() -> None:
    assets = {
        key.path[-1]
        for each in defs.assets or ()
        if isinstance(each, dg.AssetsDefinition)
        for key in each.keys
    }
    assert set(TABLES) <= assets


@pytest.mark.parametrize("change", [pl.DataFrame.drop, pl.DataFrame.with_columns])
def test_a_table_of_another_version_is_refused_by_the_command_that_mends_it(
    store: LocalStore, change: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    column = "detail" if change is pl.DataFrame.drop else pl.lit(1).alias("newer")
    frame = change(TABLES["track_refusals"].empty(), column)
    frame.write_parquet(tmp_path / "other.parquet")
    store.write(table_key("track_refusals"), (tmp_path / "other.parquet").read_bytes())
    with pytest.raises(SchemaError, match=r"another data dictionary.*make demo"):
        read_table(store, "track_refusals")
    assert store.exists(table_key("track_refusals"))


class Refusals:
    """A table of which is counted how often it was made."""

    def __init__(self, store: LocalStore) -> None:
        self.store, self.made = store, 0

    def make(self) -> pl.DataFrame:
        self.made += 1
        return refused_track()

    def refresh(self) -> None:
        @dg.asset(
            name="track_refusals",
            code_version="1",
            check_specs=[fits_dictionary("track_refusals")],
        )
        def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            return refresh_table(context, self.store, self.make, settings=None)

        dg.materialize([table])


def declare(patch: pytest.MonkeyPatch, columns: dict[str, Column]) -> None:
    """Let the data dictionary say other columns of the table."""
    other = replace(TABLES["track_refusals"], columns=columns)
    patch.setitem(TABLES, "track_refusals", other)  # type: ignore[arg-type]


def test_a_table_of_an_older_data_dictionary_is_made_again_once(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals(store)
    refusals.refresh()
    added = {"note": Column(pl.String, "new in this version", optional=True)}
    declare(monkeypatch, {**TABLES["track_refusals"].columns, **added})
    refusals.refresh()
    refusals.refresh()
    assert refusals.made == 2
    assert "note" in read_table(store, "track_refusals").columns


def test_another_wording_of_the_data_dictionary_makes_nothing_again(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals(store)
    refusals.refresh()
    columns = TABLES["track_refusals"].columns.items()
    said = {name: replace(column, meaning="otherwise") for name, column in columns}
    declare(monkeypatch, said)
    refusals.refresh()
    assert refusals.made == 1


@pytest.mark.slow
def test_another_version_makes_its_table_again_what_reads_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = micro(tmp_path, pictures=12)
    table, whole = TABLES["duplicate_clusters"], curation_module.cluster_duplicates
    columns = {n: c for n, c in table.columns.items() if n != "component_id"}
    # It reads the clusters, finds the same in them, and so nothing beyond it notices.
    both = {"duplicate_clusters", "curated_images"}
    with dg.DagsterInstance.ephemeral() as instance:
        with monkeypatch.context() as older:
            older.setitem(
                TABLES,  # type: ignore[arg-type]
                "duplicate_clusters",
                replace(table, columns=columns),
            )
            older.setattr(
                curation_module,
                "cluster_duplicates",
                lambda *args, **named: whole(*args, **named).drop("component_id"),
            )
            older.setattr(curation_module, "_known_clusters", lambda *_: None)
            refresh_to_pairs(given, instance)
            old = read_table(given["store"], "duplicate_clusters")
        assert "component_id" not in old.columns
        assert refresh_to_pairs(given, instance) == both
        assert refresh_to_pairs(given, instance) == set()
        new = read_table(given["store"], "duplicate_clusters")
        assert new.drop("component_id").equals(old)


class AnotherEncoder(HandcraftedImageEncoder):
    """The same vectors under another name, as after an upgrade of a library."""

    @property
    def fingerprint(self) -> str:
        return "another"


@pytest.mark.slow
def test_another_encoder_makes_again_what_depends_on_it_and_nothing_else(
    tmp_path: Path,
) -> None:
    resources = micro(tmp_path, pictures=12)
    changed = {**resources, "image_encoder": AnotherEncoder()}
    with dg.DagsterInstance.ephemeral() as instance:
        refresh_to_pairs(resources, instance)
        # What comes out of them is the same but for the vectors' name, so neither
        # pairs nor what listens to music notices.
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


# What people gave

DROP = Drop("night-1", "drops/night.flac", "night.flac", "e1")


def rewrite(
    store: LocalStore, key: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    told = json.loads(store.read(key))
    change(told)
    store.write(key, json.dumps(told).encode())


def test_a_ticket_of_a_newer_version_is_read_for_what_it_says(store) -> None:
    write_ticket(store, DROP, 2, ask="again", asked_s=5.0)
    rewrite(store, "tickets/night-1.json", lambda told: told.update(colour="red"))
    found = find_ticket(store, "night-1")
    assert found is not None
    assert (found.drop, found.tries, found.ask) == (DROP, 2, "again")


def test_a_ticket_of_an_older_version_is_as_none_and_written_anew(store) -> None:
    write_ticket(store, DROP, 2)
    rewrite(store, "tickets/night-1.json", lambda told: told.pop("asked_s"))
    assert find_ticket(store, "night-1") is None
    write_ticket(store, DROP, 0)
    assert find_ticket(store, "night-1").drop == DROP  # type: ignore[union-attr]


def test_what_is_done_stays_done_whatever_another_version_wrote_of_it(store) -> None:
    record(store, DROP, "board", "boards/night-1/board.html")
    [entry] = [found.key for found in store.listing("ledger/")]
    store.write(entry, b'{"version": 9}')
    assert recorded(store, [DROP]) == {"night-1"}


@pytest.mark.parametrize("version", ["evoke.verdict/0", "evoke.verdict/2"])
def test_a_verdict_of_another_version_is_set_aside_whole_with_its_reason(
    store: LocalStore, version: str
) -> None:
    raw = json.dumps({"schema": version, "kind": "study", "said": "yes"}).encode()
    store.write(f"{INBOX}ada.json", raw)
    files = waiting(store.listing(INBOX), now_s=4e9)
    [taken] = take_verdicts(store, files, now=datetime(2026, 11, 22, tzinfo=UTC))
    assert taken.reason == "invalid"
    assert VERDICT in str(taken.message)
    assert version in str(taken.message)
    assert store.read(f"{REFUSED}{taken.digest}.verdict") == raw


@pytest.mark.parametrize("version", ["evoke.board/0", "evoke.board/2"])
def test_a_board_of_another_version_is_not_drawn_and_says_so(version: str) -> None:
    with pytest.raises(BoardError, match=f"'{version}', this page reads '{BOARD}'"):
        render_page({"board_id": "b", "schema": version}, tile_images={}, previews={})
