"""Which projection a studio takes, by the rules and by what was fitted."""

from types import SimpleNamespace

import numpy as np
import pytest

from evoke_core.config.memory import TINY
from evoke_core.memory.projection import untrained_projection, write_projection
from evoke_core.memory.studio import Ears, _projection

TRAINED = TINY.model_copy(update={"projection": "trained"})


def ears(text="text"):
    return Ears(*(SimpleNamespace(fingerprint=name) for name in ("a", "b", text)))


@pytest.fixture
def fitted(store):
    """A projection that a library taught, stored for these ears."""
    library = np.random.default_rng(0).random((4, 4096), dtype=np.float32)
    made = untrained_projection(4096, library=library, seed=7)
    write_projection(store, ears().projection_key, made, {"way": "trained"})
    return made


def test_the_fitted_projection_serves_where_the_rules_ask_for_it(store, fitted):
    assert _projection(store, ears(), TRAINED).origin == fitted.origin
    assert _projection(store, ears(), TINY).origin == "orthogonal, seed 31"


def test_where_none_was_fitted_the_seeded_one_serves(store):
    assert _projection(store, ears(), TRAINED).origin == "orthogonal, seed 31"


def test_a_projection_into_another_text_space_is_not_taken(store, fitted):
    found = _projection(store, ears("another text side"), TRAINED)
    assert found.origin == "orthogonal, seed 31"
