"""A blob that is lost or changed is noticed without reading any."""

import os

import polars as pl

from evoke_core.corpus.originals import changed, damaged, remember
from evoke_core.storage.local import LocalStore

KEYS = pl.Series(["pictures/a/1", "pictures/a/2", "pictures/a/3"])


def fill(store: LocalStore) -> None:
    for key in KEYS:
        store.write(key, key.encode())
    remember(store, "pictures/a")


def test_what_was_put_there_is_undamaged(store: LocalStore):
    fill(store)

    assert damaged(KEYS, store, "pictures/a") == []


def test_a_lost_and_a_changed_blob_are_named(store: LocalStore):
    fill(store)
    store.delete("pictures/a/1")
    changed = store.root / "pictures/a/3"
    changed.write_bytes(b"pictures/a/X")
    os.utime(changed, ns=(1, 1))

    assert damaged(KEYS, store, "pictures/a") == ["pictures/a/1", "pictures/a/3"]


def test_what_nobody_remembers_counts_if_it_is_there(store: LocalStore):
    store.write("pictures/a/1", b"written by a run that was killed")

    assert damaged(KEYS, store, "pictures/a") == ["pictures/a/2", "pictures/a/3"]


def test_a_damaged_memory_is_no_memory(store: LocalStore):
    fill(store)
    store.write("etags/pictures/a.parquet", b"rubbish")

    assert damaged(KEYS, store, "pictures/a") == []


def test_no_keys_need_no_listing(store: LocalStore):
    assert damaged(pl.Series([None], dtype=pl.String), store, "pictures/a") == []


def test_what_was_damaged_while_others_were_written_is_still_noticed(store: LocalStore):
    fill(store)
    os.utime(store.root / "pictures/a/1", ns=(1, 1))
    store.delete("pictures/a/2")
    store.write("pictures/a/3", b"written anew")

    remember(store, "pictures/a", made=["pictures/a/3"])

    assert damaged(KEYS, store, "pictures/a") == ["pictures/a/1", "pictures/a/2"]


def test_what_a_killed_run_wrote_is_remembered_by_the_next(store: LocalStore):
    store.write("pictures/a/1", b"by the run that was killed")
    store.write("pictures/a/2", b"by this run")

    remember(store, "pictures/a", made=["pictures/a/2"])
    os.utime(store.root / "pictures/a/1", ns=(1, 1))

    assert damaged(KEYS[:2], store, "pictures/a") == ["pictures/a/1"]


def test_all_that_changed_is_named_without_being_asked_for(store: LocalStore):
    fill(store)
    store.delete("pictures/a/2")
    store.write("pictures/a/4", b"never remembered")

    assert changed(store, "pictures/a") == ["pictures/a/2"]
    assert changed(store, "pictures/b") == []


class Overtaken(LocalStore):
    """Another part is done just when one is about to write its memory down."""

    def write(self, key: str, data: bytes, **headers: str | None) -> None:
        remember(LocalStore(self.root), "pictures/a", part="2", made=["pictures/a/2"])
        super().write(key, data, **headers)


def test_parts_side_by_side_lose_nothing_of_each_others(store: LocalStore):
    fill(store)
    for key in KEYS[:2]:
        os.utime(store.root / key, ns=(1, 1))  # as if made again
    slow = Overtaken(store.root)

    remember(slow, "pictures/a", part="1", made=["pictures/a/1"])

    assert damaged(KEYS, store, "pictures/a") == []
    os.utime(store.root / "pictures/a/2", ns=(2, 2))
    assert damaged(KEYS, store, "pictures/a") == ["pictures/a/2"]


def test_a_part_remembers_again_only_what_it_made(store: LocalStore):
    fill(store)
    remember(store, "pictures/a", part="1", made=["pictures/a/1"])
    os.utime(store.root / "pictures/a/1", ns=(1, 1))
    store.delete("pictures/a/3")

    remember(store, "pictures/a", part="1", made=["pictures/a/2"])
    remember(store, "pictures/a", part="2", made=[])

    assert changed(store, "pictures/a") == ["pictures/a/1", "pictures/a/3"]
