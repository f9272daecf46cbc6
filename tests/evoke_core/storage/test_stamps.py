"""A stamp vouches for a whole result, and is gone while the result changes."""

import pytest

from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import Stamp, drop_stamp, read_stamp, write_stamp

STAMP = Stamp(recipe="r1", digest="d1", shown={"rows": 3, "plot": "md:![]()", "né": 1})


def test_a_stamp_comes_back_as_it_was_written(store: LocalStore):
    write_stamp(store, "image_tags", STAMP)

    assert read_stamp(store, "image_tags") == STAMP


def test_what_was_never_made_has_no_stamp(store: LocalStore):
    assert read_stamp(store, "image_tags") is None


def test_a_dropped_stamp_is_gone_and_the_others_stay(store: LocalStore):
    write_stamp(store, "image_tags", STAMP)
    write_stamp(store, "image_facts", STAMP)

    drop_stamp(store, "image_tags")
    drop_stamp(store, "image_tags")

    assert read_stamp(store, "image_tags") is None
    assert read_stamp(store, "image_facts") == STAMP


@pytest.mark.parametrize(
    "stored", [b"", b"{", b"[]", b'{"recipe": "r"}', b'{"recipe": "r", "of": "later"}']
)
def test_a_stamp_that_is_damaged_or_of_another_version_vouches_for_nothing(
    store: LocalStore, stored: bytes
):
    store.write("stamps/image_tags.json", stored)

    assert read_stamp(store, "image_tags") is None


def test_equal_stamps_are_equal_bytes(store: LocalStore):
    write_stamp(store, "one", Stamp("r", "d", {"a": 1, "b": 2}))
    write_stamp(store, "two", Stamp("r", "d", {"b": 2, "a": 1}))

    assert store.read("stamps/one.json") == store.read("stamps/two.json")


def test_a_stamp_holds_as_long_as_its_blobs_do(store: LocalStore):
    store.write("tables/a", b"rows")
    stamp = Stamp("r", "d", {}, {"tables/a": store.etag("tables/a")})
    write_stamp(store, "a", stamp)

    assert read_stamp(store, "a") == stamp
    assert stamp.holds(store)

    store.write("tables/a", b"other rows")
    assert not stamp.holds(store)

    store.delete("tables/a")
    assert not stamp.holds(store)
