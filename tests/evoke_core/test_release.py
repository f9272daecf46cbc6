"""The release file: written, read back, replaced, rolled back."""

import json
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.errors import ReleaseMissing
from evoke_core.release import (
    CURRENT,
    SCHEMA,
    Release,
    publish,
    read_previous_release,
    read_release,
    read_release_or_none,
    roll_back,
)
from evoke_core.storage.local import LocalStore

FIRST = Release(
    collection="images_1",
    projection="models/a.safetensors",
    kind="bridge",
    truth="planted",
    directions="models/d.safetensors",
    vocabulary="v1",
    image_encoder="painter/1",
    music_encoder="listener/1",
    licence="MIT",
    pictures=12,
    sources=("painted", "folder"),
    made_at="2026-01-01T00:00:00+00:00",
    figures={"mrr": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}},
)
SECOND = replace(FIRST, collection="images_2", made_at="2026-01-02T00:00:00+00:00")
THIRD = replace(FIRST, collection="images_3", made_at="2026-01-03T00:00:00+00:00")


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


def test_what_was_published_is_read_back(store):
    publish(store, FIRST)
    assert read_release(store) == FIRST


def test_the_file_names_its_schema_and_id(store):
    publish(store, FIRST)
    written = json.loads(store.read(CURRENT))
    assert written["schema"] == SCHEMA
    assert written["release_id"] == FIRST.release_id


def test_the_id_says_what_was_made_not_when():
    assert replace(FIRST, made_at="2027", figures={}).release_id == FIRST.release_id
    assert SECOND.release_id != FIRST.release_id


def test_before_the_first_release_the_message_says_which_jobs_to_run(store):
    with pytest.raises(ReleaseMissing, match=r"publish_release.*make demo"):
        read_release(store)
    assert read_release_or_none(store) is None


def test_the_release_before_is_kept_in_the_same_file(store):
    publish(store, FIRST)
    publish(store, SECOND)
    assert read_release_or_none(store) == SECOND
    assert read_previous_release(store) == FIRST
    assert [found.key for found in store.listing("")] == [CURRENT]


def test_the_file_grows_no_chain_of_all_that_were_served(store):
    publish(store, FIRST)
    publish(store, SECOND)
    size = len(store.read(CURRENT))
    for _ in range(5):
        roll_back(store)
    assert len(store.read(CURRENT)) == size


def test_publishing_the_same_again_keeps_the_previous_one(store):
    publish(store, FIRST)
    publish(store, SECOND)
    publish(store, replace(SECOND, made_at="2027"))
    assert read_release(store).made_at == "2027"
    assert read_previous_release(store) == FIRST


def test_rolling_back_twice_returns_to_where_one_was(store):
    publish(store, FIRST)
    publish(store, SECOND)
    assert roll_back(store) == FIRST
    assert read_release(store) == FIRST
    assert roll_back(store) == SECOND


def test_there_is_nothing_to_roll_back_to_after_one_release(store):
    publish(store, FIRST)
    with pytest.raises(ReleaseMissing, match="no previous release"):
        roll_back(store)
    assert read_release(store) == FIRST


def test_a_release_made_before_there_was_a_calibration_keeps_its_id(store):
    publish(store, replace(FIRST, calibration="models/c.safetensors"))
    raw = json.loads(store.read(CURRENT))
    assert raw.pop("calibration") == "models/c.safetensors"
    store.write(CURRENT, json.dumps(raw).encode())

    older = read_release(store)

    assert older == FIRST
    assert older.release_id != raw["release_id"]


def test_what_a_later_version_adds_is_passed_over(store):
    publish(store, FIRST)
    store.write(
        CURRENT, json.dumps(json.loads(store.read(CURRENT)) | {"x": 1}).encode()
    )
    assert read_release(store) == FIRST


