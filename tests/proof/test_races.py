"""Refreshes, boards and code locations side by side: the end is that of one alone.

In one Dagster instance pools serialise what opens the index and what encodes; the rest
of two refreshes overlaps even there. Here every process has an instance of its own, so
nothing serialises but the lock of the index's file: a run that meets it waits, or fails
with IndexUnreachable and is run again.
"""

import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from evoke_core.boards.shelf import GALLERY
from evoke_core.release import read_release
from evoke_core.schemas import TABLES
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import Stamp, read_stamp, write_stamp
from evoke_core.storage.store import digest
from evoke_core.storage.tables import read_table, table_key, write_table
from evoke_pipelines.dictionary import fits_dictionary
from evoke_pipelines.refresh import Made, refresh_table
from evoke_pipelines.refresh import refresh as refresh_asset
from tests.evoke_pipelines.micro import refused_track
from tests.proof.races import (
    CORPUS,
    assets_but_boards,
    drop_songs,
    make_boards,
    refresh,
    watch,
)
from tests.proof.together import at_once
from tests.proof.world import PICTURES, World

FEWER = PICTURES - 3


def test_two_locations_refresh_the_pictures_as_one_alone(tmp_path: Path) -> None:
    one, both = tmp_path / "one", tmp_path / "both"
    work = (CORPUS, PICTURES)
    faults = at_once(
        (refresh, (one, *work)),
        (refresh, (both, *work)),
        (refresh, (both, *work)),
        (watch, (both, 2.0, ())),
    )
    assert faults == []
    assert differing(one, both) == []


def test_what_was_made_while_its_inputs_were_replaced_is_made_again(tmp_path) -> None:
    store, read = LocalStore(tmp_path), []
    write_stamp(store, "source", Stamp("r", "old", {}))

    def make() -> Made:
        held = read_stamp(store, "source")
        read.append(held.digest if held else None)
        write_stamp(store, "source", Stamp("r", "new", {}))  # the other run's
        return Made(str(read[-1]))

    assert _materialised(store, make).success
    assert read == ["old", "new"]
    stamp = read_stamp(store, "thing")
    assert stamp is not None
    assert stamp.digest == "new"


def test_inputs_that_are_never_still_fail_the_step_clearly(tmp_path) -> None:
    store, turns = LocalStore(tmp_path), iter(range(9))

    def make() -> Made:
        write_stamp(store, "source", Stamp("r", f"d{next(turns)}", {}))
        return Made("x")

    result = _materialised(store, make)
    [failed] = [each for each in result.all_events if each.is_step_failure]
    assert "run it once more when they have ended" in str(failed.step_failure_data)
    assert read_stamp(store, "thing") is None


