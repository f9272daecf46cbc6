"""The release file: written, read back, replaced, rolled back."""

import json
from dataclasses import replace

import pytest

from evoke_core.errors import ReleaseMissing
from evoke_core.release import (
    CURRENT,
    PREVIOUS,
    SCHEMA,
    Release,
    publish,
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


def test_the_release_before_is_kept(store):
    publish(store, FIRST)
    assert not store.exists(PREVIOUS)
    publish(store, SECOND)
    assert json.loads(store.read(PREVIOUS))["collection"] == "images_1"
    assert read_release_or_none(store) == SECOND


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