@pytest.mark.parametrize("version", ["3", "10"])
def test_a_file_of_a_later_schema_is_refused_and_left_as_it_is(store, version):
    publish(store, FIRST)
    later = json.loads(store.read(CURRENT)) | {"schema": f"evoke.release/{version}"}
    written = json.dumps(later).encode()
    store.write(CURRENT, written)

    message = rf"release.json has the schema evoke\.release/{version}.*{SCHEMA}; run "
    for read in (read_release, read_release_or_none, read_previous_release, roll_back):
        with pytest.raises(ReleaseMissing, match=message):
            read(store)
    with pytest.raises(ReleaseMissing, match=message):
        publish(store, SECOND)
    assert store.read(CURRENT) == written


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"\xff", b'{"kind": "bridge"}'])
def test_a_damaged_file_is_named_with_the_remedy(store, damaged):
    store.write(CURRENT, damaged)
    with pytest.raises(
        ReleaseMissing, match=r"release.json holds no release .*restore"
    ):
        read_release(store)
    with pytest.raises(ReleaseMissing):  # nobody's release is overwritten unseen
        publish(store, FIRST)
    assert store.read(CURRENT) == damaged


def as_written_before(store, key, release):
    """Write a release as the first schema did: strictly its fields, one a file."""
    named = {"schema": "evoke.release/1", "release_id": release.release_id}
    store.write(key, json.dumps(named | asdict(release)).encode())


def test_a_store_of_an_older_version_is_read_and_rolled_back(store):
    as_written_before(store, CURRENT, SECOND)
    as_written_before(store, "release.previous.json", FIRST)
    assert read_release(store) == SECOND
    assert roll_back(store) == FIRST
    assert roll_back(store) == SECOND
    assert [found.key for found in store.listing("")] == [CURRENT]


def test_publishing_into_an_older_store_keeps_what_it_served(store):
    as_written_before(store, CURRENT, SECOND)
    as_written_before(store, "release.previous.json", FIRST)
    publish(store, THIRD)
    assert read_previous_release(store) == SECOND


def test_an_older_publish_that_was_cut_off_has_lost_its_previous_release(store):
    as_written_before(store, CURRENT, FIRST)
    as_written_before(store, "release.previous.json", FIRST)
    with pytest.raises(ReleaseMissing, match="no previous release"):
        roll_back(store)


class CutOff(Exception):
    """The process was killed here."""


class Fragile:
    """A store that is cut off at its n-th operation, before or after it took place."""

    def __init__(self, store, operations, *, after):
        self._store, self._left, self._after = store, operations, after

    def __getattr__(self, name):
        found = getattr(self._store, name)
        return self._counted(found) if callable(found) else found

    def _counted(self, operation):
        def run(*given):
            self._left -= 1
            if self._left == 0 and not self._after:
                raise CutOff
            result = operation(*given)
            if self._left == 0:
                raise CutOff
            return result

        return run


STEPS = st.lists(st.sampled_from(["first", "second", "third", "back"]), max_size=6)


def take(store, step):
    if step == "back":
        return roll_back(store)
    return publish(store, {"first": FIRST, "second": SECOND, "third": THIRD}[step])


def state(store):
    """What is served, and what would be if it were rolled back."""
    try:
        return read_release_or_none(store), read_previous_release(store)
    except ReleaseMissing:
        return read_release_or_none(store), None


@given(
    STEPS,
    st.sampled_from(["first", "second", "third", "back"]),
    st.integers(1, 8),
    st.booleans(),
    st.booleans(),
)
def test_a_switch_that_is_cut_off_anywhere_has_happened_or_not(
    steps, last, operations, after, older
):
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        if older:
            as_written_before(store, CURRENT, SECOND)
            as_written_before(store, "release.previous.json", FIRST)
        for step in steps:
            with suppress(ReleaseMissing):
                take(store, step)
        before = state(store)
        with suppress(CutOff, ReleaseMissing):
            take(Fragile(store, operations, after=after), last)
        reached = state(store)
        with tempfile.TemporaryDirectory() as whole:
            copy = LocalStore(Path(whole))
            as_new(copy, before)
            with suppress(ReleaseMissing):
                take(copy, last)
            assert reached in (before, state(copy))


def as_new(store, served):
    """Put a store into a state by publishing alone."""
    for release in filter(None, reversed(served)):
        publish(store, release)


def test_a_release_made_before_it_said_why_it_serves_is_read_and_keeps_its_id(store):
    publish(store, replace(FIRST, verdict="better than ridge"))
    raw = json.loads(store.read("release.json"))
    assert raw.pop("verdict") == "better than ridge"
    store.write("release.json", json.dumps(raw).encode())
    assert read_release(store).release_id == FIRST.release_id
