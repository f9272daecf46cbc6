"""What an interrupted piece of work had finished is there for the next one."""

import time

import polars as pl
import pytest

from evoke_core.schemas import TABLES
from evoke_core.storage import journal as module
from evoke_core.storage.journal import Journal, as_frames
from evoke_core.storage.local import LocalStore


def rows(*ids: str) -> list[dict[str, object]]:
    blank = dict.fromkeys(TABLES["image_files"].names())
    return [blank | {"image_id": each, "status": "stored"} for each in ids]


def until_killed(frames, after: int):
    for number, frame in enumerate(frames):
        if number == after:
            raise KeyboardInterrupt
        yield frame


def test_rows_that_were_written_down_survive_a_kill(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_ROWS", 2)
    frames = as_frames("image_files", rows(*"abcdef"), at_once=1)

    with pytest.raises(KeyboardInterrupt):
        Journal(store, "image_files").keep(until_killed(frames, after=5))

    assert Journal(store, "image_files").rows()["image_id"].to_list() == list("abcd")


def test_slow_work_is_written_down_by_the_clock(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    frames = as_frames("image_files", rows(*"abc"), at_once=1)

    with pytest.raises(KeyboardInterrupt):
        Journal(store, "image_files").keep(until_killed(frames, after=2))

    assert Journal(store, "image_files").rows()["image_id"].to_list() == ["a", "b"]


def test_everything_comes_back_in_order_whether_written_down_or_not(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_ROWS", 3)
    kept = Journal(store, "image_files").keep(
        as_frames("image_files", rows(*"abcdefgh"), at_once=2)
    )

    assert kept["image_id"].to_list() == list("abcdefgh")
    assert kept.schema == TABLES["image_files"].empty().schema


def test_parts_do_not_see_each_other_and_clear_only_themselves(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_ROWS", 1)
    one, other = (Journal(store, "image_files", part) for part in ("one", "other"))
    one.keep(as_frames("image_files", rows("a")))
    other.keep(as_frames("image_files", rows("b")))

    one.clear()

    assert one.rows().height == 0
    assert other.rows()["image_id"].to_list() == ["b"]


def test_rows_of_an_older_schema_are_passed_over(store: LocalStore):
    path = store.root / "unfinished/image_files/all/1.parquet"
    path.parent.mkdir(parents=True)
    pl.DataFrame({"image_id": ["a"]}).write_parquet(path)

    assert Journal(store, "image_files").rows().height == 0


@pytest.mark.parametrize("harm", [b"", b"rubbish", None])
def test_a_damaged_note_is_removed_and_the_others_hold(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, harm: bytes | None
):
    monkeypatch.setattr(module, "_ROWS", 1)
    journal = Journal(store, "image_files")
    journal.keep(as_frames("image_files", rows(*"abc"), at_once=1))
    torn = [each.key for each in store.listing("unfinished/")][1]
    store.write(torn, store.read(torn)[:-40] if harm is None else harm)

    assert journal.rows()["image_id"].to_list() == ["a", "c"]
    assert not store.exists(torn)


def test_where_nothing_may_be_lost_every_frame_is_written_as_it_comes(
    store: LocalStore,
):
    frames = as_frames("image_files", rows(*"abcdef"), at_once=2)
    careful = Journal(store, "image_files", seconds=0.0)

    with pytest.raises(KeyboardInterrupt):
        careful.keep(until_killed(frames, after=2))

    assert careful.rows()["image_id"].to_list() == list("abcd")
