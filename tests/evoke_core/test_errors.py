"""The tree of errors is the one that its docstring draws."""

import copy
import pickle
import re

import pytest

from evoke_core import errors
from evoke_core.errors import EvokeError, PictureRefused, Refused, TrackRefused


def test_the_docstring_draws_every_error():
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, EvokeError)
    }

    assert drawn == defined - {"EvokeError", "Refused"}


@pytest.mark.parametrize("kind", [PictureRefused, TrackRefused])
def test_a_refusal_carries_a_word_for_tables_and_a_sentence_for_people(kind):
    refusal = kind("too_small", "60 x 40: find a larger copy.")

    assert isinstance(refusal, Refused)
    assert refusal.reason == "too_small"
    assert str(refusal) == "60 x 40: find a larger copy."


def test_a_refusal_survives_the_way_back_from_a_worker_process():
    refusal = PictureRefused("too_small", "find a larger copy")

    for again in (pickle.loads(pickle.dumps(refusal)), copy.copy(refusal)):
        assert type(again) is PictureRefused
        assert (again.reason, str(again)) == ("too_small", "find a larger copy")