def test_a_table_that_another_run_puts_in_its_place_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    ours, theirs = (refused_track().with_columns(track_id=pl.lit(n)) for n in "ab")
    key = table_key("track_refusals")

    class Contested(LocalStore):
        left = 1

        def write(self, name, data, **options):  # type: ignore[no-untyped-def]
            super().write(name, data, **options)
            if name == key and self.left:
                Contested.left -= 1
                write_table(LocalStore(tmp_path), "track_refusals", theirs)

    store = Contested(tmp_path)

    @dg.asset(code_version="1", check_specs=[fits_dictionary("track_refusals")])
    def track_refusals(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh_table(context, store, lambda: ours, settings=None)

    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([track_refusals], instance=instance).success
    assert read_table(store, "track_refusals")["track_id"].to_list() == ["a"]
    stamp = read_stamp(store, "track_refusals")
    assert stamp is not None
    assert stamp.digest == digest(store.read(key))
    assert stamp.holds(store)


def test_one_of_several_blobs_that_another_run_replaces_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    store, made = LocalStore(tmp_path), []

    def make() -> Made:
        made.append(len(made))
        blobs = {"reports/page.html": b"page", "reports/poster.png": b"poster"}
        for key, blob in blobs.items():
            store.write(key, blob)
        if len(made) == 1:
            store.write("reports/poster.png", b"the other run's")
        return Made("x", blobs={key: digest(blob) for key, blob in blobs.items()})

    assert _materialised(store, make).success
    assert made == [0, 1]
    assert store.read("reports/poster.png") == b"poster"


def test_a_journal_that_another_run_clears_away_is_no_fault(tmp_path: Path) -> None:
    class Cleared(LocalStore):
        def listing(self, prefix, *, after=""):  # type: ignore[no-untyped-def]
            found = list(super().listing(prefix, after=after))
            for each in found[1:]:
                self.delete(each.key)
            return iter(found)

    name = "image_files"
    for store in (LocalStore(tmp_path), LocalStore(tmp_path)):
        Journal(store, name, seconds=-1).keep([TABLES[name].empty()])
    rows = Journal(Cleared(tmp_path), name).rows()
    assert rows.schema == TABLES[name].empty().schema


@pytest.mark.slow
def test_two_whole_refreshes_end_as_one_alone(tmp_path: Path) -> None:
    home, work = tmp_path / "home", (assets_but_boards(), PICTURES)
    assert at_once((refresh, (home, *work))) == []
    alone = World(home).state(index=True)
    served = read_release(World(home).store).release_id
    shutil.rmtree(home)  # stamps know where index and store lie, so both lie there
    faults = at_once(
        (refresh, (home, *work)),
        (refresh, (home, *work)),
        (watch, (home, 30.0, (served,))),
    )
    assert faults == []
    both = World(home).state(index=True)
    assert [k for k in alone.keys() | both.keys() if alone.get(k) != both.get(k)] == []


@pytest.mark.slow
def test_locations_that_differ_leave_nothing_that_a_rerun_does_not_mend(
    tmp_path: Path,
) -> None:
    one, both = tmp_path / "one", tmp_path / "both"
    work = (CORPUS, PICTURES)
    assert at_once((refresh, (one, *work))) == []
    faults = at_once(
        (refresh, (both, *work)),
        (refresh, (both, CORPUS, FEWER)),
        (watch, (both, 5.0, ())),
    )
    assert faults == []
    assert at_once((refresh, (both, *work))) == []
    assert differing(one, both) == []


@pytest.mark.slow
@pytest.mark.parametrize("songs", [6, 50])
def test_boards_beside_a_refresh_are_those_of_one_release(tmp_path, songs) -> None:
    home, old, new = tmp_path / "home", tmp_path / "old", tmp_path / "new"
    names = assets_but_boards()
    assert at_once((refresh, (home, names, FEWER))) == []
    drops = drop_songs(World(home).store, songs)
    boards = {old: FEWER, new: PICTURES}
    for place, pictures in boards.items():  # one after the other
        World(home).save(place)
        assert at_once((refresh, (place, names, pictures))) == []
        assert at_once((make_boards, (place, drops, pictures))) == []
    served = [read_release(World(place).store).release_id for place in boards]
    half = songs // 2
    faults = at_once(
        (refresh, (home, names, PICTURES)),
        (make_boards, (home, drops[:half], PICTURES)),
        (make_boards, (home, drops[half:], PICTURES)),
        (watch, (home, 20.0, served)),
    )
    assert faults == []
    found, *expected = [World(place).state(index=False) for place in (home, *boards)]
    for drop in drops:
        key = f"boards/{drop}/board.json"
        assert found[key] in {each[key] for each in expected}
    page = World(home).store.read(GALLERY).decode()
    assert [drop for drop in drops if f"{drop}/board.html" not in page] == []
    fixed = [key for key in expected[1] if key.startswith(("tables/", "models/"))]
    assert [key for key in fixed if found.get(key) != expected[1][key]] == []
    assert read_release(World(home).store).release_id == served[1]


def differing(one: Path, other: Path) -> list[str]:
    """Name what is not the same in two homes."""
    left, right = (World(home).state(index=False) for home in (one, other))
    return sorted(k for k in left.keys() | right.keys() if left.get(k) != right.get(k))


def _materialised(store: LocalStore, make) -> dg.ExecuteInProcessResult:
    @dg.asset(deps=["source"], code_version="1")
    def thing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh_asset(context, store, make, settings=None)

    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize([thing], instance=instance, raise_on_error=False)
