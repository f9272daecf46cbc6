"""Options beside a song: what is read, and what a stranger's file may not do."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.boards.options import PLAIN, BoardOptions, read_options
from evoke_core.errors import TrackRefused
from evoke_core.index.filters import Filters


def read(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return read_options(raw, name="song.json")


def complaint(text):
    with pytest.raises(TrackRefused) as refusal:
        read(text)
    assert refusal.value.reason == "bad_options"
    return str(refusal.value)


def test_an_empty_object_is_a_plain_board():
    assert read("{}") == PLAIN
    assert PLAIN.moved() == {}


def test_sliders_size_and_filters_are_read():
    found = read(
        '{"sliders": {"warmth": 0.5, "energy": -1}, "size": 24, "filters": '
        '{"sources": ["folder"], "licences": ["CC0-1.0"], "moods": ["serene", "epic"]}}'
    )
    filters = Filters(("folder",), ("CC0-1.0",), ("serene", "epic"))
    assert found == BoardOptions({"warmth": 0.5, "energy": -1.0}, 24, filters)


def test_a_mark_before_the_text_is_passed_over():
    assert read(b'\xef\xbb\xbf{"size": 3}').size == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is no JSON"),
        ("size: 24", "it is no JSON"),
        (b"\xff\xfe\x00", "it is no JSON"),
        ('{"a":' * 4000 + "1" + "}" * 4000, "it is no JSON"),
        ('{"size":' + "9" * 5000 + "}", "it is no JSON"),
        (" " * 70_000, "it has 70000 bytes"),
        ("[]", "the file"),
        ("null", "the file"),
        ('{"sliders": {"energy": NaN}}', "sliders.energy"),
        ('{"sliders": {"energy": -Infinity}}', "sliders.energy"),
        ('{"sliders": {"energy": 1e999}}', "sliders.energy"),
        ('{"sliders": {"energy": 1.01}}', "sliders.energy"),
        ('{"sliders": {"energy": "0.5"}}', "sliders.energy"),
        ('{"sliders": {"energy": true}}', "sliders.energy"),
        ('{"sliders": {"energy": null}}', "sliders.energy"),
        ('{"sliders": [0.5]}', "sliders"),
        ('{"size": 0}', "size"),
        ('{"size": 201}', "size"),
        ('{"size": 24.5}', "size"),
        ('{"size": true}', "size"),
        ('{"filters": null}', "filters"),
        ('{"filters": {"moods": "serene"}}', "filters.moods"),
        ('{"filters": {"moods": [""]}}', "filters.moods.0"),
        ('{"filters": {"moods": [1]}}', "filters.moods.0"),
        ('{"filters": {"moods": ["\\ud800"]}}', "filters.moods.0"),
        ('{"filters": {"artists": ["x"]}}', "filters.artists"),
        ('{"colour": 1}', "colour"),
    ],
)
def test_what_can_not_be_used_is_refused_by_its_place(text, said):
    assert said in complaint(text)


def test_an_unknown_slider_is_named_beside_those_there_are():
    said = complaint('{"sliders": {"loudness": 0.5}}')
    assert "'loudness'" in said
    assert "energy, warmth, complexity, abstraction" in said


@pytest.mark.parametrize(
    "text", ['{"a\\nb\\u001b[31m": 1}', '{"sliders": {"a\\nb\\u001b[31m": 1}}']
)
def test_a_strange_name_is_shown_escaped(text):
    assert complaint(text).isprintable()


def test_a_complaint_stays_short():
    assert len(complaint(json.dumps({"x" * 60_000: 1}))) < 600


def test_endless_lists_are_refused():
    assert "sources" in complaint(json.dumps({"filters": {"sources": ["a"] * 101}}))


def test_options_that_ask_for_the_same_have_one_digest():
    one = BoardOptions({"energy": 0.0, "warmth": 0.5}, None, Filters(("b", "a", "b")))
    same = BoardOptions({"warmth": 0.5, "abstraction": -0.0}, None, Filters(("a", "b")))
    assert one.digest() == same.digest()
    assert one.moved() == same.moved() == {"warmth": 0.5}


@pytest.mark.parametrize(
    "other",
    [
        BoardOptions({"warmth": -0.5}),
        BoardOptions({"energy": 0.5}),
        BoardOptions({"warmth": 0.5}, 24),
        BoardOptions({"warmth": 0.5}, None, Filters(sources=("a",))),
        BoardOptions({"warmth": 0.5}, None, Filters(moods=("a",))),
    ],
)
def test_options_that_ask_for_something_else_have_another(other):
    assert other.digest() != BoardOptions({"warmth": 0.5}).digest()


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "sliders": _JSON | st.dictionaries(st.sampled_from(["energy", "x"]), _JSON),
        "size": _JSON,
        "filters": _JSON | st.dictionaries(st.sampled_from(["moods", "y"]), _JSON),
    },
)


@settings(max_examples=200, deadline=None)
@given(_JSON | _NEARLY)
def test_any_json_is_read_or_refused_and_what_is_read_is_in_bounds(value):
    try:
        found = read(json.dumps(value))
    except TrackRefused:
        return
    assert all(-1 <= position <= 1 for position in found.setting.values())
    assert found.size is None or 1 <= found.size <= 200
    json.dumps(found.filters.sources + found.filters.moods).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    with suppress(TrackRefused):
        read(raw)
