from types import SimpleNamespace

import numpy as np
import pytest

from evoke_core.memory.audio_vector import AudioVector
from evoke_core.memory.audio_vector_cache import (
    recall_vector,
    remember_vector,
    vector_key,
)

SHA256 = "ab" * 32


def model(fingerprint):
    return SimpleNamespace(fingerprint=fingerprint, licence="MIT")


@pytest.fixture
def heard():
    rng = np.random.default_rng(0)
    return AudioVector(
        vector=rng.normal(0, 1, 4096).astype(np.float32),
        windows=7,
        levels_db=(-20.0, -30.5, -120.0, -9.0),
        snr_db=23.5,
        duration_s=61.25,
    )


def test_what_was_heard_comes_back_whole(store, heard):
    separator, encoder = model("demucs/a"), model("openl3/b")
    assert recall_vector(store, separator, encoder, SHA256) is None
    remember_vector(store, separator, encoder, SHA256, heard)
    found = recall_vector(store, separator, encoder, SHA256)
    np.testing.assert_array_equal(found.vector, heard.vector)
    assert found.levels_db == heard.levels_db
    assert (found.windows, found.snr_db, found.duration_s) == (7, 23.5, 61.25)


def test_other_models_look_elsewhere(store, heard):
    remember_vector(store, model("demucs/a"), model("openl3/b"), SHA256, heard)
    assert recall_vector(store, model("demucs/c"), model("openl3/b"), SHA256) is None
    assert recall_vector(store, model("demucs/a"), model("openl3/c"), SHA256) is None


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-9], lambda raw: b"{}", lambda _: b""]
)
def test_what_is_damaged_was_never_heard(store, heard, damage):
    separator, encoder = model("demucs/a"), model("openl3/b")
    remember_vector(store, separator, encoder, SHA256, heard)
    key = vector_key(separator, encoder, SHA256)
    store.write(key, damage(store.read(key)))
    assert recall_vector(store, separator, encoder, SHA256) is None


def test_vectors_lie_in_the_private_part_of_the_store(store, heard):
    separator, encoder = model("demucs/a"), model("openl3/b")
    remember_vector(store, separator, encoder, SHA256, heard)
    assert all(each.key.startswith("private/") for each in store.listing(""))
